// tests/unit/sync/order/families_test.cpp - circles of two, three and four classes, over every type
// of lock.
#include "tests/unit/sync/order/script.hpp"

// The published families, over every type of lock: each closes one circle with its last pair.

TEST_CASE_SCRIPT("ABBA of spinlocks: the step that closes the circle is reported", "",
                 "A B -B -A B A -A -B", "cycle A/B A>B")
TEST_CASE_SCRIPT("ABBCCA of spinlocks: the step that closes the circle is reported", "",
                 "A B -B -A B C -C -B C A -A -C", "cycle A/C A>B>C")
TEST_CASE_SCRIPT("ABCABC of spinlocks: the step that closes the circle is reported", "",
                 "A B -B -A C A -A -C B C -C -B", "cycle C/B C>A>B")
TEST_CASE_SCRIPT("ABBCCDDA of spinlocks: the step that closes the circle is reported", "",
                 "A B -B -A B C -C -B C D -D -C D A -A -D", "cycle A/D A>B>C>D")
TEST_CASE_SCRIPT("ABCDBDDA of spinlocks: the step that closes the circle is reported", "",
                 "A B -B -A C D -D -C B D -D -B D A -A -D", "cycle A/D A>B>D")
TEST_CASE_SCRIPT("ABCDBCDA of spinlocks: the step that closes the circle is reported", "",
                 "A B -B -A C D -D -C B C -C -B D A -A -D", "cycle A/D A>B>C>D")
TEST_CASE_SCRIPT("ABBA of mutexes: the step that closes the circle is reported", "*:mutex",
                 "A B -B -A B A -A -B", "cycle A/B A>B")
TEST_CASE_SCRIPT("ABBCCA of mutexes: the step that closes the circle is reported", "*:mutex",
                 "A B -B -A B C -C -B C A -A -C", "cycle A/C A>B>C")
TEST_CASE_SCRIPT("ABCABC of mutexes: the step that closes the circle is reported", "*:mutex",
                 "A B -B -A C A -A -C B C -C -B", "cycle C/B C>A>B")
TEST_CASE_SCRIPT("ABBCCDDA of mutexes: the step that closes the circle is reported", "*:mutex",
                 "A B -B -A B C -C -B C D -D -C D A -A -D", "cycle A/D A>B>C>D")
TEST_CASE_SCRIPT("ABCDBDDA of mutexes: the step that closes the circle is reported", "*:mutex",
                 "A B -B -A C D -D -C B D -D -B D A -A -D", "cycle A/D A>B>D")
TEST_CASE_SCRIPT("ABCDBCDA of mutexes: the step that closes the circle is reported", "*:mutex",
                 "A B -B -A C D -D -C B C -C -B D A -A -D", "cycle A/D A>B>C>D")
TEST_CASE_SCRIPT("ABBA of sleep locks: the step that closes the circle is reported", "*:sleep",
                 "A B -B -A B A -A -B", "cycle A/B A>B")
TEST_CASE_SCRIPT("ABBCCA of sleep locks: the step that closes the circle is reported", "*:sleep",
                 "A B -B -A B C -C -B C A -A -C", "cycle A/C A>B>C")
TEST_CASE_SCRIPT("ABCABC of sleep locks: the step that closes the circle is reported", "*:sleep",
                 "A B -B -A C A -A -C B C -C -B", "cycle C/B C>A>B")
TEST_CASE_SCRIPT("ABBCCDDA of sleep locks: the step that closes the circle is reported", "*:sleep",
                 "A B -B -A B C -C -B C D -D -C D A -A -D", "cycle A/D A>B>C>D")
TEST_CASE_SCRIPT("ABCDBDDA of sleep locks: the step that closes the circle is reported", "*:sleep",
                 "A B -B -A C D -D -C B D -D -B D A -A -D", "cycle A/D A>B>D")
TEST_CASE_SCRIPT("ABCDBCDA of sleep locks: the step that closes the circle is reported", "*:sleep",
                 "A B -B -A C D -D -C B C -C -B D A -A -D", "cycle A/D A>B>C>D")
