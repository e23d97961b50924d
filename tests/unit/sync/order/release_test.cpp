// tests/unit/sync/order/release_test.cpp - giving back: twice, by strangers, wrongly, out of order,
// not at all.
#include "tests/unit/sync/order/script.hpp"

// Over every type.

TEST_CASE_SCRIPT("double unlock of spin", "A:spin", "A -A -A", "stranger_release A/A")
TEST_CASE_SCRIPT("spin given back that was never taken", "A:spin", "-A", "stranger_release A/A")
TEST_CASE_SCRIPT("spin given back by another thread", "A:spin", "1: A 2: -A",
                 "stranger_release A/A")
TEST_CASE_SCRIPT("spin given back by another thread, then by its holder", "A:spin",
                 "1: A 2: -A 1: -A", "stranger_release A/A")
TEST_CASE_SCRIPT("spin given back out of order", "*:spin", "A B -A -B", "release_order A/B")
TEST_CASE_SCRIPT("spin given back in order", "*:spin", "A B -B -A", "")
TEST_CASE_SCRIPT("spin of another of the class given back", "A:spin", "A -A2",
                 "stranger_release A/A")
TEST_CASE_SCRIPT("spin held at the end", "A:spin", "A end", "held_at_exit -/A")
TEST_CASE_SCRIPT("spin given back before the end", "A:spin", "A -A end", "")
TEST_CASE_SCRIPT("double unlock of rw", "A:rw", "A -A -A", "stranger_release A/A")
TEST_CASE_SCRIPT("rw given back that was never taken", "A:rw", "-A", "stranger_release A/A")
TEST_CASE_SCRIPT("rw given back by another thread", "A:rw", "1: A 2: -A", "stranger_release A/A")
TEST_CASE_SCRIPT("rw given back by another thread, then by its holder", "A:rw", "1: A 2: -A 1: -A",
                 "stranger_release A/A")
TEST_CASE_SCRIPT("rw given back out of order", "*:rw", "A B -A -B", "release_order A/B")
TEST_CASE_SCRIPT("rw given back in order", "*:rw", "A B -B -A", "")
TEST_CASE_SCRIPT("rw of another of the class given back", "A:rw", "A -A2", "stranger_release A/A")
TEST_CASE_SCRIPT("rw held at the end", "A:rw", "A end", "held_at_exit -/A")
TEST_CASE_SCRIPT("rw given back before the end", "A:rw", "A -A end", "")
TEST_CASE_SCRIPT("double unlock of mutex", "A:mutex", "A -A -A", "stranger_release A/A")
TEST_CASE_SCRIPT("mutex given back that was never taken", "A:mutex", "-A", "stranger_release A/A")
TEST_CASE_SCRIPT("mutex given back by another thread", "A:mutex", "1: A 2: -A",
                 "stranger_release A/A")
TEST_CASE_SCRIPT("mutex given back by another thread, then by its holder", "A:mutex",
                 "1: A 2: -A 1: -A", "stranger_release A/A")
TEST_CASE_SCRIPT("mutex given back out of order", "*:mutex", "A B -A -B", "release_order A/B")
TEST_CASE_SCRIPT("mutex given back in order", "*:mutex", "A B -B -A", "")
TEST_CASE_SCRIPT("mutex of another of the class given back", "A:mutex", "A -A2",
                 "stranger_release A/A")
TEST_CASE_SCRIPT("mutex held at the end", "A:mutex", "A end", "held_at_exit -/A")
TEST_CASE_SCRIPT("mutex given back before the end", "A:mutex", "A -A end", "")
TEST_CASE_SCRIPT("double unlock of sleep", "A:sleep", "A -A -A", "stranger_release A/A")
TEST_CASE_SCRIPT("sleep given back that was never taken", "A:sleep", "-A", "stranger_release A/A")
TEST_CASE_SCRIPT("sleep given back by another thread", "A:sleep", "1: A 2: -A",
                 "stranger_release A/A")
