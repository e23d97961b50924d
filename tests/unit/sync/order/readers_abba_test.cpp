// tests/unit/sync/order/readers_abba_test.cpp - two rw locks, in both orders, by every combination
// of readers and writers.
#include "tests/unit/sync/order/script.hpp"

// Blocks unless a recursive reader meets a reader on A or on B.

TEST_CASE_SCRIPT("writer A writer B against writer B writer A", "*:rw", "A B -B -A B A -A -B",
                 "cycle A/B A>B")
TEST_CASE_SCRIPT("writer A writer B against writer B reader A", "*:rw", "A B -B -A B rA -rA -B",
                 "cycle A/B A>B")
TEST_CASE_SCRIPT("writer A writer B against writer B recursive reader A", "*:rw",
                 "A B -B -A B RA -RA -B", "cycle A/B A>B")
TEST_CASE_SCRIPT("writer A writer B against reader B writer A", "*:rw", "A B -B -A rB A -A -rB",
                 "cycle A/B A>B")
TEST_CASE_SCRIPT("writer A writer B against reader B reader A", "*:rw", "A B -B -A rB rA -rA -rB",
                 "cycle A/B A>B")
TEST_CASE_SCRIPT("writer A writer B against reader B recursive reader A", "*:rw",
                 "A B -B -A rB RA -RA -rB", "cycle A/B A>B")
TEST_CASE_SCRIPT("writer A writer B against recursive reader B writer A", "*:rw",
                 "A B -B -A RB A -A -RB", "cycle A/B A>B")
TEST_CASE_SCRIPT("writer A writer B against recursive reader B reader A", "*:rw",
                 "A B -B -A RB rA -rA -RB", "cycle A/B A>B")
TEST_CASE_SCRIPT("writer A writer B against recursive reader B recursive reader A", "*:rw",
                 "A B -B -A RB RA -RA -RB", "cycle A/B A>B")
TEST_CASE_SCRIPT("writer A reader B against writer B writer A", "*:rw", "A rB -rB -A B A -A -B",
                 "cycle A/B A>B")
TEST_CASE_SCRIPT("writer A reader B against writer B reader A", "*:rw", "A rB -rB -A B rA -rA -B",
                 "cycle A/B A>B")
TEST_CASE_SCRIPT("writer A reader B against writer B recursive reader A", "*:rw",
                 "A rB -rB -A B RA -RA -B", "cycle A/B A>B")
TEST_CASE_SCRIPT("writer A reader B against reader B writer A", "*:rw", "A rB -rB -A rB A -A -rB",
                 "cycle A/B A>B")
TEST_CASE_SCRIPT("writer A reader B against reader B reader A", "*:rw", "A rB -rB -A rB rA -rA -rB",
                 "cycle A/B A>B")
TEST_CASE_SCRIPT("writer A reader B against reader B recursive reader A", "*:rw",
                 "A rB -rB -A rB RA -RA -rB", "cycle A/B A>B")
TEST_CASE_SCRIPT("writer A reader B against recursive reader B writer A", "*:rw",
                 "A rB -rB -A RB A -A -RB", "cycle A/B A>B")
TEST_CASE_SCRIPT("writer A reader B against recursive reader B reader A", "*:rw",
                 "A rB -rB -A RB rA -rA -RB", "cycle A/B A>B")
TEST_CASE_SCRIPT("writer A reader B against recursive reader B recursive reader A", "*:rw",
                 "A rB -rB -A RB RA -RA -RB", "cycle A/B A>B")
TEST_CASE_SCRIPT("writer A recursive reader B against writer B writer A", "*:rw",
                 "A RB -RB -A B A -A -B", "cycle A/B A>B")
TEST_CASE_SCRIPT("writer A recursive reader B against writer B reader A", "*:rw",
                 "A RB -RB -A B rA -rA -B", "cycle A/B A>B")
TEST_CASE_SCRIPT("writer A recursive reader B against writer B recursive reader A", "*:rw",
                 "A RB -RB -A B RA -RA -B", "cycle A/B A>B")
TEST_CASE_SCRIPT("writer A recursive reader B against reader B writer A", "*:rw",
                 "A RB -RB -A rB A -A -rB", "")
TEST_CASE_SCRIPT("writer A recursive reader B against reader B reader A", "*:rw",
                 "A RB -RB -A rB rA -rA -rB", "")
TEST_CASE_SCRIPT("writer A recursive reader B against reader B recursive reader A", "*:rw",
                 "A RB -RB -A rB RA -RA -rB", "")
TEST_CASE_SCRIPT("writer A recursive reader B against recursive reader B writer A", "*:rw",
                 "A RB -RB -A RB A -A -RB", "")
TEST_CASE_SCRIPT("writer A recursive reader B against recursive reader B reader A", "*:rw",
                 "A RB -RB -A RB rA -rA -RB", "")
