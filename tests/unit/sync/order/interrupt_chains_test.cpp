// tests/unit/sync/order/interrupt_chains_test.cpp - chains of locks from an interrupt handler back
// to what it interrupted.
#include "tests/unit/sync/order/script.hpp"

// S is taken in a handler, U is held with interrupts enabled, and a chain leads from S to U.

TEST_CASE_SCRIPT("interrupts: S in a handler, then U with interrupts enabled, then U inside of S",
                 "", "( S -S ) sti U -U cli S U -U -S", "interrupt S/U U~S>U")
TEST_CASE_SCRIPT("interrupts: S in a handler, then U inside of S, then U with interrupts enabled",
                 "", "( S -S ) S U -U -S sti U -U cli", "interrupt S/U U~S>U")
TEST_CASE_SCRIPT("interrupts: U with interrupts enabled, then S in a handler, then U inside of S",
                 "", "sti U -U cli ( S -S ) S U -U -S", "interrupt S/U U~S>U")
TEST_CASE_SCRIPT("interrupts: U with interrupts enabled, then U inside of S, then S in a handler",
                 "", "sti U -U cli S U -U -S ( S -S )", "interrupt S/U U~S>U")
TEST_CASE_SCRIPT("interrupts: U inside of S, then S in a handler, then U with interrupts enabled",
                 "", "S U -U -S ( S -S ) sti U -U cli", "interrupt S/U U~S>U")
TEST_CASE_SCRIPT("interrupts: U inside of S, then U with interrupts enabled, then S in a handler",
                 "", "S U -U -S sti U -U cli ( S -S )", "interrupt S/U U~S>U")
TEST_CASE_SCRIPT(
    "interrupts, with S inside of U instead: S in a handler, then U with interrupts "
    "enabled, then the pair",
    "", "( S -S ) sti U -U cli U S -S -U", "")
TEST_CASE_SCRIPT(
    "interrupts, with S inside of U instead: S in a handler, then the pair, then U with "
    "interrupts enabled",
    "", "( S -S ) U S -S -U sti U -U cli", "")
TEST_CASE_SCRIPT(
    "interrupts, with S inside of U instead: U with interrupts enabled, then S in a "
    "handler, then the pair",
    "", "sti U -U cli ( S -S ) U S -S -U", "")
TEST_CASE_SCRIPT(
    "interrupts, with S inside of U instead: U with interrupts enabled, then the pair, "
    "then S in a handler",
    "", "sti U -U cli U S -S -U ( S -S )", "")
TEST_CASE_SCRIPT(
    "interrupts, with S inside of U instead: the pair, then S in a handler, then U with "
    "interrupts enabled",
    "", "U S -S -U ( S -S ) sti U -U cli", "")
TEST_CASE_SCRIPT(
    "interrupts, with S inside of U instead: the pair, then U with interrupts enabled, "
    "then S in a handler",
    "", "U S -S -U sti U -U cli ( S -S )", "")
TEST_CASE_SCRIPT("interrupts: without S in a handler there is no circle", "",
                 "sti U -U cli S U -U -S", "")
TEST_CASE_SCRIPT("interrupts: without U with interrupts enabled there is no circle", "",
                 "( S -S ) S U -U -S", "")
TEST_CASE_SCRIPT("interrupts: without U inside of S there is no circle", "",
                 "( S -S ) sti U -U cli", "")
TEST_CASE_SCRIPT("interrupts: writer S in a handler, writer S writer U, writer U enabled", "*:rw",
                 "( S -S ) S U -U -S sti U -U", "interrupt S/U U~S>U")
TEST_CASE_SCRIPT("interrupts: writer S in a handler, writer S writer U, recursive reader U enabled",
                 "*:rw", "( S -S ) S U -U -S sti RU -RU", "interrupt S/U U~S>U")
TEST_CASE_SCRIPT("interrupts: writer S in a handler, writer S recursive reader U, writer U enabled",
                 "*:rw", "( S -S ) S RU -RU -S sti U -U", "interrupt S/U U~S>U")
TEST_CASE_SCRIPT(
    "interrupts: writer S in a handler, writer S recursive reader U, recursive reader U "
    "enabled",
    "*:rw", "( S -S ) S RU -RU -S sti RU -RU", "")
TEST_CASE_SCRIPT("interrupts: writer S in a handler, recursive reader S writer U, writer U enabled",
                 "*:rw", "( S -S ) RS U -U -RS sti U -U", "interrupt S/U U~S>U")
TEST_CASE_SCRIPT(
    "interrupts: writer S in a handler, recursive reader S writer U, recursive reader U "
    "enabled",
    "*:rw", "( S -S ) RS U -U -RS sti RU -RU", "interrupt S/U U~S>U")
TEST_CASE_SCRIPT(
    "interrupts: writer S in a handler, recursive reader S recursive reader U, writer U "
    "enabled",
    "*:rw", "( S -S ) RS RU -RU -RS sti U -U", "interrupt S/U U~S>U")