TEST_CASE_SCRIPT("ABBA of tokens: the step that closes the circle is reported", "*:token",
                 "A B -B -A B A -A -B", "cycle A/B A>B")
TEST_CASE_SCRIPT("ABBCCA of tokens: the step that closes the circle is reported", "*:token",
                 "A B -B -A B C -C -B C A -A -C", "cycle A/C A>B>C")
TEST_CASE_SCRIPT("ABCABC of tokens: the step that closes the circle is reported", "*:token",
                 "A B -B -A C A -A -C B C -C -B", "cycle C/B C>A>B")
TEST_CASE_SCRIPT("ABBCCDDA of tokens: the step that closes the circle is reported", "*:token",
                 "A B -B -A B C -C -B C D -D -C D A -A -D", "cycle A/D A>B>C>D")
TEST_CASE_SCRIPT("ABCDBDDA of tokens: the step that closes the circle is reported", "*:token",
                 "A B -B -A C D -D -C B D -D -B D A -A -D", "cycle A/D A>B>D")
TEST_CASE_SCRIPT("ABCDBCDA of tokens: the step that closes the circle is reported", "*:token",
                 "A B -B -A C D -D -C B C -C -B D A -A -D", "cycle A/D A>B>C>D")
TEST_CASE_SCRIPT("ABBA of writers: the step that closes the circle is reported", "*:rw",
                 "A B -B -A B A -A -B", "cycle A/B A>B")
TEST_CASE_SCRIPT("ABBCCA of writers: the step that closes the circle is reported", "*:rw",
                 "A B -B -A B C -C -B C A -A -C", "cycle A/C A>B>C")
TEST_CASE_SCRIPT("ABCABC of writers: the step that closes the circle is reported", "*:rw",
                 "A B -B -A C A -A -C B C -C -B", "cycle C/B C>A>B")
TEST_CASE_SCRIPT("ABBCCDDA of writers: the step that closes the circle is reported", "*:rw",
                 "A B -B -A B C -C -B C D -D -C D A -A -D", "cycle A/D A>B>C>D")
TEST_CASE_SCRIPT("ABCDBDDA of writers: the step that closes the circle is reported", "*:rw",
                 "A B -B -A C D -D -C B D -D -B D A -A -D", "cycle A/D A>B>D")
TEST_CASE_SCRIPT("ABCDBCDA of writers: the step that closes the circle is reported", "*:rw",
                 "A B -B -A C D -D -C B C -C -B D A -A -D", "cycle A/D A>B>C>D")
TEST_CASE_SCRIPT("ABBA of readers: the step that closes the circle is reported", "*:rw",
                 "rA rB -rB -rA rB rA -rA -rB", "cycle A/B A>B")
TEST_CASE_SCRIPT("ABBCCA of readers: the step that closes the circle is reported", "*:rw",
                 "rA rB -rB -rA rB rC -rC -rB rC rA -rA -rC", "cycle A/C A>B>C")
TEST_CASE_SCRIPT("ABCABC of readers: the step that closes the circle is reported", "*:rw",
                 "rA rB -rB -rA rC rA -rA -rC rB rC -rC -rB", "cycle C/B C>A>B")
TEST_CASE_SCRIPT("ABBCCDDA of readers: the step that closes the circle is reported", "*:rw",
                 "rA rB -rB -rA rB rC -rC -rB rC rD -rD -rC rD rA -rA -rD", "cycle A/D A>B>C>D")
TEST_CASE_SCRIPT("ABCDBDDA of readers: the step that closes the circle is reported", "*:rw",
                 "rA rB -rB -rA rC rD -rD -rC rB rD -rD -rB rD rA -rA -rD", "cycle A/D A>B>D")
TEST_CASE_SCRIPT("ABCDBCDA of readers: the step that closes the circle is reported", "*:rw",
                 "rA rB -rB -rA rC rD -rD -rC rB rC -rC -rB rD rA -rA -rD", "cycle A/D A>B>C>D")

// The same with the last pair turned: no circle.

TEST_CASE_SCRIPT("ABBA of spinlocks with its last pair the right way round: nothing is reported",
                 "", "A B -B -A A B -B -A", "")
