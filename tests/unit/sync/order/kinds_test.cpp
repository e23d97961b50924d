// tests/unit/sync/order/kinds_test.cpp - what may be wanted and what may be done while what is
// held.
#include "tests/unit/sync/order/script.hpp"

// Every type inside of every type.

TEST_CASE_SCRIPT("wait kinds: spin inside of spin", "A:spin B:spin", "A B -B -A", "")
TEST_CASE_SCRIPT("wait kinds: rw inside of spin", "A:spin B:rw", "A B -B -A", "")
TEST_CASE_SCRIPT("wait kinds: mutex inside of spin", "A:spin B:mutex", "A B -B -A", "wait_kind B/A")
TEST_CASE_SCRIPT("wait kinds: sleep inside of spin", "A:spin B:sleep", "A B -B -A", "wait_kind B/A")
TEST_CASE_SCRIPT("wait kinds: token inside of spin", "A:spin B:token", "A B -B -A", "wait_kind B/A")
TEST_CASE_SCRIPT("wait kinds: spin inside of rw", "A:rw B:spin", "A B -B -A", "")
TEST_CASE_SCRIPT("wait kinds: rw inside of rw", "A:rw B:rw", "A B -B -A", "")
TEST_CASE_SCRIPT("wait kinds: mutex inside of rw", "A:rw B:mutex", "A B -B -A", "wait_kind B/A")
TEST_CASE_SCRIPT("wait kinds: sleep inside of rw", "A:rw B:sleep", "A B -B -A", "wait_kind B/A")
TEST_CASE_SCRIPT("wait kinds: token inside of rw", "A:rw B:token", "A B -B -A", "wait_kind B/A")
TEST_CASE_SCRIPT("wait kinds: spin inside of mutex", "A:mutex B:spin", "A B -B -A", "")
TEST_CASE_SCRIPT("wait kinds: rw inside of mutex", "A:mutex B:rw", "A B -B -A", "")
TEST_CASE_SCRIPT("wait kinds: mutex inside of mutex", "A:mutex B:mutex", "A B -B -A", "")
TEST_CASE_SCRIPT("wait kinds: sleep inside of mutex", "A:mutex B:sleep", "A B -B -A", "")
TEST_CASE_SCRIPT("wait kinds: token inside of mutex", "A:mutex B:token", "A B -B -A", "")
TEST_CASE_SCRIPT("wait kinds: spin inside of sleep", "A:sleep B:spin", "A B -B -A", "")
TEST_CASE_SCRIPT("wait kinds: rw inside of sleep", "A:sleep B:rw", "A B -B -A", "")
TEST_CASE_SCRIPT("wait kinds: mutex inside of sleep", "A:sleep B:mutex", "A B -B -A", "")
TEST_CASE_SCRIPT("wait kinds: sleep inside of sleep", "A:sleep B:sleep", "A B -B -A", "")
TEST_CASE_SCRIPT("wait kinds: token inside of sleep", "A:sleep B:token", "A B -B -A", "")
TEST_CASE_SCRIPT("wait kinds: spin inside of token", "A:token B:spin", "A B -B -A", "")
TEST_CASE_SCRIPT("wait kinds: rw inside of token", "A:token B:rw", "A B -B -A", "")
TEST_CASE_SCRIPT("wait kinds: mutex inside of token", "A:token B:mutex", "A B -B -A", "")
TEST_CASE_SCRIPT("wait kinds: sleep inside of token", "A:token B:sleep", "A B -B -A", "")
TEST_CASE_SCRIPT("wait kinds: token inside of token", "A:token B:token", "A B -B -A", "")
TEST_CASE_SCRIPT("wait kinds: mutex tried inside of spin", "A:spin B:mutex", "A B? -B -A", "")
TEST_CASE_SCRIPT("wait kinds: sleep tried inside of spin", "A:spin B:sleep", "A B? -B -A", "")
TEST_CASE_SCRIPT("wait kinds: token tried inside of spin", "A:spin B:token", "A B? -B -A", "")
TEST_CASE_SCRIPT("wait kinds: mutex tried inside of rw", "A:rw B:mutex", "A B? -B -A", "")
TEST_CASE_SCRIPT("wait kinds: sleep tried inside of rw", "A:rw B:sleep", "A B? -B -A", "")
TEST_CASE_SCRIPT("wait kinds: token tried inside of rw", "A:rw B:token", "A B? -B -A", "")
TEST_CASE_SCRIPT("wait kinds: blocking with a spin held", "A:spin", "A block -A", "blocking -/A")
TEST_CASE_SCRIPT("wait kinds: blocking after a spin was given back", "A:spin", "A -A block", "")
TEST_CASE_SCRIPT("wait kinds: blocking with a rw held", "A:rw", "A block -A", "blocking -/A")
TEST_CASE_SCRIPT("wait kinds: blocking after a rw was given back", "A:rw", "A -A block", "")
TEST_CASE_SCRIPT("wait kinds: blocking with a mutex held", "A:mutex", "A block -A", "")
TEST_CASE_SCRIPT("wait kinds: blocking after a mutex was given back", "A:mutex", "A -A block", "")
TEST_CASE_SCRIPT("wait kinds: blocking with a sleep held", "A:sleep", "A block -A", "")
TEST_CASE_SCRIPT("wait kinds: blocking after a sleep was given back", "A:sleep", "A -A block", "")
TEST_CASE_SCRIPT("wait kinds: blocking with a token held", "A:token", "A block -A", "")
TEST_CASE_SCRIPT("wait kinds: blocking after a token was given back", "A:token", "A -A block", "")
TEST_CASE_SCRIPT("wait kinds: blocking as a reader", "A:rw", "rA block -rA", "blocking -/A")
TEST_CASE_SCRIPT("wait kinds: blocking as a recursive reader", "A:rw", "RA block -RA",
                 "blocking -/A")
TEST_CASE_SCRIPT("wait kinds: a mutex between two spinlocks", "A:spin B:mutex C:spin", "A B C",
                 "wait_kind B/A")
TEST_CASE_SCRIPT("wait kinds: a spinlock below a mutex stands against a second mutex",
                 "A:mutex B:spin C:mutex", "A B C", "wait_kind C/B")
TEST_CASE_SCRIPT("wait kinds: reported along with the circle", "M:mutex S:spin", "M S -S -M S M",
                 "wait_kind M/S; cycle M/S M>S")
TEST_CASE_SCRIPT("wait kinds: a pair that may not be is no order", "M:mutex S:spin",
                 "S M -M -S M S", "wait_kind M/S")
TEST_CASE_SCRIPT("wait kinds: blocking with two spinlocks names the innermost", "", "A B block",
                 "blocking -/B")
TEST_CASE_SCRIPT("wait kinds: blocking with a mutex inside of a spinlock names the spinlock",
                 "A:spin B:mutex", "A B? block", "blocking -/A")
TEST_CASE_SCRIPT("wait kinds: once for a pair", "A:spin B:mutex", "A B -B B -B -A", "wait_kind B/A")
TEST_CASE_SCRIPT("wait kinds: in mode panic", "panic A:spin B:mutex", "A B", "wait_kind B/A panic")
TEST_CASE_SCRIPT("wait kinds: blocking once for a class", "", "A block block -A A block",
                 "blocking -/A")
TEST_CASE_SCRIPT("wait kinds: blocking in mode off", "off", "block", "")
