/* tests/models/spin_lock.pml - SpinLock: exclusion, no lost turn, bounded overtaking.
 *
 * Three threads take and release the lock twice. Each step has the label of the line of
 * include/lamina/sync/spin_lock.hpp it stands for. NUMA nodes are left out; how long a waiter is
 * patient is left open, so any patience is covered.
 *
 * Memory: what a thread stores plainly, others may see late; a release makes all of it seen. What
 * it loads plainly it may have loaded early; an acquire forbids that. So each order that a line
 * asks for has a mutation without it (BROKEN), and so has each second look. The model holds with
 * none of them, and fails with each: models_test.py tries that. */

#define THREADS 3
#define HOLDS 2
#define OVERTAKINGS_MAX 1
/* Of each thread. Places are numbered from 1 up, as tags are. */
#define PLACES 2

/* What is broken: BROKEN is read once, from the environment. */
#define RELEASE_RELAXED 1   /* [spin-release] does not make the data seen */
#define TAKE_RELAXED 2      /* [spin-take] does not keep the data from being loaded early */
#define FIRST_RELAXED 3     /* nor [spin-first] */
#define OVERTAKE_RELAXED 4  /* nor [spin-overtake] */
#define ENQUEUE_RELAXED 5   /* [spin-enqueue] does not make the cleared link of the place seen */
#define FREE_RELAXED 6      /* [spin-free] may be seen before the link is read */
#define LEAVE_BLINDLY 7     /* [spin-leave] does not look whether the turn has come */
#define PASS_BLINDLY 8      /* [spin-pass] does not look whether somebody waits there */
#define CLOSE_BLINDLY 9     /* [spin-close] does not look whether somebody has queued */
#define LINK_UNAWAITED 10   /* [spin-linked] does not wait for the newcomer's link */
#define BOUND_UNKNOWN 11    /* [spin-overtake] does not look at the count */
#define NEVER_OVERTAKEN 12  /* no step: the claim that overtaking does not happen at all */
byte broken;

mtype = { free, waiting, head, left };

/* The word, and the places. */
byte held, count, tail;
mtype place[7] = free;
byte next[7];
bool next_late[7]; /* the store of 0 to next is not seen yet */

/* What the lock guards: a counter. */
byte data;
byte unseen[THREADS]; /* the value stored by a thread and not seen yet, plus 1 */

/* For the checks only. */
byte inside, holds_done, finished;
bool is_first[THREADS];
byte overtaken[THREADS];
bool was_overtaken;

#define word_is_0 (held == 0 && count == 0 && tail == 0)
#define may_overtake \
    (held == 0 && (tail == 0 || count < OVERTAKINGS_MAX || broken == BOUND_UNKNOWN))

inline load_early(relaxed) {
    if
    :: broken == relaxed -> early = data
    :: else
    fi
}

/* The lock is taken: nobody else has it, and the data is what the last holder left. */
inline enter(relaxed) {
    held = 1;
    inside++;
    assert(inside == 1);
    is_first[me] = false;
    overtaken[me] = 0;
    for (i : 0 .. THREADS - 1) {
        if
        :: is_first[i] ->
            overtaken[i]++;
            was_overtaken = true;
            assert(overtaken[i] <= OVERTAKINGS_MAX)
        :: else
        fi
    }
    i = 0;
    if
    :: broken == relaxed -> seen = early
    :: else -> seen = data
    fi;
    early = 0;
    assert(seen == holds_done)
}

/* pass_turn: `from` is first in the queue. */
inline pass_turn() {
    do
    :: true ->
        if
        :: broken == FREE_RELAXED -> place[from] = free
        :: else
        fi;
        if
        :: next[from] != 0 -> to = next[from]
        :: else ->
            atomic { /* [spin-close] */
                if
                :: tail == from || broken == CLOSE_BLINDLY ->
                    tail = 0;
                    count = 0;
                    to = 0
                :: else -> to = 255
                fi
            }
            if
            :: to == 255 && broken == LINK_UNAWAITED -> to = 0
            :: to == 255 && broken != LINK_UNAWAITED ->
                atomic { next[from] != 0 -> to = next[from] } /* [spin-linked] */
            :: else
            fi
        fi;
        if
        :: broken != FREE_RELAXED -> place[from] = free /* [spin-free] */
        :: else
        fi;
        if
        :: to == 0 -> break
        :: else
        fi;
        atomic { /* [spin-pass] */
            if
            :: place[to] == waiting || broken == PASS_BLINDLY ->
                place[to] = head;
                is_first[(to - 1) / PLACES] = true;
                break
            :: else -> from = to
            fi
        }
    od;
    from = 0;
    to = 0
}

