/* tests/models/adaptive_mutex.pml - AdaptiveMutex: exclusion, no lost wake-up, bounded overtaking.
 *
 * Three threads take and release the mutex twice; the waits of the last may end at any moment by a
 * deadline. Each step has the label of the line of include/lamina/sync/blocking_lock.hpp it stands
 * for. The turnstile guard is a lock that works (spin_lock.pml), the queue a plain list
 * (turnstile.pml has the priorities). How long a waiter polls is left open.
 *
 * BROKEN and memory are as in spin_lock.pml. */

#define THREADS 3
#define HOLDS 2
#define OVERTAKINGS_MAX 1
#define HAS_DEADLINE (me == THREADS - 1)

#define FREE_RELAXED 1      /* [mutex-free] does not make the data seen */
#define TAKE_RELAXED 2      /* [mutex-take] does not keep the data from being loaded early */
#define FREE_BLINDLY 3      /* [mutex-free] does not look whether somebody sleeps */
#define ANNOUNCE_NOT 4      /* [mutex-announce] does not set the bit */
#define ANNOUNCE_BLINDLY 5  /* [mutex-announce] does not look whether the owner is still there */
#define RECHECK_NOT 6       /* [mutex-recheck] believes what was seen before the guard was taken */
#define SIGNAL_LATE 7       /* [mutex-signal] is cleared after the guard is released */
#define SLEEP_BLINDLY 8     /* [mutex-sleep] does not compare the signal */
#define GRANT_UNSEEN 9      /* [mutex-granted] is not looked for */
#define NOBODY_UNSEEN 10    /* [mutex-nobody] is not looked for: the release does nothing */
#define WAKE_FORGOTTEN 11   /* [mutex-wake] does not happen */
#define BOUND_UNKNOWN 12    /* [mutex-hand-over] does not happen */
#define NEVER_OVERTAKEN 13  /* no step: the claim that overtaking does not happen at all */
byte broken;

/* The word: who owns it, 1 and up, and whether somebody sleeps. */
byte owner;
bool sleepers;

/* The turnstile. */
bool guard;
byte queue[THREADS], queued; /* who sleeps, 1 and up; how many */
byte overtaken_here[THREADS];
bool signal[THREADS], asleep[THREADS];

/* What the mutex guards: a counter. */
byte data;
byte unseen[THREADS]; /* the value stored by a thread and not seen yet, plus 1 */

/* For the checks only. */
byte inside, holds_done, finished;
byte overtaken[THREADS];
bool was_overtaken;

inline load_early() {
    if
    :: broken == TAKE_RELAXED -> early = data
    :: else
    fi
}
inline enter() {
    inside++;
    assert(inside == 1);
    overtaken[me] = 0;
    seen = data
}
inline count_overtaking() {
    if
    :: queued > 0 && queue[0] != me + 1 ->
        overtaken[queue[0] - 1]++;
        was_overtaken = true;
        assert(overtaken[queue[0] - 1] <= OVERTAKINGS_MAX)
    :: else
    fi
}
/* Takes `who` out of the queue. */
inline remove(who) {
    at = 0;
    do
    :: queue[at] == who -> break
    :: else -> at++
    od;
    queued--;
    do
    :: at < queued -> queue[at] = queue[at + 1]; at++
    :: else -> break
    od;
    queue[queued] = 0;
    at = 0
}
inline publish() {
    if
    :: broken != FREE_RELAXED && unseen[me] != 0 -> data = unseen[me] - 1; unseen[me] = 0
    :: else
    fi;
    inside--;
    holds_done++
}

