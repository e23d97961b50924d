// tests/unit/sync/order/readers_test.cpp - readers, recursive readers and writers, against each
// other.
#include "tests/unit/sync/order/script.hpp"

// Taking a lock again: only a recursive reader may, and only inside of a reader.

TEST_CASE_SCRIPT("one rw lock: a writer inside of a writer", "*:rw", "A A -A -A",
                 "reacquisition A/A")
TEST_CASE_SCRIPT("one rw lock: a reader inside of a writer", "*:rw", "A rA -rA -A",
                 "reacquisition A/A")
TEST_CASE_SCRIPT("one rw lock: a recursive reader inside of a writer", "*:rw", "A RA -RA -A",
                 "reacquisition A/A")
TEST_CASE_SCRIPT("one rw lock: a writer inside of a reader", "*:rw", "rA A -A -rA",
                 "reacquisition A/A")
TEST_CASE_SCRIPT("one rw lock: a reader inside of a reader", "*:rw", "rA rA -rA -rA",
                 "reacquisition A/A")
TEST_CASE_SCRIPT("one rw lock: a recursive reader inside of a reader", "*:rw", "rA RA -RA -rA", "")
TEST_CASE_SCRIPT("one rw lock: a writer inside of a recursive reader", "*:rw", "RA A -A -RA",
                 "reacquisition A/A")
TEST_CASE_SCRIPT("one rw lock: a reader inside of a recursive reader", "*:rw", "RA rA -rA -RA",
                 "reacquisition A/A")
TEST_CASE_SCRIPT("one rw lock: a recursive reader inside of a recursive reader", "*:rw",
                 "RA RA -RA -RA", "")
TEST_CASE_SCRIPT("one rw lock: a writer inside of a writer, with another lock between", "*:rw",
                 "A B A -A -B -A", "reacquisition A/A")
TEST_CASE_SCRIPT("one rw lock: a reader inside of a writer, with another lock between", "*:rw",
                 "A B rA -rA -B -A", "reacquisition A/A")
TEST_CASE_SCRIPT("one rw lock: a recursive reader inside of a writer, with another lock between",
                 "*:rw", "A B RA -RA -B -A", "reacquisition A/A")
TEST_CASE_SCRIPT("one rw lock: a writer inside of a reader, with another lock between", "*:rw",
                 "rA B A -A -B -rA", "reacquisition A/A")
TEST_CASE_SCRIPT("one rw lock: a reader inside of a reader, with another lock between", "*:rw",
                 "rA B rA -rA -B -rA", "reacquisition A/A")
TEST_CASE_SCRIPT("one rw lock: a recursive reader inside of a reader, with another lock between",
                 "*:rw", "rA B RA -RA -B -rA", "")
TEST_CASE_SCRIPT("one rw lock: a writer inside of a recursive reader, with another lock between",
                 "*:rw", "RA B A -A -B -RA", "reacquisition A/A")
TEST_CASE_SCRIPT("one rw lock: a reader inside of a recursive reader, with another lock between",
                 "*:rw", "RA B rA -rA -B -RA", "reacquisition A/A")
TEST_CASE_SCRIPT(
    "one rw lock: a recursive reader inside of a recursive reader, with another lock "
    "between",
    "*:rw", "RA B RA -RA -B -RA", "")
TEST_CASE_SCRIPT("two rw locks of a class: a writer inside of a writer", "*:rw", "A A2 -A2 -A",
                 "same_class A/A")
TEST_CASE_SCRIPT("two rw locks of a class: a reader inside of a writer", "*:rw", "A rA2 -rA2 -A",
                 "same_class A/A")
TEST_CASE_SCRIPT("two rw locks of a class: a recursive reader inside of a writer", "*:rw",
                 "A RA2 -RA2 -A", "same_class A/A")
TEST_CASE_SCRIPT("two rw locks of a class: a writer inside of a reader", "*:rw", "rA A2 -A2 -rA",
                 "same_class A/A")
TEST_CASE_SCRIPT("two rw locks of a class: a reader inside of a reader", "*:rw", "rA rA2 -rA2 -rA",
                 "same_class A/A")
TEST_CASE_SCRIPT("two rw locks of a class: a recursive reader inside of a reader", "*:rw",
                 "rA RA2 -RA2 -rA", "")
TEST_CASE_SCRIPT("two rw locks of a class: a writer inside of a recursive reader", "*:rw",
                 "RA A2 -A2 -RA", "same_class A/A")
TEST_CASE_SCRIPT("two rw locks of a class: a reader inside of a recursive reader", "*:rw",
                 "RA rA2 -rA2 -RA", "same_class A/A")
TEST_CASE_SCRIPT("two rw locks of a class: a recursive reader inside of a recursive reader", "*:rw",
                 "RA RA2 -RA2 -RA", "")
TEST_CASE_SCRIPT("two rw locks of a class by a pair guard: writer and writer", "*:rw",
                 "A A2& -A2 -A", "")
