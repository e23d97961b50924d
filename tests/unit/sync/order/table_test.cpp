// tests/unit/sync/order/table_test.cpp - levels as another system numbers them, every pair of them.
#include "tests/unit/sync/order/script.hpp"

// Another table than that of rank.hpp: scheduler 10, memory 20, ipc 30, filesystem 40, device 50,
// net 60, crypto 70, user 80, as A to H. The validator knows only the numbers.

TEST_CASE_SCRIPT("other table: memory inside of scheduler is in order", "ranks", "A B -B -A", "")
TEST_CASE_SCRIPT("other table: ipc inside of scheduler is in order", "ranks", "A C -C -A", "")
TEST_CASE_SCRIPT("other table: filesystem inside of scheduler is in order", "ranks", "A D -D -A",
                 "")
TEST_CASE_SCRIPT("other table: device inside of scheduler is in order", "ranks", "A E -E -A", "")
TEST_CASE_SCRIPT("other table: net inside of scheduler is in order", "ranks", "A F -F -A", "")
TEST_CASE_SCRIPT("other table: crypto inside of scheduler is in order", "ranks", "A G -G -A", "")
TEST_CASE_SCRIPT("other table: user inside of scheduler is in order", "ranks", "A H -H -A", "")
TEST_CASE_SCRIPT("other table: ipc inside of memory is in order", "ranks", "B C -C -B", "")
TEST_CASE_SCRIPT("other table: filesystem inside of memory is in order", "ranks", "B D -D -B", "")
TEST_CASE_SCRIPT("other table: device inside of memory is in order", "ranks", "B E -E -B", "")
TEST_CASE_SCRIPT("other table: net inside of memory is in order", "ranks", "B F -F -B", "")
TEST_CASE_SCRIPT("other table: crypto inside of memory is in order", "ranks", "B G -G -B", "")
TEST_CASE_SCRIPT("other table: user inside of memory is in order", "ranks", "B H -H -B", "")
TEST_CASE_SCRIPT("other table: filesystem inside of ipc is in order", "ranks", "C D -D -C", "")
TEST_CASE_SCRIPT("other table: device inside of ipc is in order", "ranks", "C E -E -C", "")
TEST_CASE_SCRIPT("other table: net inside of ipc is in order", "ranks", "C F -F -C", "")
TEST_CASE_SCRIPT("other table: crypto inside of ipc is in order", "ranks", "C G -G -C", "")
TEST_CASE_SCRIPT("other table: user inside of ipc is in order", "ranks", "C H -H -C", "")
TEST_CASE_SCRIPT("other table: device inside of filesystem is in order", "ranks", "D E -E -D", "")
TEST_CASE_SCRIPT("other table: net inside of filesystem is in order", "ranks", "D F -F -D", "")
TEST_CASE_SCRIPT("other table: crypto inside of filesystem is in order", "ranks", "D G -G -D", "")
TEST_CASE_SCRIPT("other table: user inside of filesystem is in order", "ranks", "D H -H -D", "")
TEST_CASE_SCRIPT("other table: net inside of device is in order", "ranks", "E F -F -E", "")
TEST_CASE_SCRIPT("other table: crypto inside of device is in order", "ranks", "E G -G -E", "")
TEST_CASE_SCRIPT("other table: user inside of device is in order", "ranks", "E H -H -E", "")
TEST_CASE_SCRIPT("other table: crypto inside of net is in order", "ranks", "F G -G -F", "")
TEST_CASE_SCRIPT("other table: user inside of net is in order", "ranks", "F H -H -F", "")
TEST_CASE_SCRIPT("other table: user inside of crypto is in order", "ranks", "G H -H -G", "")
TEST_CASE_SCRIPT("other table: scheduler inside of memory is reversed", "ranks", "B A -A -B",
                 "inversion A/B")
TEST_CASE_SCRIPT("other table: scheduler inside of ipc is reversed", "ranks", "C A -A -C",
                 "inversion A/C")
TEST_CASE_SCRIPT("other table: scheduler inside of filesystem is reversed", "ranks", "D A -A -D",
                 "inversion A/D")
TEST_CASE_SCRIPT("other table: scheduler inside of device is reversed", "ranks", "E A -A -E",
                 "inversion A/E")
TEST_CASE_SCRIPT("other table: scheduler inside of net is reversed", "ranks", "F A -A -F",
                 "inversion A/F")
TEST_CASE_SCRIPT("other table: scheduler inside of crypto is reversed", "ranks", "G A -A -G",
                 "inversion A/G")
TEST_CASE_SCRIPT("other table: scheduler inside of user is reversed", "ranks", "H A -A -H",
                 "inversion A/H")
TEST_CASE_SCRIPT("other table: memory inside of ipc is reversed", "ranks", "C B -B -C",
                 "inversion B/C")
TEST_CASE_SCRIPT("other table: memory inside of filesystem is reversed", "ranks", "D B -B -D",
                 "inversion B/D")
TEST_CASE_SCRIPT("other table: memory inside of device is reversed", "ranks", "E B -B -E",
                 "inversion B/E")
TEST_CASE_SCRIPT("other table: memory inside of net is reversed", "ranks", "F B -B -F",
                 "inversion B/F")
TEST_CASE_SCRIPT("other table: memory inside of crypto is reversed", "ranks", "G B -B -G",
                 "inversion B/G")