proctype thread(byte me) {
    byte hold, seen, early, seen_owner, at, woken;
    bool seen_sleepers, was_queued;

again:
    load_early();
    if
    :: atomic { owner == 0 && !sleepers -> owner = me + 1; enter() } /* [mutex-take] */
        if
        :: broken == TAKE_RELAXED -> seen = early
        :: else
        fi;
        goto critical
    :: owner != 0 || sleepers
    fi;
    if
    :: atomic { owner == 0 && !sleepers -> owner = me + 1; enter() } /* [mutex-poll] */
        goto critical
    :: true
    fi;
    if
    :: broken == RECHECK_NOT -> atomic { seen_owner = owner; seen_sleepers = sleepers }
    :: else
    fi;

sleep:
    atomic { !guard -> guard = true }
    atomic { /* [mutex-granted] */
        if
        :: was_queued && broken != GRANT_UNSEEN ->
            at = 0;
            do
            :: at < queued && queue[at] != me + 1 -> at++
            :: else -> break
            od;
            if
            :: at == queued ->
                at = 0;
                was_queued = false;
                guard = false;
                enter();
                goto critical
            :: else -> at = 0
            fi
        :: else
        fi
    }
    if
    :: broken != RECHECK_NOT || was_queued ->
        atomic { seen_owner = owner; seen_sleepers = sleepers } /* [mutex-recheck] */
    :: else
    fi;
look:
    if
    :: seen_owner == 0 && !seen_sleepers ->
        atomic { /* [mutex-take-free] */
            if
            :: owner == 0 && !sleepers ->
                owner = me + 1;
                enter();
                guard = false;
                was_queued = false;
                seen_owner = 0;
                goto critical
            :: else -> seen_owner = owner; seen_sleepers = sleepers; goto look
            fi
        }
    :: seen_owner == 0 && seen_sleepers ->
        atomic { /* [mutex-overtake] */
            if
            :: queued > 0 && queue[0] != me + 1 -> overtaken_here[queue[0] - 1]++
            :: else
            fi;
            count_overtaking();
            if
            :: was_queued -> remove(me + 1)
            :: else
            fi;
            owner = me + 1;
            sleepers = (queued > 0);
            enter();
            guard = false;
            was_queued = false;
            seen_sleepers = false;
            goto critical
        }
    :: seen_owner != 0 && HAS_DEADLINE -> /* it has passed */
        atomic { /* [mutex-withdraw] */
            if
            :: was_queued ->
                remove(me + 1);
                overtaken[me] = 0;
                if
                :: queued == 0 -> sleepers = false
                :: else
                fi
            :: else
            fi;
            was_queued = false;
            seen_owner = 0;
            seen_sleepers = false;
            guard = false;
            goto next
        }
    :: seen_owner != 0
    fi;
    if
    :: !was_queued ->
        if
        :: !seen_sleepers ->
            atomic { /* [mutex-announce] */
                if
                :: broken == ANNOUNCE_NOT
                :: broken == ANNOUNCE_BLINDLY -> owner = seen_owner; sleepers = true
                :: broken != ANNOUNCE_NOT && broken != ANNOUNCE_BLINDLY ->
                    if
                    :: owner == seen_owner && !sleepers -> sleepers = true
                    :: else -> seen_owner = owner; seen_sleepers = sleepers; goto look
                    fi
                fi
            }
        :: else
        fi;
        atomic { /* Turnstile::enqueue */
            queue[queued] = me + 1;
            queued++;
            overtaken_here[me] = 0;
            overtaken[me] = 0;
            was_queued = true
        }
    :: else
    fi;
    atomic {
        if
        :: broken != SIGNAL_LATE -> signal[me] = false /* [mutex-signal] */
        :: else
        fi;
        seen_owner = 0;
        seen_sleepers = false;
        guard = false
    }
    if
    :: broken == SIGNAL_LATE -> signal[me] = false
    :: else
    fi;
    atomic { /* [mutex-sleep] */
        if
        :: !signal[me] || broken == SLEEP_BLINDLY -> asleep[me] = true
        :: else -> goto sleep
        fi
    }
    atomic { !asleep[me] || HAS_DEADLINE -> asleep[me] = false }
    goto sleep;

critical:
    atomic { assert(seen == holds_done); unseen[me] = seen + 2; seen = 0; early = 0 }
    atomic { /* [mutex-free] */
        if
        :: !sleepers || broken == FREE_BLINDLY ->
            publish();
            owner = 0;
            sleepers = false;
            goto next
        :: else
        fi
    }
    atomic { !guard -> guard = true } /* release_to_sleepers */
    atomic {
        if
        :: queued == 0 -> /* [mutex-nobody] */
            if
            :: broken != NOBODY_UNSEEN -> publish(); owner = 0; sleepers = false
            :: else
            fi
        :: queued > 0 && overtaken_here[queue[0] - 1] >= OVERTAKINGS_MAX &&
            broken != BOUND_UNKNOWN -> /* [mutex-hand-over] */
            publish();
            woken = queue[0];
            remove(woken);
            owner = woken;
            sleepers = (queued > 0)
        :: else ->
            publish();
            woken = queue[0];
            owner = 0;
            sleepers = true
        fi;
        if
        :: woken != 0 -> signal[woken - 1] = true
        :: else
        fi;
        guard = false
    }
    if
    :: woken != 0 && broken != WAKE_FORGOTTEN ->
        atomic { asleep[woken - 1] = false; woken = 0 } /* [mutex-wake] */
    :: else -> woken = 0
    fi;
next:
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
    :: atomic { unseen[i] != 0 -> data = unseen[i] - 1; unseen[i] = 0 }
    :: i + 1 < THREADS -> i++
    :: i > 0 -> i = 0
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
        :: broken == FREE_RELAXED -> run memory()
        :: else
        fi;
        i = 0
    }
    finished == THREADS;
    assert(owner == 0 && !sleepers && queued == 0 && !guard && inside == 0);
    assert(broken != NEVER_OVERTAKEN || !was_overtaken)
}