TEST_CASE_SCRIPT("ABBCCA of spinlocks with its last pair the right way round: nothing is reported",
                 "", "A B -B -A B C -C -B A C -C -A", "")
TEST_CASE_SCRIPT("ABCABC of spinlocks with its last pair the right way round: nothing is reported",
                 "", "A B -B -A C A -A -C C B -B -C", "")
TEST_CASE_SCRIPT(
    "ABBCCDDA of spinlocks with its last pair the right way round: nothing is reported", "",
    "A B -B -A B C -C -B C D -D -C A D -D -A", "")
TEST_CASE_SCRIPT(
    "ABCDBDDA of spinlocks with its last pair the right way round: nothing is reported", "",
    "A B -B -A C D -D -C B D -D -B A D -D -A", "")
TEST_CASE_SCRIPT(
    "ABCDBCDA of spinlocks with its last pair the right way round: nothing is reported", "",
    "A B -B -A C D -D -C B C -C -B A D -D -A", "")
TEST_CASE_SCRIPT("ABBA of mutexes with its last pair the right way round: nothing is reported",
                 "*:mutex", "A B -B -A A B -B -A", "")
TEST_CASE_SCRIPT("ABBCCA of mutexes with its last pair the right way round: nothing is reported",
                 "*:mutex", "A B -B -A B C -C -B A C -C -A", "")
TEST_CASE_SCRIPT("ABCABC of mutexes with its last pair the right way round: nothing is reported",
                 "*:mutex", "A B -B -A C A -A -C C B -B -C", "")
TEST_CASE_SCRIPT("ABBCCDDA of mutexes with its last pair the right way round: nothing is reported",
                 "*:mutex", "A B -B -A B C -C -B C D -D -C A D -D -A", "")
TEST_CASE_SCRIPT("ABCDBDDA of mutexes with its last pair the right way round: nothing is reported",
                 "*:mutex", "A B -B -A C D -D -C B D -D -B A D -D -A", "")
TEST_CASE_SCRIPT("ABCDBCDA of mutexes with its last pair the right way round: nothing is reported",
                 "*:mutex", "A B -B -A C D -D -C B C -C -B A D -D -A", "")
TEST_CASE_SCRIPT("ABBA of sleep locks with its last pair the right way round: nothing is reported",
                 "*:sleep", "A B -B -A A B -B -A", "")
TEST_CASE_SCRIPT(
    "ABBCCA of sleep locks with its last pair the right way round: nothing is reported", "*:sleep",
    "A B -B -A B C -C -B A C -C -A", "")
TEST_CASE_SCRIPT(
    "ABCABC of sleep locks with its last pair the right way round: nothing is reported", "*:sleep",
    "A B -B -A C A -A -C C B -B -C", "")
TEST_CASE_SCRIPT(
    "ABBCCDDA of sleep locks with its last pair the right way round: nothing is reported",
    "*:sleep", "A B -B -A B C -C -B C D -D -C A D -D -A", "")
TEST_CASE_SCRIPT(
    "ABCDBDDA of sleep locks with its last pair the right way round: nothing is reported",
    "*:sleep", "A B -B -A C D -D -C B D -D -B A D -D -A", "")
TEST_CASE_SCRIPT(
    "ABCDBCDA of sleep locks with its last pair the right way round: nothing is reported",
    "*:sleep", "A B -B -A C D -D -C B C -C -B A D -D -A", "")
TEST_CASE_SCRIPT("ABBA of tokens with its last pair the right way round: nothing is reported",
                 "*:token", "A B -B -A A B -B -A", "")
TEST_CASE_SCRIPT("ABBCCA of tokens with its last pair the right way round: nothing is reported",
                 "*:token", "A B -B -A B C -C -B A C -C -A", "")
TEST_CASE_SCRIPT("ABCABC of tokens with its last pair the right way round: nothing is reported",
                 "*:token", "A B -B -A C A -A -C C B -B -C", "")
TEST_CASE_SCRIPT("ABBCCDDA of tokens with its last pair the right way round: nothing is reported",
                 "*:token", "A B -B -A B C -C -B C D -D -C A D -D -A", "")