TEST_CASE_SCRIPT("other table: memory inside of user is reversed", "ranks", "H B -B -H",
                 "inversion B/H")
TEST_CASE_SCRIPT("other table: ipc inside of filesystem is reversed", "ranks", "D C -C -D",
                 "inversion C/D")
TEST_CASE_SCRIPT("other table: ipc inside of device is reversed", "ranks", "E C -C -E",
                 "inversion C/E")
TEST_CASE_SCRIPT("other table: ipc inside of net is reversed", "ranks", "F C -C -F",
                 "inversion C/F")
TEST_CASE_SCRIPT("other table: ipc inside of crypto is reversed", "ranks", "G C -C -G",
                 "inversion C/G")
TEST_CASE_SCRIPT("other table: ipc inside of user is reversed", "ranks", "H C -C -H",
                 "inversion C/H")
TEST_CASE_SCRIPT("other table: filesystem inside of device is reversed", "ranks", "E D -D -E",
                 "inversion D/E")
TEST_CASE_SCRIPT("other table: filesystem inside of net is reversed", "ranks", "F D -D -F",
                 "inversion D/F")
TEST_CASE_SCRIPT("other table: filesystem inside of crypto is reversed", "ranks", "G D -D -G",
                 "inversion D/G")
TEST_CASE_SCRIPT("other table: filesystem inside of user is reversed", "ranks", "H D -D -H",
                 "inversion D/H")
TEST_CASE_SCRIPT("other table: device inside of net is reversed", "ranks", "F E -E -F",
                 "inversion E/F")
TEST_CASE_SCRIPT("other table: device inside of crypto is reversed", "ranks", "G E -E -G",
                 "inversion E/G")
TEST_CASE_SCRIPT("other table: device inside of user is reversed", "ranks", "H E -E -H",
                 "inversion E/H")
TEST_CASE_SCRIPT("other table: net inside of crypto is reversed", "ranks", "G F -F -G",
                 "inversion F/G")
TEST_CASE_SCRIPT("other table: net inside of user is reversed", "ranks", "H F -F -H",
                 "inversion F/H")
TEST_CASE_SCRIPT("other table: crypto inside of user is reversed", "ranks", "H G -G -H",
                 "inversion G/H")
TEST_CASE_SCRIPT("other table: two classes of level scheduler are not held together",
                 "ranks X:spin@10", "A X -X -A", "equal_level X/A")
TEST_CASE_SCRIPT("other table: two classes of level memory are not held together",
                 "ranks X:spin@20", "B X -X -B", "equal_level X/B")
TEST_CASE_SCRIPT("other table: two classes of level ipc are not held together", "ranks X:spin@30",
                 "C X -X -C", "equal_level X/C")
TEST_CASE_SCRIPT("other table: two classes of level filesystem are not held together",
                 "ranks X:spin@40", "D X -X -D", "equal_level X/D")
TEST_CASE_SCRIPT("other table: two classes of level device are not held together",
                 "ranks X:spin@50", "E X -X -E", "equal_level X/E")
TEST_CASE_SCRIPT("other table: two classes of level net are not held together", "ranks X:spin@60",
                 "F X -X -F", "equal_level X/F")
TEST_CASE_SCRIPT("other table: two classes of level crypto are not held together",
                 "ranks X:spin@70", "G X -X -G", "equal_level X/G")
TEST_CASE_SCRIPT("other table: two classes of level user are not held together", "ranks X:spin@80",
                 "H X -X -H", "equal_level X/H")
TEST_CASE_SCRIPT("other table: all eight levels in order", "ranks",
                 "A B C D E F G H -H -G -F -E -D -C -B -A", "")
TEST_CASE_SCRIPT(
    "other table: all eight levels reversed, each against the innermost held", "ranks",
    "H G F E D C B A",
    "inversion G/H; inversion F/G; inversion E/F; inversion D/E; inversion C/D; inversion "
    "B/C; inversion A/B")
TEST_CASE_SCRIPT("other table: a level again after it was given back", "ranks",
                 "A B -B -A A B -B -A", "")
TEST_CASE_SCRIPT("other table: a level may be left out", "ranks", "A C E G -G -E -C -A", "")
TEST_CASE_SCRIPT("other table: an outer lock after a middle one was given back", "ranks",
                 "B -B A -A", "")
TEST_CASE_SCRIPT("other table: of several held, the innermost that stands against it is named",
                 "ranks", "A C D B", "inversion B/D")
TEST_CASE_SCRIPT("other table: what another thread holds is no inversion", "ranks", "1: B 2: A", "")
TEST_CASE_SCRIPT("other table: a reversed pair stays reversed, the right way round stays right",
                 "ranks", "B A -A -B A B -B -A", "inversion A/B")
TEST_CASE_SCRIPT("other table: a tried lock may be reversed", "ranks", "B A? -A -B", "")
TEST_CASE_SCRIPT("other table: after a reversed try the next wait is checked against both", "ranks",
                 "C A? B", "inversion B/C")
TEST_CASE_SCRIPT("other table: a level between two others fits between", "ranks",
                 "A C -C -A A B C -C -B -A", "")
TEST_CASE_SCRIPT("other table: the lowest level inside of the highest", "ranks", "H A",
                 "inversion A/H")
