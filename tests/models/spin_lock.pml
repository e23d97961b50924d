/* tests/models/spin_lock.pml - SpinLock: exclusion, no lost turn, bounded overtaking, no race.
 *
 * Each step has the label of the line of spin_core.hpp, spin_queue.hpp or numa_order.hpp (all in
 * include/lamina/sync) it stands for. How long a waiter is patient and how far the search for one's
 * own NUMA node goes are left open, so any tuning of them is covered; the waits of the last thread
 * may end at any moment by a deadline. Each thread has one place: who left it spins outside.
 *
 * Scenes: three threads take and release the lock twice, as they like. In SCENE_ASIDE four of two
 * NUMA nodes queue by turns behind a holder; then it lets go, and a fifth comes.
 *
 * What memory orders carry is in happens_before.pml. Each order that a line asks for has a mutation
 * without it (BROKEN), and so has each second look. The model holds with none of them, and fails
 * with each, in one of the scenes at least: models_test.py tries that. */

#ifdef SCENE_ASIDE
#define THREADS 5
#define holds_of(thread) 1
#define numa_of(number) (number % 2)
#define OVERTAKINGS_MAX 1
#define PREFERRED_MAX 2
#else
#define THREADS 3
#define holds_of(thread) 2
#define numa_of(number) (number == 2)
#define OVERTAKINGS_MAX 2
#define PREFERRED_MAX 1
#endif
#define has_deadline (me == THREADS - 1)

/* What is broken: BROKEN is read once, from the environment. */
#define RELEASE_RELAXED 1   /* [spin-release] without release: the data */
#define TAKE_RELAXED 2      /* [spin-take] without acquire: the data */
#define FIRST_RELAXED 3     /* [spin-first] without acquire: the data */
#define OVERTAKE_RELAXED 4  /* [spin-overtake] without acquire: the data */
#define CLAIM_RELAXED 5     /* [spin-claim] without acquire: the last use of the place */
#define ENQUEUE_UNSEEING 6  /* [spin-enqueue] without acquire: the data, the cleared link */
#define ENQUEUE_UNSEEN 7    /* [spin-enqueue] without release: the cleared link */
#define LINK_RELAXED 8      /* [spin-link] without release: what is written in the new place */
#define NEXT_RELAXED 9      /* [spin-next] without acquire: the same, of the next */
#define LINKED_RELAXED 10   /* [spin-linked] without acquire: the same, of a newcomer */
#define BEHIND_RELAXED 11   /* [spin-behind] without acquire: the same, of those after the next */
#define PASS_RELAXED 12     /* [spin-pass] without release: who is set aside */
#define TURN_RELAXED 13     /* [spin-turn] without acquire: who is set aside */
#define LEAVE_RELAXED 14    /* [spin-leave] without acquire if it fails: who is set aside */
#define CLOSE_RELAXED 15    /* [spin-close] without release: the link of the new last */
#define FREE_RELAXED 16     /* [spin-free] without release: the last use of the place */
#define TAKE_BLINDLY 17     /* [spin-take] does not look whether it is free */
#define FIRST_BLINDLY 18    /* [spin-first] does not look whether it is held */
#define OVERTAKE_BLINDLY 19 /* [spin-overtake] does not look whether it is held */
#define BOUND_UNKNOWN 20    /* [spin-overtake] does not look at the count */
#define CLAIM_BLINDLY 21    /* [spin-claim] does not look whether the place is free */
#define ENQUEUE_BLINDLY 22  /* [spin-enqueue] does not look whether another has queued meanwhile */
#define TURN_UNAWAITED 23   /* [spin-turn] does not look whether the turn has come */
#define LEAVE_BLINDLY 24    /* [spin-leave] does not look whether the turn has come */
#define PASS_BLINDLY 25     /* [spin-pass] does not look whether somebody waits there */
#define CLOSE_BLINDLY 26    /* [spin-close] does not look whether somebody has queued */
#define LINK_UNAWAITED 27   /* [spin-linked] does not wait for the newcomer's link */
#define ALONE_BLINDLY 28    /* [spin-alone] does not look whether somebody is set aside */
#define ASIDE_LOST 29       /* [spin-aside] does not put the next behind those set aside */
#define ASIDE_OPEN 30       /* [spin-set-aside] does not end the list of those set aside */
#define PREFERRED_ALWAYS 31 /* [spin-prefer] does not look how many were preferred */
#define NEVER_OVERTAKEN 32  /* no step: the claim that overtaking does not happen at all */
#define NEVER_PREFERRED 33  /* no step: the claim that nobody is preferred twice in a row */
byte broken;