TEST_CASE_SCRIPT("ABCDBDDA of tokens with its last pair the right way round: nothing is reported",
                 "*:token", "A B -B -A C D -D -C B D -D -B A D -D -A", "")
TEST_CASE_SCRIPT("ABCDBCDA of tokens with its last pair the right way round: nothing is reported",
                 "*:token", "A B -B -A C D -D -C B C -C -B A D -D -A", "")
TEST_CASE_SCRIPT("ABBA of writers with its last pair the right way round: nothing is reported",
                 "*:rw", "A B -B -A A B -B -A", "")
TEST_CASE_SCRIPT("ABBCCA of writers with its last pair the right way round: nothing is reported",
                 "*:rw", "A B -B -A B C -C -B A C -C -A", "")
TEST_CASE_SCRIPT("ABCABC of writers with its last pair the right way round: nothing is reported",
                 "*:rw", "A B -B -A C A -A -C C B -B -C", "")
TEST_CASE_SCRIPT("ABBCCDDA of writers with its last pair the right way round: nothing is reported",
                 "*:rw", "A B -B -A B C -C -B C D -D -C A D -D -A", "")
TEST_CASE_SCRIPT("ABCDBDDA of writers with its last pair the right way round: nothing is reported",
                 "*:rw", "A B -B -A C D -D -C B D -D -B A D -D -A", "")
TEST_CASE_SCRIPT("ABCDBCDA of writers with its last pair the right way round: nothing is reported",
                 "*:rw", "A B -B -A C D -D -C B C -C -B A D -D -A", "")
TEST_CASE_SCRIPT("ABBA of readers with its last pair the right way round: nothing is reported",
                 "*:rw", "rA rB -rB -rA rA rB -rB -rA", "")
TEST_CASE_SCRIPT("ABBCCA of readers with its last pair the right way round: nothing is reported",
                 "*:rw", "rA rB -rB -rA rB rC -rC -rB rA rC -rC -rA", "")
TEST_CASE_SCRIPT("ABCABC of readers with its last pair the right way round: nothing is reported",
                 "*:rw", "rA rB -rB -rA rC rA -rA -rC rC rB -rB -rC", "")
TEST_CASE_SCRIPT("ABBCCDDA of readers with its last pair the right way round: nothing is reported",
                 "*:rw", "rA rB -rB -rA rB rC -rC -rB rC rD -rD -rC rA rD -rD -rA", "")
TEST_CASE_SCRIPT("ABCDBDDA of readers with its last pair the right way round: nothing is reported",
                 "*:rw", "rA rB -rB -rA rC rD -rD -rC rB rD -rD -rB rA rD -rD -rA", "")
TEST_CASE_SCRIPT("ABCDBCDA of readers with its last pair the right way round: nothing is reported",
                 "*:rw", "rA rB -rB -rA rC rD -rD -rC rB rC -rC -rB rA rD -rD -rA", "")

// The same in other ways.

TEST_CASE_SCRIPT("ABBA of recursive readers: nobody waits, nothing is reported", "*:rw",
                 "RA RB -RB -RA RB RA -RA -RB", "")
TEST_CASE_SCRIPT("ABBCCA of recursive readers: nobody waits, nothing is reported", "*:rw",
                 "RA RB -RB -RA RB RC -RC -RB RC RA -RA -RC", "")
TEST_CASE_SCRIPT("ABCABC of recursive readers: nobody waits, nothing is reported", "*:rw",
                 "RA RB -RB -RA RC RA -RA -RC RB RC -RC -RB", "")
TEST_CASE_SCRIPT("ABBCCDDA of recursive readers: nobody waits, nothing is reported", "*:rw",
                 "RA RB -RB -RA RB RC -RC -RB RC RD -RD -RC RD RA -RA -RD", "")
TEST_CASE_SCRIPT("ABCDBDDA of recursive readers: nobody waits, nothing is reported", "*:rw",
                 "RA RB -RB -RA RC RD -RD -RC RB RD -RD -RB RD RA -RA -RD", "")
TEST_CASE_SCRIPT("ABCDBCDA of recursive readers: nobody waits, nothing is reported", "*:rw",
                 "RA RB -RB -RA RC RD -RD -RC RB RC -RC -RB RD RA -RA -RD", "")
