// tests/unit/sync/order/again_test.cpp - one lock twice, and two locks of one class, over every
// type.
#include "tests/unit/sync/order/script.hpp"

TEST_CASE_SCRIPT("AA of spin", "A:spin", "A A", "reacquisition A/A")
TEST_CASE_SCRIPT("AA of spin with another between", "*:spin", "A B A", "reacquisition A/A")
TEST_CASE_SCRIPT("AA of spin by a deadline", "A:spin", "A A!", "reacquisition A/A")
TEST_CASE_SCRIPT("AA of spin: a try that does not wait", "A:spin", "A A?", "")
TEST_CASE_SCRIPT("spin taken, given back, taken", "A:spin", "A -A A -A", "")
TEST_CASE_SCRIPT("two spin of one class", "A:spin", "A A2", "same_class A/A")
TEST_CASE_SCRIPT("two spin of one class, one after the other", "A:spin", "A -A A2 -A2", "")
TEST_CASE_SCRIPT("two spin of one class by a pair guard", "A:spin", "A A2& -A2 -A", "")
TEST_CASE_SCRIPT("two spin of one class by a pair guard, higher address first", "A:spin",
                 "A2 A& -A -A2", "address_order A/A")
TEST_CASE_SCRIPT("two spin of one class, the second tried", "A:spin", "A2 A? -A -A2", "")
TEST_CASE_SCRIPT("two spin of one class by two threads", "A:spin", "1: A 2: A2", "")
TEST_CASE_SCRIPT("AA of rw", "A:rw", "A A", "reacquisition A/A")
TEST_CASE_SCRIPT("AA of rw with another between", "*:rw", "A B A", "reacquisition A/A")
TEST_CASE_SCRIPT("AA of rw by a deadline", "A:rw", "A A!", "reacquisition A/A")
TEST_CASE_SCRIPT("AA of rw: a try that does not wait", "A:rw", "A A?", "")
TEST_CASE_SCRIPT("rw taken, given back, taken", "A:rw", "A -A A -A", "")
TEST_CASE_SCRIPT("two rw of one class", "A:rw", "A A2", "same_class A/A")
TEST_CASE_SCRIPT("two rw of one class, one after the other", "A:rw", "A -A A2 -A2", "")
TEST_CASE_SCRIPT("two rw of one class by a pair guard", "A:rw", "A A2& -A2 -A", "")
TEST_CASE_SCRIPT("two rw of one class by a pair guard, higher address first", "A:rw",
                 "A2 A& -A -A2", "address_order A/A")
TEST_CASE_SCRIPT("two rw of one class, the second tried", "A:rw", "A2 A? -A -A2", "")
TEST_CASE_SCRIPT("two rw of one class by two threads", "A:rw", "1: A 2: A2", "")
TEST_CASE_SCRIPT("AA of mutex", "A:mutex", "A A", "reacquisition A/A")
TEST_CASE_SCRIPT("AA of mutex with another between", "*:mutex", "A B A", "reacquisition A/A")
TEST_CASE_SCRIPT("AA of mutex by a deadline", "A:mutex", "A A!", "reacquisition A/A")
TEST_CASE_SCRIPT("AA of mutex: a try that does not wait", "A:mutex", "A A?", "")
TEST_CASE_SCRIPT("mutex taken, given back, taken", "A:mutex", "A -A A -A", "")
TEST_CASE_SCRIPT("two mutex of one class", "A:mutex", "A A2", "same_class A/A")
TEST_CASE_SCRIPT("two mutex of one class, one after the other", "A:mutex", "A -A A2 -A2", "")
TEST_CASE_SCRIPT("two mutex of one class by a pair guard", "A:mutex", "A A2& -A2 -A", "")
TEST_CASE_SCRIPT("two mutex of one class by a pair guard, higher address first", "A:mutex",
                 "A2 A& -A -A2", "address_order A/A")
