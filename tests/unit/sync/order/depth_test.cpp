// tests/unit/sync/order/depth_test.cpp - many locks at once, long chains, and modes changed under
// way.
#include "tests/unit/sync/order/script.hpp"

// Deep stacks and long chains.

TEST_CASE_SCRIPT("16 held at once", "",
                 "A B C D E F G H I J K L M N O P -P -O -N -M -L -K -J -I -H -G -F -E -D -C -B -A",
                 "")
TEST_CASE_SCRIPT("17 held at once: the last is not followed", "",
                 "A B C D E F G H I J K L M N O P Q", "overflow Q/P")
TEST_CASE_SCRIPT("17 held at once: the one not followed may be given back", "",
                 "A B C D E F G H I J K L M N O P Q -Q -P", "overflow Q/P")
TEST_CASE_SCRIPT("17 held at once: after two are given back there is room again", "",
                 "A B C D E F G H I J K L M N O P Q -Q -P R -R", "overflow Q/P")
TEST_CASE_SCRIPT("17 held at once: the order of the one not followed is checked", "",
                 "Q A -A -Q A B C D E F G H I J K L M N O P Q", "cycle Q/P Q>A>P; overflow Q/P")
TEST_CASE_SCRIPT("17 held at once: and again", "", "A B C D E F G H I J K L M N O P Q -P P Q -P P",
                 "overflow Q/P")
TEST_CASE_SCRIPT("17 held at once in mode panic", "panic", "A B C D E F G H I J K L M N O P Q",
                 "overflow Q/P panic")
TEST_CASE_SCRIPT("17 tried at once", "", "A? B? C? D? E? F? G? H? I? J? K? L? M? N? O? P? Q?",
                 "overflow Q/P")
TEST_CASE_SCRIPT("a token taken 16 times", "A:token",
                 "A A A A A A A A A A A A A A A A -A -A -A -A -A -A -A -A -A -A -A -A -A -A -A -A",
                 "")
TEST_CASE_SCRIPT("a token taken 17 times", "A:token", "A A A A A A A A A A A A A A A A A",
                 "overflow A/A")
TEST_CASE_SCRIPT("16 of one class by address", "",
                 "A A2& A3& A4& A5& A6& A7& A8& A9& A10& A11& A12& A13& A14& A15& A16&", "")
TEST_CASE_SCRIPT("17 of one class by address", "",
                 "A A2& A3& A4& A5& A6& A7& A8& A9& A10& A11& A12& A13& A14& A15& A16& A17&",
                 "overflow A/A")
TEST_CASE_SCRIPT("16 readers of one lock", "A:rw",
                 "RA RA RA RA RA RA RA RA RA RA RA RA RA RA RA RA", "")
TEST_CASE_SCRIPT("16 held by each of two threads", "",
                 "1: A B C D E F G H I J K L M N O P 2: A B C D E F G H I J K L M N O P", "")
TEST_CASE_SCRIPT(
    "a chain of 10 closed by the last", "",
    "A B -B -A B C -C -B C D -D -C D E -E -D E F -F -E F G -G -F G H -H -G H I -I -H I J "
    "-J -I J A",
    "cycle A/J A>B>C>D>E>F>G>H>I>J")
TEST_CASE_SCRIPT("a chain of 10 held at once, closed later", "",
                 "A B C D E F G H I J -J -I -H -G -F -E -D -C -B -A J A", "cycle A/J A>J")
TEST_CASE_SCRIPT(
    "a chain of 10 observed from its end", "",
    "I J -J -I H I -I -H G H -H -G F G -G -F E F -F -E D E -E -D C D -D -C B C -C -B A B "
    "-B -A J A",
    "cycle A/J A>B>C>D>E>F>G>H>I>J")
TEST_CASE_SCRIPT(
    "a chain of 10 with its middle left out", "",
    "A B -B -A B C -C -B C D -D -C D E -E -D F G -G -F G H -H -G H I -I -H I J -J -I J A", "")
TEST_CASE_SCRIPT(
    "a chain of 10 that is not closed", "",
    "A B -B -A B C -C -B C D -D -C D E -E -D E F -F -E F G -G -F G H -H -G H I -I -H I J "
    "-J -I A J",
    "")
TEST_CASE_SCRIPT(
    "a chain of 10 by ten acquisitions of nine threads", "",
    "1: A B -B -A 2: B C -C -B 3: C D -D -C 4: D E -E -D 5: E F -F -E 6: F G -G -F 7: G H "
    "-H -G 8: H I -I -H 9: I J -J -I 1: J A",
    "cycle A/J A>B>C>D>E>F>G>H>I>J")
