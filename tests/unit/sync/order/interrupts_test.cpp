// tests/unit/sync/order/interrupts_test.cpp - locks of interrupt handlers, and code that can be
// interrupted.
#include "tests/unit/sync/order/script.hpp"

// One class, by every kind of reader and writer.

TEST_CASE_SCRIPT(
    "interrupts: writer in a handler, writer with interrupts enabled, seen first the "
    "handler",
    "*:rw", "( A -A ) sti A -A cli", "interrupt A/A A~A")
TEST_CASE_SCRIPT(
    "interrupts: writer in a handler, reader with interrupts enabled, seen first the "
    "handler",
    "*:rw", "( A -A ) sti rA -rA cli", "interrupt A/A A~A")
TEST_CASE_SCRIPT(
    "interrupts: writer in a handler, recursive reader with interrupts enabled, seen first "
    "the handler",
    "*:rw", "( A -A ) sti RA -RA cli", "interrupt A/A A~A")
TEST_CASE_SCRIPT(
    "interrupts: reader in a handler, writer with interrupts enabled, seen first the "
    "handler",
    "*:rw", "( rA -rA ) sti A -A cli", "interrupt A/A A~A")
TEST_CASE_SCRIPT(
    "interrupts: reader in a handler, reader with interrupts enabled, seen first the "
    "handler",
    "*:rw", "( rA -rA ) sti rA -rA cli", "interrupt A/A A~A")
TEST_CASE_SCRIPT(
    "interrupts: reader in a handler, recursive reader with interrupts enabled, seen first "
    "the handler",
    "*:rw", "( rA -rA ) sti RA -RA cli", "interrupt A/A A~A")
TEST_CASE_SCRIPT(
    "interrupts: recursive reader in a handler, writer with interrupts enabled, seen first "
    "the handler",
    "*:rw", "( RA -RA ) sti A -A cli", "interrupt A/A A~A")
TEST_CASE_SCRIPT(
    "interrupts: recursive reader in a handler, reader with interrupts enabled, seen first "
    "the handler",
    "*:rw", "( RA -RA ) sti rA -rA cli", "")
TEST_CASE_SCRIPT(
    "interrupts: recursive reader in a handler, recursive reader with interrupts enabled, "
    "seen first the handler",
    "*:rw", "( RA -RA ) sti RA -RA cli", "")
TEST_CASE_SCRIPT(
    "interrupts: writer in a handler, writer with interrupts enabled, seen first the other", "*:rw",
    "sti A -A cli ( A -A )", "interrupt A/A A~A")
TEST_CASE_SCRIPT(
    "interrupts: writer in a handler, reader with interrupts enabled, seen first the other", "*:rw",
    "sti rA -rA cli ( A -A )", "interrupt A/A A~A")
TEST_CASE_SCRIPT(
    "interrupts: writer in a handler, recursive reader with interrupts enabled, seen first "
    "the other",
    "*:rw", "sti RA -RA cli ( A -A )", "interrupt A/A A~A")
TEST_CASE_SCRIPT(
    "interrupts: reader in a handler, writer with interrupts enabled, seen first the other", "*:rw",
    "sti A -A cli ( rA -rA )", "interrupt A/A A~A")
TEST_CASE_SCRIPT(
    "interrupts: reader in a handler, reader with interrupts enabled, seen first the other", "*:rw",
    "sti rA -rA cli ( rA -rA )", "interrupt A/A A~A")
TEST_CASE_SCRIPT(
    "interrupts: reader in a handler, recursive reader with interrupts enabled, seen first "
    "the other",
    "*:rw", "sti RA -RA cli ( rA -rA )", "interrupt A/A A~A")
TEST_CASE_SCRIPT(
    "interrupts: recursive reader in a handler, writer with interrupts enabled, seen first "
    "the other",
    "*:rw", "sti A -A cli ( RA -RA )", "interrupt A/A A~A")
TEST_CASE_SCRIPT(
    "interrupts: recursive reader in a handler, reader with interrupts enabled, seen first "
    "the other",
    "*:rw", "sti rA -rA cli ( RA -RA )", "")
TEST_CASE_SCRIPT(
    "interrupts: recursive reader in a handler, recursive reader with interrupts enabled, "
    "seen first the other",
    "*:rw", "sti RA -RA cli ( RA -RA )", "")