TEST_CASE_SCRIPT("two mutex of one class, the second tried", "A:mutex", "A2 A? -A -A2", "")
TEST_CASE_SCRIPT("two mutex of one class by two threads", "A:mutex", "1: A 2: A2", "")
TEST_CASE_SCRIPT("AA of sleep", "A:sleep", "A A", "reacquisition A/A")
TEST_CASE_SCRIPT("AA of sleep with another between", "*:sleep", "A B A", "reacquisition A/A")
TEST_CASE_SCRIPT("AA of sleep by a deadline", "A:sleep", "A A!", "reacquisition A/A")
TEST_CASE_SCRIPT("AA of sleep: a try that does not wait", "A:sleep", "A A?", "")
TEST_CASE_SCRIPT("sleep taken, given back, taken", "A:sleep", "A -A A -A", "")
TEST_CASE_SCRIPT("two sleep of one class", "A:sleep", "A A2", "same_class A/A")
TEST_CASE_SCRIPT("two sleep of one class, one after the other", "A:sleep", "A -A A2 -A2", "")
TEST_CASE_SCRIPT("two sleep of one class by a pair guard", "A:sleep", "A A2& -A2 -A", "")
TEST_CASE_SCRIPT("two sleep of one class by a pair guard, higher address first", "A:sleep",
                 "A2 A& -A -A2", "address_order A/A")
TEST_CASE_SCRIPT("two sleep of one class, the second tried", "A:sleep", "A2 A? -A -A2", "")
TEST_CASE_SCRIPT("two sleep of one class by two threads", "A:sleep", "1: A 2: A2", "")
TEST_CASE_SCRIPT("AA of token", "A:token", "A A", "")
TEST_CASE_SCRIPT("AA of token with another between", "*:token", "A B A", "")
TEST_CASE_SCRIPT("AA of token by a deadline", "A:token", "A A!", "")
TEST_CASE_SCRIPT("AA of token: a try that does not wait", "A:token", "A A?", "")
TEST_CASE_SCRIPT("token taken, given back, taken", "A:token", "A -A A -A", "")
TEST_CASE_SCRIPT("two token of one class", "A:token", "A A2", "same_class A/A")
TEST_CASE_SCRIPT("two token of one class, one after the other", "A:token", "A -A A2 -A2", "")
TEST_CASE_SCRIPT("two token of one class by a pair guard", "A:token", "A A2& -A2 -A", "")
TEST_CASE_SCRIPT("two token of one class by a pair guard, higher address first", "A:token",
                 "A2 A& -A -A2", "address_order A/A")
TEST_CASE_SCRIPT("two token of one class, the second tried", "A:token", "A2 A? -A -A2", "")
TEST_CASE_SCRIPT("two token of one class by two threads", "A:token", "1: A 2: A2", "")
TEST_CASE_SCRIPT("AA in mode panic: the lock is not waited for", "panic", "A A",
                 "reacquisition A/A panic")
TEST_CASE_SCRIPT("three of a class by address", "", "A A2& A3& -A3 -A2 -A", "")
TEST_CASE_SCRIPT("three of a class, the last below the second", "", "A A3& A2&",
                 "address_order A/A")
TEST_CASE_SCRIPT("three of a class, the last between the others by a plain lock", "", "A A3& A2",
                 "same_class A/A")
TEST_CASE_SCRIPT("a pair inside of another class", "ranks", "A B B2& -B2 -B -A", "")
TEST_CASE_SCRIPT("a pair does not excuse a reversed rank", "ranks", "C B B2&", "inversion B/C")
TEST_CASE_SCRIPT("a lock inside of a pair is ordered after both", "", "A A2& B -B -A2 -A B A",
                 "cycle A/B A>B")
TEST_CASE_SCRIPT("a lock between the two of a pair is ordered by both", "", "A B A2&",
                 "cycle A/B A>B")
TEST_CASE_SCRIPT("one lock twice by a pair guard", "", "A A&", "reacquisition A/A")
TEST_CASE_SCRIPT(
    "two of a class by different threads, each then takes the other: the class stands for "
    "both",
    "", "1: A A2& 2: A2 A&", "address_order A/A")