#include "spin_places.pml"

/* For the checks only. */
byte inside, finished;
bool is_first[THREADS];
byte overtaken[THREADS];
bool was_overtaken;
#ifdef SCENE_ASIDE
bool opened; /* the fifth may come */
#endif

#define word_is_0 (held == 0 && count == 0 && tail == 0)
#define may_overtake \
    ((held == 0 || broken == OVERTAKE_BLINDLY) && \
     (tail == 0 || count < OVERTAKINGS_MAX || broken == BOUND_UNKNOWN))

/* The lock is taken: nobody else has it, and the data is what the last holder left. */
inline enter() {
    held = 1;
    inside++;
    assert(inside == 1);
    access(DATA);
    is_first[me] = false;
    overtaken[me] = 0;
    for (c : 0 .. THREADS - 1) {
        if
        :: is_first[c] ->
            overtaken[c]++;
            was_overtaken = true;
            assert(overtaken[c] <= OVERTAKINGS_MAX)
        :: else
        fi
    }
    c = 0
}
inline overtake() { /* [spin-overtake] */
    if
    :: tail != 0 -> count++
    :: else
    fi;
    acquire(WORD, OVERTAKE_RELAXED);
    enter()
}

proctype thread(byte me) {
    byte hold, mine, before, from, to, found, numa, c;
    bool taken;

#ifdef SCENE_ASIDE
    (tail == me && me < THREADS - 1) || opened;
#endif
again:
    taken = true;
    if
    :: atomic { /* [spin-take] */
        word_is_0 || broken == TAKE_BLINDLY ->
        acquire(WORD, TAKE_RELAXED);
        enter();
        goto critical
    }
    :: atomic { count != 0 && may_overtake -> overtake() } /* [spin-overtake], from wait() */
        goto critical
    :: !word_is_0
    fi;

    mine = me + 1;
    atomic { /* PlaceQueue::claim [spin-claim] */
        if
        :: place[mine] == free || broken == CLAIM_BLINDLY ->
            place[mine] = waiting;
            acquire(PLACE(mine), CLAIM_RELAXED);
            access(FIELDS(mine));
            store_next(mine, 0);
            preferred[mine] = 0;
            aside_first[mine] = 0;
            aside_last[mine] = 0;
            passed_over[mine] = 0
        :: else -> mine = 0
        fi
    }
    if
    :: mine == 0 -> /* wait_outside */
        if
        :: atomic { may_overtake -> overtake() } /* [spin-overtake] */
            goto critical
        :: has_deadline -> goto next_hold
        fi
    :: else
    fi;

    if
    :: broken == ENQUEUE_BLINDLY -> before = tail
    :: else
    fi;
    atomic { /* [spin-enqueue] */
        acquire(WORD, ENQUEUE_UNSEEING);
        if
        :: word_is_0 ->
            place[mine] = free; /* nobody else has seen it */
            store_relaxed(PLACE(mine));
            mine = 0;
            enter();
            goto critical
        :: else ->
            release(WORD, ENQUEUE_UNSEEN);
            before = (broken == ENQUEUE_BLINDLY -> before : tail);
            tail = mine;
            if
            :: before == 0 -> is_first[me] = true
            :: else
            fi
        fi
    }
    if
    :: before == 0 -> goto first
    :: else
    fi;
    atomic { /* [spin-link] */
        assert(has_heard(UNLINKED(before)));
        next[before] = mine;
        store_release(NEXT(before), LINK_RELAXED);
        before = 0
    }
    if
    :: atomic { /* [spin-turn] */
        place[mine] == head || broken == TURN_UNAWAITED ->
        acquire(PLACE(mine), TURN_RELAXED);
        goto first
    }
    :: atomic { may_overtake -> overtake() } /* [spin-overtake] */
    :: has_deadline -> taken = false
    fi;
    atomic { /* [spin-leave] */
        if
        :: place[mine] == waiting || broken == LEAVE_BLINDLY ->
            place[mine] = left;
            mine = 0;
            goto outcome
        :: else -> acquire(PLACE(mine), LEAVE_RELAXED); goto pass_turn
        fi
    }

first:
    if
    :: atomic { /* [spin-first] */
        held == 0 || broken == FIRST_BLINDLY ->
        count = 0;
        acquire(WORD, FIRST_RELAXED);
        enter();
        access(FIELDS(mine));
        if
        :: tail == mine && /* [spin-alone] */
            (aside_first[mine] == 0 || broken == ALONE_BLINDLY) ->
            tail = 0;
            count = 0;
            place[mine] = free; /* nobody else will see it */
            store_relaxed(PLACE(mine));
            mine = 0;
            goto critical
        :: else
        fi
        }
    :: has_deadline -> taken = false
    fi;

pass_turn:
    atomic {
        from = mine;
        numa = numa_of(from);
        mine = 0;
        is_first[me] = false;
        overtaken[me] = 0
    }
    do
    :: atomic { /* [spin-next] */
            access(FIELDS(from));
            load_next(from, NEXT_RELAXED)
        }
        if
        :: to == 0 ->
            atomic { /* [spin-close] */
                if
                :: tail == from || broken == CLOSE_BLINDLY ->
                    tail = aside_last[from];
                    if
                    :: tail == 0 -> count = 0
                    :: else
                    fi;
                    release(WORD, CLOSE_RELAXED);
                    to = aside_first[from];
                    goto freed
                :: broken == LINK_UNAWAITED -> goto freed
                :: else
                fi
            }
            atomic { next[from] != 0 -> load_next(from, LINKED_RELAXED) } /* [spin-linked] */
        :: else
        fi;

        /* prefer(): */
        found = 0;
        if
        :: preferred[from] < PREFERRED_MAX || aside_first[from] == 0 ||
            broken == PREFERRED_ALWAYS -> /* [spin-prefer] */
            found = to;
            do
            :: atomic {
                    access(FIELDS(found));
                    if
                    :: numa_of(found) == numa -> set_aside(); break
                    :: else
                    fi
                }
                if
                :: atomic { /* [spin-behind] */
                        c = to;
                        load_next(found, BEHIND_RELAXED);
                        before = found;
                        found = to;
                        to = c;
                        c = 0;
                        if
                        :: found == 0 -> before = 0; break
                        :: else
                        fi
                    }
                :: found = 0; before = 0; break /* the search goes no further */
                fi
            od
        :: else
        fi;
        atomic {
            if
            :: found != 0 -> to = found; found = 0
            :: found == 0 && aside_first[from] != 0 -> /* [spin-aside] */
                if
                :: broken != ASIDE_LOST -> store_next(aside_last[from], to)
                :: else
                fi;
                to = aside_first[from]
            :: else
            fi
        }
freed:
        atomic { /* [spin-free] */
            place[from] = free;
            store_release(PLACE(from), FREE_RELAXED);
            from = 0
        }
        if
        :: to == 0 -> break
        :: else
        fi;
        atomic { /* [spin-pass] */
            if
            :: place[to] == waiting || broken == PASS_BLINDLY ->
                place[to] = head;
                release(PLACE(to), PASS_RELAXED);
                is_first[to - 1] = true;
                to = 0;
                break
            :: else -> from = to; to = 0
            fi
        }
    od;
    numa = 0;

outcome:
    if
    :: taken -> goto critical
    :: else -> goto next_hold
    fi;

critical:
    atomic { /* [spin-release] */
        inside--;
        held = 0;
        release(WORD, RELEASE_RELAXED) /* of one byte: the others keep what they carry */
    }
next_hold:
    hold++;
    if
    :: hold < holds_of(me) -> goto again
    :: else -> finished++
    fi
}

init {
    byte c;
    c_code { now.broken = getenv("BROKEN") ? atoi(getenv("BROKEN")) : 0; };
    atomic {
#ifdef SCENE_ASIDE
        held = 1;
#endif
        for (c : 0 .. THREADS - 1) {
            heard[c] = (1 << THINGS) - 1;
            run thread(c)
        }
        c = 0
    }
#ifdef SCENE_ASIDE
    atomic { tail == THREADS - 1 -> held = 0; opened = true }
#endif
    finished == THREADS;
    assert(word_is_0 && inside == 0);
    for (c : 1 .. THREADS) {
        assert(place[c] == free)
    }
    assert(broken != NEVER_OVERTAKEN || !was_overtaken);
    assert(broken != NEVER_PREFERRED || !was_preferred)
}