TEST_CASE_SCRIPT(
    "interrupts: writer S in a handler, recursive reader S recursive reader U, recursive "
    "reader U enabled",
    "*:rw", "( S -S ) RS RU -RU -RS sti RU -RU", "")
TEST_CASE_SCRIPT("interrupts: recursive reader S in a handler, writer S writer U, writer U enabled",
                 "*:rw", "( RS -RS ) S U -U -S sti U -U", "interrupt S/U U~S>U")
TEST_CASE_SCRIPT(
    "interrupts: recursive reader S in a handler, writer S writer U, recursive reader U "
    "enabled",
    "*:rw", "( RS -RS ) S U -U -S sti RU -RU", "interrupt S/U U~S>U")
TEST_CASE_SCRIPT(
    "interrupts: recursive reader S in a handler, writer S recursive reader U, writer U "
    "enabled",
    "*:rw", "( RS -RS ) S RU -RU -S sti U -U", "interrupt S/U U~S>U")
TEST_CASE_SCRIPT(
    "interrupts: recursive reader S in a handler, writer S recursive reader U, recursive "
    "reader U enabled",
    "*:rw", "( RS -RS ) S RU -RU -S sti RU -RU", "")
TEST_CASE_SCRIPT(
    "interrupts: recursive reader S in a handler, recursive reader S writer U, writer U "
    "enabled",
    "*:rw", "( RS -RS ) RS U -U -RS sti U -U", "")
TEST_CASE_SCRIPT(
    "interrupts: recursive reader S in a handler, recursive reader S writer U, recursive "
    "reader U enabled",
    "*:rw", "( RS -RS ) RS U -U -RS sti RU -RU", "")
TEST_CASE_SCRIPT(
    "interrupts: recursive reader S in a handler, recursive reader S recursive reader U, "
    "writer U enabled",
    "*:rw", "( RS -RS ) RS RU -RU -RS sti U -U", "")
TEST_CASE_SCRIPT(
    "interrupts: recursive reader S in a handler, recursive reader S recursive reader U, "
    "recursive reader U enabled",
    "*:rw", "( RS -RS ) RS RU -RU -RS sti RU -RU", "")
TEST_CASE_SCRIPT(
    "interrupts, a chain of two: S in a handler, U enabled, M inside of S, U inside of M", "",
    "( S -S ) sti U -U cli S M -M -S M U -U -M", "interrupt S/U U~S>M>U")
TEST_CASE_SCRIPT(
    "interrupts, a chain of two: S in a handler, U enabled, U inside of M, M inside of S", "",
    "( S -S ) sti U -U cli M U -U -M S M -M -S", "interrupt S/U U~S>M>U")
TEST_CASE_SCRIPT(
    "interrupts, a chain of two: S in a handler, M inside of S, U enabled, U inside of M", "",
    "( S -S ) S M -M -S sti U -U cli M U -U -M", "interrupt S/U U~S>M>U")
TEST_CASE_SCRIPT(
    "interrupts, a chain of two: S in a handler, M inside of S, U inside of M, U enabled", "",
    "( S -S ) S M -M -S M U -U -M sti U -U cli", "interrupt S/U U~S>M>U")
TEST_CASE_SCRIPT(
    "interrupts, a chain of two: S in a handler, U inside of M, U enabled, M inside of S", "",
    "( S -S ) M U -U -M sti U -U cli S M -M -S", "interrupt S/U U~S>M>U")
TEST_CASE_SCRIPT(
    "interrupts, a chain of two: S in a handler, U inside of M, M inside of S, U enabled", "",
    "( S -S ) M U -U -M S M -M -S sti U -U cli", "interrupt S/U U~S>M>U")
TEST_CASE_SCRIPT(
    "interrupts, a chain of two: M inside of S, S in a handler, U enabled, U inside of M", "",
    "S M -M -S ( S -S ) sti U -U cli M U -U -M", "interrupt S/U U~S>M>U")
TEST_CASE_SCRIPT(
    "interrupts, a chain of two: M inside of S, S in a handler, U inside of M, U enabled", "",
    "S M -M -S ( S -S ) M U -U -M sti U -U cli", "interrupt S/U U~S>M>U")
TEST_CASE_SCRIPT(
    "interrupts, a chain of two: M inside of S, U inside of M, S in a handler, U enabled", "",
    "S M -M -S M U -U -M ( S -S ) sti U -U cli", "interrupt S/U U~S>M>U")
TEST_CASE_SCRIPT(
    "interrupts, a chain of two: U inside of M, S in a handler, U enabled, M inside of S", "",
    "M U -U -M ( S -S ) sti U -U cli S M -M -S", "interrupt S/U U~S>M>U")
TEST_CASE_SCRIPT(
    "interrupts, a chain of two: U inside of M, S in a handler, M inside of S, U enabled", "",
    "M U -U -M ( S -S ) S M -M -S sti U -U cli", "interrupt S/U U~S>M>U")
TEST_CASE_SCRIPT(
    "interrupts, a chain of two: U inside of M, M inside of S, S in a handler, U enabled", "",
    "M U -U -M S M -M -S ( S -S ) sti U -U cli", "interrupt S/U U~S>M>U")