TEST_CASE_SCRIPT("sleep given back by another thread, then by its holder", "A:sleep",
                 "1: A 2: -A 1: -A", "stranger_release A/A")
TEST_CASE_SCRIPT("sleep given back out of order", "*:sleep", "A B -A -B", "release_order A/B")
TEST_CASE_SCRIPT("sleep given back in order", "*:sleep", "A B -B -A", "")
TEST_CASE_SCRIPT("sleep of another of the class given back", "A:sleep", "A -A2",
                 "stranger_release A/A")
TEST_CASE_SCRIPT("sleep held at the end", "A:sleep", "A end", "held_at_exit -/A")
TEST_CASE_SCRIPT("sleep given back before the end", "A:sleep", "A -A end", "")
TEST_CASE_SCRIPT("double unlock of token", "A:token", "A -A -A", "stranger_release A/A")
TEST_CASE_SCRIPT("token given back that was never taken", "A:token", "-A", "stranger_release A/A")
TEST_CASE_SCRIPT("token given back by another thread", "A:token", "1: A 2: -A",
                 "stranger_release A/A")
TEST_CASE_SCRIPT("token given back by another thread, then by its holder", "A:token",
                 "1: A 2: -A 1: -A", "stranger_release A/A")
TEST_CASE_SCRIPT("token given back out of order", "*:token", "A B -A -B", "release_order A/B")
TEST_CASE_SCRIPT("token given back in order", "*:token", "A B -B -A", "")
TEST_CASE_SCRIPT("token of another of the class given back", "A:token", "A -A2",
                 "stranger_release A/A")
TEST_CASE_SCRIPT("token held at the end", "A:token", "A end", "held_at_exit -/A")
TEST_CASE_SCRIPT("token given back before the end", "A:token", "A -A end", "")
TEST_CASE_SCRIPT("a writer that gives back as a reader", "A:rw", "A -rA", "stranger_release A/A")
TEST_CASE_SCRIPT("a writer that gives back as a recursive reader", "A:rw", "A -RA",
                 "stranger_release A/A")
TEST_CASE_SCRIPT("a reader that gives back as a writer", "A:rw", "rA -A", "stranger_release A/A")
TEST_CASE_SCRIPT("a reader that gives back as a recursive reader", "A:rw", "rA -RA",
                 "stranger_release A/A")
TEST_CASE_SCRIPT("a recursive reader that gives back as a writer", "A:rw", "RA -A",
                 "stranger_release A/A")
TEST_CASE_SCRIPT("a recursive reader that gives back as a reader", "A:rw", "RA -rA",
                 "stranger_release A/A")
TEST_CASE_SCRIPT("readers of two threads: each gives back its own as reader", "A:rw",
                 "1: rA 2: rA 1: -rA 2: -rA", "")
TEST_CASE_SCRIPT("double unlock as a reader", "A:rw", "rA -rA -rA", "stranger_release A/A")
TEST_CASE_SCRIPT("readers of two threads: each gives back its own as recursive reader", "A:rw",
                 "1: RA 2: RA 1: -RA 2: -RA", "")
TEST_CASE_SCRIPT("double unlock as a recursive reader", "A:rw", "RA -RA -RA",
                 "stranger_release A/A")

// Order of release, deadlines, ends, tokens.

TEST_CASE_SCRIPT("out of order: the oldest of three", "", "A B C -A -C -B", "release_order A/C")
TEST_CASE_SCRIPT("out of order: the middle of three", "", "A B C -B -C -A", "release_order B/C")
TEST_CASE_SCRIPT("out of order: first the oldest, then the next", "", "A B C -A -B -C",
                 "release_order A/C; release_order B/C")
TEST_CASE_SCRIPT("out of order: once for a pair", "", "A B -A -B A B -A -B", "release_order A/B")
TEST_CASE_SCRIPT("out of order: is only warned of in mode panic", "panic", "A B -A -B",
                 "release_order A/B")