TEST_CASE_SCRIPT("two rw locks of a class by a pair guard: writer and reader", "*:rw",
                 "A rA2& -rA2 -A", "")
TEST_CASE_SCRIPT("two rw locks of a class by a pair guard: writer and recursive reader", "*:rw",
                 "A RA2& -RA2 -A", "")
TEST_CASE_SCRIPT("two rw locks of a class by a pair guard: reader and writer", "*:rw",
                 "rA A2& -A2 -rA", "")
TEST_CASE_SCRIPT("two rw locks of a class by a pair guard: reader and reader", "*:rw",
                 "rA rA2& -rA2 -rA", "")
TEST_CASE_SCRIPT("two rw locks of a class by a pair guard: reader and recursive reader", "*:rw",
                 "rA RA2& -RA2 -rA", "")
TEST_CASE_SCRIPT("two rw locks of a class by a pair guard: recursive reader and writer", "*:rw",
                 "RA A2& -A2 -RA", "")
TEST_CASE_SCRIPT("two rw locks of a class by a pair guard: recursive reader and reader", "*:rw",
                 "RA rA2& -rA2 -RA", "")
TEST_CASE_SCRIPT("two rw locks of a class by a pair guard: recursive reader and recursive reader",
                 "*:rw", "RA RA2& -RA2 -RA", "")
TEST_CASE_SCRIPT("one rw lock: a reader twice by a try", "*:rw", "rA rA? -rA -rA", "")
TEST_CASE_SCRIPT("one rw lock: a recursive reader twice by a try", "*:rw", "RA RA? -RA -RA", "")

// Chains are those that block.

TEST_CASE_SCRIPT(
    "a chain by a recursive reader and a reader is not shown, a longer one that blocks is", "*:rw",
    "A RB -RB -A RB D -D -RB A C -C -A C E -E -C E D -D -E D A", "cycle A/D A>C>E>D")
TEST_CASE_SCRIPT("a chain by a recursive reader and a writer is shown", "*:rw",
                 "A RB -RB -A B D -D -B A C -C -A C E -E -C E D -D -E D A", "cycle A/D A>B>D")

// Circles of three, named by how each lock is taken. A circle that passes through a lock by a
// recursive reader on the way in and any reader on the way out cannot block.

TEST_CASE_SCRIPT(
    "a circle of three: writer A recursive reader B then writer B recursive reader C then "
    "writer C recursive reader A",
    "*:rw", "A RB -RB -A B RC -RC -B C RA -RA -C", "cycle A/C A>B>C")
TEST_CASE_SCRIPT(
    "a circle of three: writer A writer B then recursive reader B recursive reader C then "
    "writer C writer A",
    "*:rw", "A B -B -A RB RC -RC -RB C A -A -C", "cycle A/C A>B>C")
TEST_CASE_SCRIPT(
    "a circle of three: writer A recursive reader B then recursive reader B recursive "
    "reader C then writer C writer A",
    "*:rw", "A RB -RB -A RB RC -RC -RB C A -A -C", "")
TEST_CASE_SCRIPT(
    "a circle of three: writer A writer B then recursive reader B recursive reader C then "
    "recursive reader C writer A",
    "*:rw", "A B -B -A RB RC -RC -RB RC A -A -RC", "")
TEST_CASE_SCRIPT(
    "a circle of three: recursive reader A recursive reader B then recursive reader B "
    "recursive reader C then recursive reader C recursive reader A",
    "*:rw", "RA RB -RB -RA RB RC -RC -RB RC RA -RA -RC", "")
TEST_CASE_SCRIPT(
    "a circle of three: reader A reader B then reader B reader C then reader C reader A", "*:rw",
    "rA rB -rB -rA rB rC -rC -rB rC rA -rA -rC", "cycle A/C A>B>C")
TEST_CASE_SCRIPT(
    "a circle of three: writer A recursive reader B then writer B writer C then writer C "
    "recursive reader A",
    "*:rw", "A RB -RB -A B C -C -B C RA -RA -C", "cycle A/C A>B>C")
TEST_CASE_SCRIPT(
    "a circle of three: recursive reader A recursive reader B then writer B writer C then "
    "writer C writer A",
    "*:rw", "RA RB -RB -RA B C -C -B C A -A -C", "cycle A/C A>B>C")
TEST_CASE_SCRIPT(
    "a circle of three: recursive reader A writer B then recursive reader B writer C then "
    "recursive reader C writer A",
    "*:rw", "RA B -B -RA RB C -C -RB RC A -A -RC", "cycle A/C A>B>C")
TEST_CASE_SCRIPT(
    "a circle of three: recursive reader A writer B then recursive reader B recursive "
    "reader C then recursive reader C writer A",
    "*:rw", "RA B -B -RA RB RC -RC -RB RC A -A -RC", "")