TEST_CASE_SCRIPT("ABBA with a thread for each pair: what one thread does is known to the others",
                 "", "1: A B -B -A 2: B A -A -B", "cycle A/B A>B")
TEST_CASE_SCRIPT("ABBCCA with a thread for each pair: what one thread does is known to the others",
                 "", "1: A B -B -A 2: B C -C -B 3: C A -A -C", "cycle A/C A>B>C")
TEST_CASE_SCRIPT("ABCABC with a thread for each pair: what one thread does is known to the others",
                 "", "1: A B -B -A 2: C A -A -C 3: B C -C -B", "cycle C/B C>A>B")
TEST_CASE_SCRIPT(
    "ABBCCDDA with a thread for each pair: what one thread does is known to the others", "",
    "1: A B -B -A 2: B C -C -B 3: C D -D -C 4: D A -A -D", "cycle A/D A>B>C>D")
TEST_CASE_SCRIPT(
    "ABCDBDDA with a thread for each pair: what one thread does is known to the others", "",
    "1: A B -B -A 2: C D -D -C 3: B D -D -B 4: D A -A -D", "cycle A/D A>B>D")
TEST_CASE_SCRIPT(
    "ABCDBCDA with a thread for each pair: what one thread does is known to the others", "",
    "1: A B -B -A 2: C D -D -C 3: B C -C -B 4: D A -A -D", "cycle A/D A>B>C>D")
TEST_CASE_SCRIPT("ABBA with its last lock tried: a try does not wait, nothing is reported", "",
                 "A B -B -A B A? -A -B", "")
TEST_CASE_SCRIPT("ABBCCA with its last lock tried: a try does not wait, nothing is reported", "",
                 "A B -B -A B C -C -B C A? -A -C", "")
TEST_CASE_SCRIPT("ABCABC with its last lock tried: a try does not wait, nothing is reported", "",
                 "A B -B -A C A -A -C B C? -C -B", "")
TEST_CASE_SCRIPT("ABBCCDDA with its last lock tried: a try does not wait, nothing is reported", "",
                 "A B -B -A B C -C -B C D -D -C D A? -A -D", "")
TEST_CASE_SCRIPT("ABCDBDDA with its last lock tried: a try does not wait, nothing is reported", "",
                 "A B -B -A C D -D -C B D -D -B D A? -A -D", "")
TEST_CASE_SCRIPT("ABCDBCDA with its last lock tried: a try does not wait, nothing is reported", "",
                 "A B -B -A C D -D -C B C -C -B D A? -A -D", "")
TEST_CASE_SCRIPT("ABBA with its last outer lock tried: it is held all the same", "",
                 "A B -B -A B? A -A -B", "cycle A/B A>B")
TEST_CASE_SCRIPT("ABBCCA with its last outer lock tried: it is held all the same", "",
                 "A B -B -A B C -C -B C? A -A -C", "cycle A/C A>B>C")
TEST_CASE_SCRIPT("ABCABC with its last outer lock tried: it is held all the same", "",
                 "A B -B -A C A -A -C B? C -C -B", "cycle C/B C>A>B")
TEST_CASE_SCRIPT("ABBCCDDA with its last outer lock tried: it is held all the same", "",
                 "A B -B -A B C -C -B C D -D -C D? A -A -D", "cycle A/D A>B>C>D")
TEST_CASE_SCRIPT("ABCDBDDA with its last outer lock tried: it is held all the same", "",
                 "A B -B -A C D -D -C B D -D -B D? A -A -D", "cycle A/D A>B>D")
TEST_CASE_SCRIPT("ABCDBCDA with its last outer lock tried: it is held all the same", "",
                 "A B -B -A C D -D -C B C -C -B D? A -A -D", "cycle A/D A>B>C>D")
TEST_CASE_SCRIPT("ABBA with a deadline on the last lock: a wait is a wait", "", "A B -B -A B A! -B",
                 "cycle A/B A>B")
TEST_CASE_SCRIPT("ABBCCA with a deadline on the last lock: a wait is a wait", "",
                 "A B -B -A B C -C -B C A! -C", "cycle A/C A>B>C")