TEST_CASE_SCRIPT("out of order: the lock given back is not held any more", "", "A B -A A",
                 "release_order A/B; cycle A/B A>B")
TEST_CASE_SCRIPT("out of order: the lock that stays is held", "ranks", "A B C -B A",
                 "release_order B/C; reacquisition A/A")
TEST_CASE_SCRIPT("out of order: after it the mask is that of what is left", "",
                 "B C -C -B A B -A C -C -B C B", "release_order A/B; cycle B/C B>C")
TEST_CASE_SCRIPT("out of order: two of a class, the outer first", "", "A A2& -A -A2",
                 "release_order A/A")
TEST_CASE_SCRIPT("out of order: two of a class, the inner is still held", "", "A A2& -A A3",
                 "release_order A/A; same_class A/A")
TEST_CASE_SCRIPT("out of order: two of a class, both gone", "", "A A2& -A -A2 A3 -A3",
                 "release_order A/A")
TEST_CASE_SCRIPT("out of order: a tried lock", "", "A B? -A -B", "release_order A/B")
TEST_CASE_SCRIPT("a stranger's release leaves what is held", "ranks", "1: A 2: B 1: -B 2: A",
                 "stranger_release B/B; inversion A/B")
TEST_CASE_SCRIPT("a wrong release as reader takes the lock away, as the raw lock does", "*:rw",
                 "A -rA A -A", "stranger_release A/A")
TEST_CASE_SCRIPT("a lock whose deadline passed is not held", "", "A B! A2? -A2 -A B A",
                 "cycle A/B A>B")
TEST_CASE_SCRIPT("a lock whose deadline passed may be wanted again", "", "A! A -A", "")
TEST_CASE_SCRIPT("a lock whose deadline passed is given back", "", "A! -A", "stranger_release A/A")
TEST_CASE_SCRIPT("nothing held at the end", "", "end", "")
TEST_CASE_SCRIPT("held at the end by another thread", "", "1: A 2: end", "")
TEST_CASE_SCRIPT("held at the end: the innermost is named", "", "A B end", "held_at_exit -/B")
TEST_CASE_SCRIPT("held at the end: once for a class", "", "A end end -A A end", "held_at_exit -/A")
TEST_CASE_SCRIPT("held at the end in mode panic", "panic", "A end", "held_at_exit -/A panic")
TEST_CASE_SCRIPT("held at the end in mode off", "off", "A end", "")
TEST_CASE_SCRIPT("a token taken three times is given back three times", "A:token",
                 "A A A -A -A -A end", "")
TEST_CASE_SCRIPT("a token given back once more than taken", "A:token", "A A -A -A -A",
                 "stranger_release A/A")
TEST_CASE_SCRIPT("a token given back once too few", "A:token", "A A -A end", "held_at_exit -/A")
TEST_CASE_SCRIPT("a token again inside of another lock needs no order", "A:token B:mutex",
                 "A B A -A -B -A", "")
TEST_CASE_SCRIPT("a token again is no order for later", "A:token B:token",
                 "A B A -A -B -A A B -B -A", "")
TEST_CASE_SCRIPT("a token again, its inner hold given back first", "A:token B:mutex",
                 "A B A -A -B -A end", "")
TEST_CASE_SCRIPT("a token again is no order, yet its first hold is", "A:token B:token",
                 "A B A -A -B -A B A", "cycle A/B A>B")
TEST_CASE_SCRIPT("a token given back under another lock", "A:token B:mutex", "A B -A -B",
                 "release_order A/B")
TEST_CASE_SCRIPT("a token again after blocking", "A:token", "A block A -A -A", "")
TEST_CASE_SCRIPT("a token again in mode panic", "panic A:token", "A A -A -A", "")
TEST_CASE_SCRIPT("a token again with a spinlock held: it does not wait", "A:token S:spin",
                 "A S A -A -S -A", "")
TEST_CASE_SCRIPT("a token of another thread with a spinlock held", "A:token S:spin", "1: A 2: S A",
                 "wait_kind A/S")