TEST_CASE_SCRIPT("writer A recursive reader B against recursive reader B recursive reader A",
                 "*:rw", "A RB -RB -A RB RA -RA -RB", "")
TEST_CASE_SCRIPT("reader A writer B against writer B writer A", "*:rw", "rA B -B -rA B A -A -B",
                 "cycle A/B A>B")
TEST_CASE_SCRIPT("reader A writer B against writer B reader A", "*:rw", "rA B -B -rA B rA -rA -B",
                 "cycle A/B A>B")
TEST_CASE_SCRIPT("reader A writer B against writer B recursive reader A", "*:rw",
                 "rA B -B -rA B RA -RA -B", "")
TEST_CASE_SCRIPT("reader A writer B against reader B writer A", "*:rw", "rA B -B -rA rB A -A -rB",
                 "cycle A/B A>B")
TEST_CASE_SCRIPT("reader A writer B against reader B reader A", "*:rw", "rA B -B -rA rB rA -rA -rB",
                 "cycle A/B A>B")
TEST_CASE_SCRIPT("reader A writer B against reader B recursive reader A", "*:rw",
                 "rA B -B -rA rB RA -RA -rB", "")
TEST_CASE_SCRIPT("reader A writer B against recursive reader B writer A", "*:rw",
                 "rA B -B -rA RB A -A -RB", "cycle A/B A>B")
TEST_CASE_SCRIPT("reader A writer B against recursive reader B reader A", "*:rw",
                 "rA B -B -rA RB rA -rA -RB", "cycle A/B A>B")
TEST_CASE_SCRIPT("reader A writer B against recursive reader B recursive reader A", "*:rw",
                 "rA B -B -rA RB RA -RA -RB", "")
TEST_CASE_SCRIPT("reader A reader B against writer B writer A", "*:rw", "rA rB -rB -rA B A -A -B",
                 "cycle A/B A>B")
TEST_CASE_SCRIPT("reader A reader B against writer B reader A", "*:rw", "rA rB -rB -rA B rA -rA -B",
                 "cycle A/B A>B")
TEST_CASE_SCRIPT("reader A reader B against writer B recursive reader A", "*:rw",
                 "rA rB -rB -rA B RA -RA -B", "")
TEST_CASE_SCRIPT("reader A reader B against reader B writer A", "*:rw", "rA rB -rB -rA rB A -A -rB",
                 "cycle A/B A>B")
TEST_CASE_SCRIPT("reader A reader B against reader B reader A", "*:rw",
                 "rA rB -rB -rA rB rA -rA -rB", "cycle A/B A>B")
TEST_CASE_SCRIPT("reader A reader B against reader B recursive reader A", "*:rw",
                 "rA rB -rB -rA rB RA -RA -rB", "")
TEST_CASE_SCRIPT("reader A reader B against recursive reader B writer A", "*:rw",
                 "rA rB -rB -rA RB A -A -RB", "cycle A/B A>B")
TEST_CASE_SCRIPT("reader A reader B against recursive reader B reader A", "*:rw",
                 "rA rB -rB -rA RB rA -rA -RB", "cycle A/B A>B")
TEST_CASE_SCRIPT("reader A reader B against recursive reader B recursive reader A", "*:rw",
                 "rA rB -rB -rA RB RA -RA -RB", "")
TEST_CASE_SCRIPT("reader A recursive reader B against writer B writer A", "*:rw",
                 "rA RB -RB -rA B A -A -B", "cycle A/B A>B")
TEST_CASE_SCRIPT("reader A recursive reader B against writer B reader A", "*:rw",
                 "rA RB -RB -rA B rA -rA -B", "cycle A/B A>B")
TEST_CASE_SCRIPT("reader A recursive reader B against writer B recursive reader A", "*:rw",
                 "rA RB -RB -rA B RA -RA -B", "")
TEST_CASE_SCRIPT("reader A recursive reader B against reader B writer A", "*:rw",
                 "rA RB -RB -rA rB A -A -rB", "")
TEST_CASE_SCRIPT("reader A recursive reader B against reader B reader A", "*:rw",
                 "rA RB -RB -rA rB rA -rA -rB", "")
TEST_CASE_SCRIPT("reader A recursive reader B against reader B recursive reader A", "*:rw",
                 "rA RB -RB -rA rB RA -RA -rB", "")
TEST_CASE_SCRIPT("reader A recursive reader B against recursive reader B writer A", "*:rw",
                 "rA RB -RB -rA RB A -A -RB", "")
TEST_CASE_SCRIPT("reader A recursive reader B against recursive reader B reader A", "*:rw",
                 "rA RB -RB -rA RB rA -rA -RB", "")
TEST_CASE_SCRIPT("reader A recursive reader B against recursive reader B recursive reader A",
                 "*:rw", "rA RB -RB -rA RB RA -RA -RB", "")