TEST_CASE_SCRIPT("ABCABC with a deadline on the last lock: a wait is a wait", "",
                 "A B -B -A C A -A -C B C! -B", "cycle C/B C>A>B")
TEST_CASE_SCRIPT("ABBCCDDA with a deadline on the last lock: a wait is a wait", "",
                 "A B -B -A B C -C -B C D -D -C D A! -D", "cycle A/D A>B>C>D")
TEST_CASE_SCRIPT("ABCDBDDA with a deadline on the last lock: a wait is a wait", "",
                 "A B -B -A C D -D -C B D -D -B D A! -D", "cycle A/D A>B>D")
TEST_CASE_SCRIPT("ABCDBCDA with a deadline on the last lock: a wait is a wait", "",
                 "A B -B -A C D -D -C B C -C -B D A! -D", "cycle A/D A>B>C>D")
TEST_CASE_SCRIPT("ABBA twice: once for a pair", "", "A B -B -A B A -A -B B A -A -B",
                 "cycle A/B A>B")
TEST_CASE_SCRIPT("ABBCCA twice: once for a pair", "", "A B -B -A B C -C -B C A -A -C C A -A -C",
                 "cycle A/C A>B>C")
TEST_CASE_SCRIPT("ABCABC twice: once for a pair", "", "A B -B -A C A -A -C B C -C -B B C -C -B",
                 "cycle C/B C>A>B")
TEST_CASE_SCRIPT("ABBCCDDA twice: once for a pair", "",
                 "A B -B -A B C -C -B C D -D -C D A -A -D D A -A -D", "cycle A/D A>B>C>D")
TEST_CASE_SCRIPT("ABCDBDDA twice: once for a pair", "",
                 "A B -B -A C D -D -C B D -D -B D A -A -D D A -A -D", "cycle A/D A>B>D")
TEST_CASE_SCRIPT("ABCDBCDA twice: once for a pair", "",
                 "A B -B -A C D -D -C B C -C -B D A -A -D D A -A -D", "cycle A/D A>B>C>D")
TEST_CASE_SCRIPT("ABBA in mode panic: the wait does not happen", "panic", "A B -B -A B A",
                 "cycle A/B A>B panic")
TEST_CASE_SCRIPT("ABBCCA in mode panic: the wait does not happen", "panic",
                 "A B -B -A B C -C -B C A", "cycle A/C A>B>C panic")
TEST_CASE_SCRIPT("ABCABC in mode panic: the wait does not happen", "panic",
                 "A B -B -A C A -A -C B C", "cycle C/B C>A>B panic")
TEST_CASE_SCRIPT("ABBCCDDA in mode panic: the wait does not happen", "panic",
                 "A B -B -A B C -C -B C D -D -C D A", "cycle A/D A>B>C>D panic")
TEST_CASE_SCRIPT("ABCDBDDA in mode panic: the wait does not happen", "panic",
                 "A B -B -A C D -D -C B D -D -B D A", "cycle A/D A>B>D panic")
TEST_CASE_SCRIPT("ABCDBCDA in mode panic: the wait does not happen", "panic",
                 "A B -B -A C D -D -C B C -C -B D A", "cycle A/D A>B>C>D panic")
TEST_CASE_SCRIPT("ABBA in mode off: nothing is followed", "off", "A B -B -A B A -A -B", "")
TEST_CASE_SCRIPT("ABBCCA in mode off: nothing is followed", "off", "A B -B -A B C -C -B C A -A -C",
                 "")
TEST_CASE_SCRIPT("ABCABC in mode off: nothing is followed", "off", "A B -B -A C A -A -C B C -C -B",
                 "")
TEST_CASE_SCRIPT("ABBCCDDA in mode off: nothing is followed", "off",
                 "A B -B -A B C -C -B C D -D -C D A -A -D", "")
TEST_CASE_SCRIPT("ABCDBDDA in mode off: nothing is followed", "off",
                 "A B -B -A C D -D -C B D -D -B D A -A -D", "")
TEST_CASE_SCRIPT("ABCDBCDA in mode off: nothing is followed", "off",
                 "A B -B -A C D -D -C B C -C -B D A -A -D", "")