TEST_CASE_SCRIPT("interrupts: writer in a handler, held elsewhere with interrupts masked", "*:rw",
                 "( A -A ) A -A rA -rA", "")
TEST_CASE_SCRIPT("interrupts: reader in a handler, held elsewhere with interrupts masked", "*:rw",
                 "( rA -rA ) A -A rA -rA", "")
TEST_CASE_SCRIPT("interrupts: recursive reader in a handler, held elsewhere with interrupts masked",
                 "*:rw", "( RA -RA ) A -A rA -rA", "")

// What may happen in a handler, and what its end leaves.

TEST_CASE_SCRIPT("interrupts: a try in a handler does not wait", "", "( A? -A ) sti A -A", "")
TEST_CASE_SCRIPT("interrupts: a tried lock is held with interrupts enabled all the same", "",
                 "( A -A ) sti A? -A", "interrupt A/A A~A")
TEST_CASE_SCRIPT("interrupts: enabling them with a lock held counts as holding it so", "",
                 "( A -A ) A enable sti -A", "interrupt A/A A~A")
TEST_CASE_SCRIPT("interrupts: enabling them after the lock was given back does not", "",
                 "( A -A ) A -A enable", "")
TEST_CASE_SCRIPT("interrupts: what the interrupted code holds does not order the handler's locks",
                 "ranks", "H ( A B -B -A ) -H", "")
TEST_CASE_SCRIPT("interrupts: inside of a handler order is checked", "ranks", "( B A )",
                 "inversion A/B; held_at_exit -/A")
TEST_CASE_SCRIPT("interrupts: after a handler the held locks are as before it", "ranks",
                 "B ( H -H ) A", "inversion A/B")
TEST_CASE_SCRIPT("interrupts: a handler within a handler", "ranks", "C ( B ( A -A ) A",
                 "inversion A/B")
TEST_CASE_SCRIPT("interrupts: a lock of the inner handler is unknown to the outer", "ranks",
                 "( B ( A -A ) C -C -B )", "")
TEST_CASE_SCRIPT("interrupts: a handler that keeps a lock", "", "( A )", "held_at_exit -/A")
TEST_CASE_SCRIPT("interrupts: a handler that keeps a lock says nothing of the interrupted code's",
                 "", "A ( ) -A", "")
TEST_CASE_SCRIPT("interrupts: a handler gives back what the interrupted code holds", "",
                 "A ( -A ) -A", "stranger_release A/A")
TEST_CASE_SCRIPT("interrupts: a mutex in a handler", "A:mutex", "( A -A )", "wait_kind A/-")
TEST_CASE_SCRIPT("interrupts: a token in a handler", "A:token", "( A -A )", "wait_kind A/-")
TEST_CASE_SCRIPT("interrupts: a mutex tried in a handler", "A:mutex", "( A? -A )", "")
TEST_CASE_SCRIPT("interrupts: a mutex in a handler is wrong each time, with a spinlock and without",
                 "A:mutex", "( S A -A -S ) ( A -A )", "wait_kind A/S; wait_kind A/-")
TEST_CASE_SCRIPT("interrupts: blocking in a handler", "", "( block )", "blocking -/-")
TEST_CASE_SCRIPT("interrupts: blocking after a handler", "", "( ) block", "")
TEST_CASE_SCRIPT("interrupts: three unsafe locks under one safe, each reported", "",
                 "( S -S ) S U -U V -V -S sti U -U V -V",
                 "interrupt S/U U~S>U; interrupt S/V V~S>V")
TEST_CASE_SCRIPT("interrupts: one edge that closes two circles, both reported", "",
                 "( S -S ) sti U -U V -V cli U V -V -U S U",
                 "interrupt S/U U~S>U; interrupt S/V V~S>U>V")
TEST_CASE_SCRIPT("interrupts: what a handler kept is forgotten at its end", "ranks", "( B ) A",
                 "held_at_exit -/B")
TEST_CASE_SCRIPT("interrupts: once for a pair", "", "( A -A ) sti A -A A -A cli ( A -A )",
                 "interrupt A/A A~A")
TEST_CASE_SCRIPT("interrupts: in mode panic the lock is not taken", "panic", "( A -A ) sti A",
                 "interrupt A/A A~A panic")
