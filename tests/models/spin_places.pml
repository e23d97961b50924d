/* tests/models/spin_places.pml - the word of a spin lock, and the places of its waiters.
 *
 * Before it is included: THREADS, `numa_of`, `me`, and the mutations of spin_lock.pml. */

mtype = { free, waiting, head, left };

/* The word, and the places: numbered from 1 up, as tags are. */
byte held, count, tail;
mtype place[THREADS + 1] = free;
byte next[THREADS + 1], preferred[THREADS + 1];
byte aside_first[THREADS + 1], aside_last[THREADS + 1];

/* Carriers: threads, the word, and of each place its state and its link. */
#define WORD THREADS
#define PLACE(n) (THREADS + n)
#define NEXT(n) (2 * THREADS + n)
#define CARRIERS (3 * THREADS + 1)
/* Things: what the lock guards; the plain fields of each place; and what stands in its link before
 * a newcomer links itself: the 0 that claim() stores, or what a head stores in place of it. */
#define DATA 0
#define FIELDS(n) n
#define UNLINKED(n) (THREADS + n)
#define THINGS (2 * THREADS + 1)
#include "happens_before.pml"

/* For the checks only: how many went before the first of those set aside. */
byte passed_over[THREADS + 1];
bool was_preferred;

/* Loads a link, and not one from before it was cleared. */
inline load_next(at, without) {
    assert(has_heard(UNLINKED(at)));
    acquire(NEXT(at), without);
    to = next[at]
}
inline store_next(at, value) {
    access(UNLINKED(at));
    next[at] = value;
    store_relaxed(NEXT(at))
}

/* `found` is of the same NUMA node as those that had the turn; those from `to` to `before` are set
 * aside, behind those that `from` has set aside. */
inline set_aside() {
    aside_first[found] = aside_first[from];
    aside_last[found] = aside_last[from];
    if
    :: before != 0 ->
        if
        :: broken != ASIDE_OPEN -> store_next(before, 0) /* [spin-set-aside] */
        :: else
        fi;
        if
        :: aside_last[from] != 0 -> store_next(aside_last[from], to)
        :: else -> aside_first[found] = to
        fi;
        aside_last[found] = before;
        before = 0
    :: else
    fi;
    if
    :: aside_first[found] != 0 ->
        preferred[found] = preferred[from] + 1;
        passed_over[aside_first[found]]++;
        was_preferred = true;
        assert(passed_over[aside_first[found]] <= PREFERRED_MAX)
    :: else -> preferred[found] = 0
    fi
}