TEST_CASE_SCRIPT(
    "a chain of 17: its last link of 16 is shown", "",
    "A B -B -A B C -C -B C D -D -C D E -E -D E F -F -E F G -G -F G H -H -G H I -I -H I J "
    "-J -I J K -K -J K L -L -K L M -M -L M N -N -M N O -O -N O P -P -O P Q -Q -P Q A",
    "cycle A/Q A>B>C>D>E>F>G>H>I>J>K>L>M>N>O>P>Q")
TEST_CASE_SCRIPT(
    "a chain of 26: its first 16 links are shown", "",
    "A B -B -A B C -C -B C D -D -C D E -E -D E F -F -E F G -G -F G H -H -G H I -I -H I J "
    "-J -I J K -K -J K L -L -K L M -M -L M N -N -M N O -O -N O P -P -O P Q -Q -P Q R -R -Q "
    "R S -S -R S T -T -S T U -U -T U V -V -U V W -W -V W X -X -W X Y -Y -X Y Z -Z -Y Z A",
    "cycle A/Z A>B>C>D>E>F>G>H>I>J>K>L>M>N>O>P>Q")
TEST_CASE_SCRIPT("of two chains the shorter is shown", "",
                 "A B -B -A B C -C -B C D -D -C B D -D -B D A", "cycle A/D A>B>D")

// Modes.

TEST_CASE_SCRIPT("modes: off to warn with a lock held: its release is not complained of", "off",
                 "A warn -A", "")
TEST_CASE_SCRIPT("modes: off to warn with a lock held: what comes after is followed", "off",
                 "A warn B C -C -B C B", "cycle B/C B>C")
TEST_CASE_SCRIPT(
    "modes: warn, off and warn with a lock held throughout: its release is not complained "
    "of",
    "", "A off warn -A", "")
TEST_CASE_SCRIPT("modes: warn, off and warn: what was held before is forgotten", "ranks",
                 "B off warn A -A", "")
TEST_CASE_SCRIPT("modes: warn, off and warn: what was given back meanwhile is not held", "",
                 "A off -A warn end", "")
TEST_CASE_SCRIPT("modes: warn, off and warn: the order learned is kept", "",
                 "A B -B -A off warn B A", "cycle A/B A>B")
TEST_CASE_SCRIPT("modes: a double unlock after the mode was off", "", "off warn A -A -A",
                 "stranger_release A/A")
TEST_CASE_SCRIPT("modes: a lock never followed, given back after the mode was off", "",
                 "off warn -A", "")
TEST_CASE_SCRIPT("modes: a lock given back twice, with off between", "", "A -A off warn -A", "")
TEST_CASE_SCRIPT("modes: warn to panic keeps what is held", "ranks", "B panic A",
                 "inversion A/B panic")
TEST_CASE_SCRIPT("modes: what was warned of already is reported again in mode panic", "ranks",
                 "B A -A panic A", "inversion A/B; inversion A/B panic")
TEST_CASE_SCRIPT("modes: panic to warn keeps what is held", "ranks panic", "B warn A -A -B end",
                 "inversion A/B")
TEST_CASE_SCRIPT("modes: reported in warn, again in panic", "ranks", "B A -A panic A",
                 "inversion A/B; inversion A/B panic")
TEST_CASE_SCRIPT("modes: reported in warn, not again after off", "ranks", "B A -A -B off warn B A",
                 "inversion A/B")
TEST_CASE_SCRIPT("modes: in panic each time", "ranks panic", "B A A",
                 "inversion A/B; inversion A/B panic")
TEST_CASE_SCRIPT("modes: off inside of a handler", "", "( off ) A warn A -A", "")
TEST_CASE_SCRIPT(
    "modes: off and warn inside of a handler: what the interrupted code held is forgotten", "ranks",
    "B ( off warn A -A ) A -A end", "")
TEST_CASE_SCRIPT("modes: off and warn inside of a handler that keeps a lock", "ranks",
                 "B ( off warn A ) -A end", "held_at_exit -/A")
TEST_CASE_SCRIPT("modes: warn inside of a handler that began in off", "off",
                 "( warn A -A ) A -A end", "")
TEST_CASE_SCRIPT("modes: two threads that see the new mode at different times", "",
                 "1: A 2: B off 1: -A warn 2: -B B -B 1: A -A end", "")