proctype thread(byte me) {
    byte hold, i, mine, before, from, to, seen, early;

again:
    load_early(TAKE_RELAXED);
    if
    :: atomic { word_is_0 -> enter(TAKE_RELAXED) } /* [spin-take] */
        goto critical
    :: else
    fi;

    atomic { /* SpinQueue::claim [spin-claim] */
        if
        :: place[1 + me * PLACES] == free -> mine = 1 + me * PLACES
        :: else ->
            if
            :: place[2 + me * PLACES] == free -> mine = 2 + me * PLACES
            :: else -> mine = 0
            fi
        fi;
        if
        :: mine != 0 -> place[mine] = waiting; next_late[mine] = true
        :: else
        fi
    }
    if
    :: mine == 0 -> /* wait_outside */
        load_early(OVERTAKE_RELAXED);
        atomic { /* [spin-overtake] */
            may_overtake ->
            if
            :: tail != 0 -> count++
            :: else
            fi;
            enter(OVERTAKE_RELAXED)
        }
        goto critical
    :: else
    fi;

    load_early(TAKE_RELAXED);
    atomic { /* [spin-enqueue] */
        if
        :: word_is_0 ->
            place[mine] = free;
            next_late[mine] = false;
            enter(TAKE_RELAXED);
            goto critical
        :: else ->
            before = tail;
            tail = mine;
            if
            :: broken != ENQUEUE_RELAXED -> next[mine] = 0; next_late[mine] = false
            :: else
            fi;
            if
            :: before == 0 -> is_first[me] = true
            :: else
            fi
        fi
    }
    if
    :: before != 0 ->
        next[before] = mine; /* [spin-link] */
        before = 0;
        load_early(OVERTAKE_RELAXED);
        if
        :: place[mine] == head /* [spin-turn] */
        :: atomic { may_overtake -> count++; enter(OVERTAKE_RELAXED) } /* [spin-overtake] */
            atomic { /* [spin-leave] */
                if
                :: place[mine] == waiting || broken == LEAVE_BLINDLY ->
                    place[mine] = left;
                    mine = 0;
                    goto critical
                :: else
                fi
            }
            from = mine;
            pass_turn();
            goto critical
        fi
    :: else
    fi;

    load_early(FIRST_RELAXED);
    atomic { /* [spin-first] */
        held == 0 ->
        count = 0;
        enter(FIRST_RELAXED);
        if
        :: tail == mine ->
            tail = 0;
            place[mine] = free;
            mine = 0;
            goto critical
        :: else -> from = mine
        fi
    }
    pass_turn();

critical:
    atomic { mine = 0; unseen[me] = seen + 2; seen = 0 }
    atomic { /* [spin-release] */
        if
        :: broken != RELEASE_RELAXED -> data = unseen[me] - 1; unseen[me] = 0
        :: else
        fi;
        inside--;
        holds_done++;
        held = 0
    }
    hold++;
    if
    :: hold < HOLDS -> goto again
    :: else -> finished++
    fi
}

/* Makes late stores seen, at any moment. */
proctype memory() {
    byte i;
end:
    do
    :: broken == RELEASE_RELAXED && unseen[i] != 0 ->
        atomic { data = unseen[i] - 1; unseen[i] = 0 }
    :: i + 1 < THREADS -> i++
    :: i > 0 -> i = 0
    od
}
proctype late_links() {
    byte i = 1;
end:
    do
    :: atomic { next_late[i] -> next[i] = 0; next_late[i] = false }
    :: i < THREADS * PLACES -> i++
    :: i > 1 -> i = 1
    od
}

init {
    byte i;
    c_code { now.broken = getenv("BROKEN") ? atoi(getenv("BROKEN")) : 0; };
    atomic {
        for (i : 0 .. THREADS - 1) {
            run thread(i)
        }
        if
        :: broken == RELEASE_RELAXED -> run memory()
        :: broken == ENQUEUE_RELAXED -> run late_links()
        :: else
        fi;
        i = 0
    }
    finished == THREADS;
    assert(word_is_0 && inside == 0);
    for (i : 1 .. THREADS * PLACES) {
        assert(place[i] == free)
    }
    assert(broken != NEVER_OVERTAKEN || !was_overtaken)
}