TEST_CASE_SCRIPT("recursive reader A writer B against writer B writer A", "*:rw",
                 "RA B -B -RA B A -A -B", "cycle A/B A>B")
TEST_CASE_SCRIPT("recursive reader A writer B against writer B reader A", "*:rw",
                 "RA B -B -RA B rA -rA -B", "cycle A/B A>B")
TEST_CASE_SCRIPT("recursive reader A writer B against writer B recursive reader A", "*:rw",
                 "RA B -B -RA B RA -RA -B", "")
TEST_CASE_SCRIPT("recursive reader A writer B against reader B writer A", "*:rw",
                 "RA B -B -RA rB A -A -rB", "cycle A/B A>B")
TEST_CASE_SCRIPT("recursive reader A writer B against reader B reader A", "*:rw",
                 "RA B -B -RA rB rA -rA -rB", "cycle A/B A>B")
TEST_CASE_SCRIPT("recursive reader A writer B against reader B recursive reader A", "*:rw",
                 "RA B -B -RA rB RA -RA -rB", "")
TEST_CASE_SCRIPT("recursive reader A writer B against recursive reader B writer A", "*:rw",
                 "RA B -B -RA RB A -A -RB", "cycle A/B A>B")
TEST_CASE_SCRIPT("recursive reader A writer B against recursive reader B reader A", "*:rw",
                 "RA B -B -RA RB rA -rA -RB", "cycle A/B A>B")
TEST_CASE_SCRIPT("recursive reader A writer B against recursive reader B recursive reader A",
                 "*:rw", "RA B -B -RA RB RA -RA -RB", "")
TEST_CASE_SCRIPT("recursive reader A reader B against writer B writer A", "*:rw",
                 "RA rB -rB -RA B A -A -B", "cycle A/B A>B")
TEST_CASE_SCRIPT("recursive reader A reader B against writer B reader A", "*:rw",
                 "RA rB -rB -RA B rA -rA -B", "cycle A/B A>B")
TEST_CASE_SCRIPT("recursive reader A reader B against writer B recursive reader A", "*:rw",
                 "RA rB -rB -RA B RA -RA -B", "")
TEST_CASE_SCRIPT("recursive reader A reader B against reader B writer A", "*:rw",
                 "RA rB -rB -RA rB A -A -rB", "cycle A/B A>B")
TEST_CASE_SCRIPT("recursive reader A reader B against reader B reader A", "*:rw",
                 "RA rB -rB -RA rB rA -rA -rB", "cycle A/B A>B")
TEST_CASE_SCRIPT("recursive reader A reader B against reader B recursive reader A", "*:rw",
                 "RA rB -rB -RA rB RA -RA -rB", "")
TEST_CASE_SCRIPT("recursive reader A reader B against recursive reader B writer A", "*:rw",
                 "RA rB -rB -RA RB A -A -RB", "cycle A/B A>B")
TEST_CASE_SCRIPT("recursive reader A reader B against recursive reader B reader A", "*:rw",
                 "RA rB -rB -RA RB rA -rA -RB", "cycle A/B A>B")
TEST_CASE_SCRIPT("recursive reader A reader B against recursive reader B recursive reader A",
                 "*:rw", "RA rB -rB -RA RB RA -RA -RB", "")
TEST_CASE_SCRIPT("recursive reader A recursive reader B against writer B writer A", "*:rw",
                 "RA RB -RB -RA B A -A -B", "cycle A/B A>B")
TEST_CASE_SCRIPT("recursive reader A recursive reader B against writer B reader A", "*:rw",
                 "RA RB -RB -RA B rA -rA -B", "cycle A/B A>B")
TEST_CASE_SCRIPT("recursive reader A recursive reader B against writer B recursive reader A",
                 "*:rw", "RA RB -RB -RA B RA -RA -B", "")
TEST_CASE_SCRIPT("recursive reader A recursive reader B against reader B writer A", "*:rw",
                 "RA RB -RB -RA rB A -A -rB", "")
TEST_CASE_SCRIPT("recursive reader A recursive reader B against reader B reader A", "*:rw",
                 "RA RB -RB -RA rB rA -rA -rB", "")
TEST_CASE_SCRIPT("recursive reader A recursive reader B against reader B recursive reader A",
                 "*:rw", "RA RB -RB -RA rB RA -RA -rB", "")
TEST_CASE_SCRIPT("recursive reader A recursive reader B against recursive reader B writer A",
                 "*:rw", "RA RB -RB -RA RB A -A -RB", "")
TEST_CASE_SCRIPT("recursive reader A recursive reader B against recursive reader B reader A",
                 "*:rw", "RA RB -RB -RA RB rA -rA -RB", "")
TEST_CASE_SCRIPT(
    "recursive reader A recursive reader B against recursive reader B recursive reader A", "*:rw",
    "RA RB -RB -RA RB RA -RA -RB", "")
