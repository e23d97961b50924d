/* tests/models/adaptive_mutex.pml - AdaptiveMutex: exclusion, no lost wake-up, bounded overtaking.
 *
 * Three threads take and release the mutex twice; the second may only try; the waits of the last
 * may end at any moment by a deadline. In SCENE_DEATH the first ends with the mutex held, and a
 * fourth recovers it. Each step has the label of the line of include/lamina/sync/blocking_lock.hpp
 * or turnstile.hpp it stands for. How long a waiter polls is left open.
 *
 * The turnstile guard is one step to take and one to release: it excludes, and what its holder did
 * the next holder sees. That a SpinLock does both is what spin_lock.pml shows, that the mutex needs
 * both, the mutations of [turnstile-guard] and [turnstile-unguard]. The queue is a plain list, as
 * turnstile.pml has the priorities.
 *
 * BROKEN and scenes are as in spin_lock.pml, memory is as in happens_before.pml. The word changes
 * under the guard only while its bit is set, so who has the guard knows whether it is. */

#define THREADS 3
#define HOLDS 2
#define OVERTAKINGS_MAX 1
#define has_deadline (me == THREADS - 1)
#define may_try (me == 1)

#define FREE_RELAXED 1       /* [mutex-free] without release: the data */
#define TAKE_RELAXED 2       /* [mutex-take] without acquire: the data */
#define POLL_RELAXED 3       /* [mutex-poll] without acquire: the data */
#define TAKE_FREE_RELAXED 4  /* [mutex-take-free] without acquire: the data */
#define NOBODY_RELAXED 5     /* [mutex-nobody] without release: the data */
#define GUARD_RELAXED 6      /* [turnstile-guard] without acquire: what its last holder did */
#define UNGUARD_RELAXED 7    /* [turnstile-unguard] without release: the same */
#define GUARD_UNAWAITED 8    /* [turnstile-guard] does not wait for its holder */
#define GUARD_KEPT 9         /* [turnstile-unguard] does not happen */
#define TAKE_BLINDLY 10      /* [mutex-take] does not look whether it is free */
#define POLL_BLINDLY 11      /* [mutex-poll] does not look whether it still is free */
#define TAKE_FREE_BLINDLY 12 /* [mutex-take-free] does not look whether it still is free */
#define FREE_BLINDLY 13      /* [mutex-free] does not look whether somebody sleeps */
#define ANNOUNCE_NOT 14      /* [mutex-announce] does not set the bit */
#define ANNOUNCE_BLINDLY 15  /* [mutex-announce] does not look whether the owner is still there */
#define RECHECK_NOT 16       /* [mutex-recheck] believes what was seen before the guard was taken */
#define TRY_BLINDLY 17       /* [mutex-try] believes what was seen before the guard was taken */
#define SIGNAL_LATE 18       /* [mutex-signal] is cleared after the guard is released */
#define SLEEP_BLINDLY 19     /* [mutex-sleep] does not compare the signal */
#define ROUSE_NOT 20         /* [mutex-rouse] does not set the signal */
#define GRANT_UNSEEN 21      /* [mutex-granted] is not looked for */
#define NOBODY_UNSEEN 22     /* [mutex-nobody] is not looked for: the release does nothing */
#define WAKE_FORGOTTEN 23    /* [mutex-wake] does not happen */
#define UNCOUNTED 24         /* [mutex-overtake] does not count */
#define BOUND_UNKNOWN 25     /* [mutex-hand-over] does not happen */
#define WITHDRAWN_LEFT 26    /* [mutex-withdraw] leaves the thread in the queue */
#define WITHDRAWN_BIT 27     /* [mutex-last] leaves the bit of the last that slept */
#define SUSPECT_UNTOLD 28    /* [mutex-suspect] is not said by who takes it from a dead owner */
#define RECOVER_BLINDLY 29   /* [mutex-recover] does not look whether the dead still owns it */
#define NEVER_OVERTAKEN 30   /* no step: the claim that overtaking does not happen at all */
byte broken;

#include "mutex_steps.pml"

proctype thread(byte me) {
    byte hold, seen_owner, at, woken, c;
    bool seen_sleepers, was_queued;

again:
    if
    :: atomic { word_is_0 || broken == TAKE_BLINDLY -> /* [mutex-take] */
            owner = me + 1;
            acquire(WORD, TAKE_RELAXED);
            enter();
            goto critical
        }
    :: !word_is_0
    fi;
    if
    :: may_try && owner == 0 && sleepers -> goto try
    :: word_is_0 -> /* poll() */
        if
        :: atomic { word_is_0 || broken == POLL_BLINDLY -> /* [mutex-poll] */
                owner = me + 1;
                acquire(WORD, POLL_RELAXED);
                enter();
                goto critical
            }
        :: !word_is_0
        fi
    :: true
    fi;
    if
    :: broken == RECHECK_NOT -> atomic { seen_owner = owner; seen_sleepers = sleepers }
    :: else
    fi;

sleep:
    take_guard();
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
                enter();
                release_guard();
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
    :: seen_owner == 0 || (dead && seen_owner == 1) ->
        atomic {
            if
            :: !seen_sleepers -> /* [mutex-take-free] */
                if
                :: (owner == seen_owner && !sleepers) || broken == TAKE_FREE_BLINDLY ->
                    owner = me + 1;
                    acquire(WORD, TAKE_FREE_RELAXED)
                :: else -> seen_owner = owner; seen_sleepers = sleepers; goto look
                fi
            :: else
            fi;
            if
            :: seen_owner != 0 -> suspect = (broken != SUSPECT_UNTOLD) /* [mutex-suspect] */
            :: else
            fi;
            if
            :: seen_sleepers -> take_among_sleepers()
            :: else -> enter()
            fi;
            was_queued = false;
            seen_owner = 0;
            seen_sleepers = false;
            release_guard();
            goto critical
        }
    :: seen_owner != 0 && has_deadline -> /* it has passed */
        atomic {
            if
            :: was_queued ->
                if
                :: broken != WITHDRAWN_LEFT -> remove(me + 1) /* [mutex-withdraw] */
                :: else
                fi;
                overtaken[me] = 0;
                if
                :: queued == 0 && broken != WITHDRAWN_BIT -> /* [mutex-last] */
                    sleepers = false;
                    store_relaxed(WORD)
                :: else
                fi
            :: else
            fi;
            was_queued = false;
            seen_owner = 0;
            seen_sleepers = false;
            release_guard();
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
        release_guard()
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
    atomic { !asleep[me] || has_deadline -> asleep[me] = false }
    assert(!word_is_0); /* poll() takes nothing: this thread sleeps, or was handed the mutex */
    goto sleep;

try:
    take_guard();
    atomic { /* [mutex-try] */
        if
        :: (owner == 0 && sleepers) || broken == TRY_BLINDLY ->
            take_among_sleepers();
            release_guard();
            goto critical
        :: else -> release_guard(); goto next
        fi
    }

critical:
    if
#ifdef SCENE_DEATH
    :: atomic { me == 0 -> /* who asks whether it is alive hears of all it did */
            for (c : 0 .. RECOVERER) {
                heard[c] = heard[c] | heard[me]
            }
            c = 0;
            inside--;
            unsound = true;
            dead = true;
            finished++;
            goto ended
        }
#endif
    :: atomic { !sleepers || broken == FREE_BLINDLY -> /* [mutex-free] */
            inside--;
            owner = 0;
            sleepers = false;
            release(WORD, FREE_RELAXED);
            goto next
        }
    :: sleepers
    fi;
    take_guard(); /* release_to_sleepers() */
    atomic { inside--; release_lock(); release_guard() }
    wake();
next:
    hold++;
    if
    :: hold < HOLDS -> goto again
    :: else -> finished++
    fi;
ended:
    skip
}

/* recover() of the first thread, once it has ended. */
proctype recoverer(byte me) {
    byte at, woken, c;

    dead || finished == THREADS;
    take_guard();
    atomic { /* [mutex-recover] */
        if
        :: owner == 1 || broken == RECOVER_BLINDLY -> access(DATA); suspect = true; release_lock()
        :: else
        fi;
        release_guard()
    }
    wake();
    finished++
}

init {
    byte c;
    c_code { now.broken = getenv("BROKEN") ? atoi(getenv("BROKEN")) : 0; };
    atomic {
        for (c : 0 .. THREADS - 1) {
            heard[c] = (1 << THINGS) - 1;
            run thread(c)
        }
        heard[RECOVERER] = (1 << THINGS) - 1;
        c = 0;
#ifdef SCENE_DEATH
        run recoverer(RECOVERER);
        c = 1
#endif
    }
    finished == THREADS + c;
    assert(word_is_0 && queued == 0 && inside == 0);
    assert(broken != NEVER_OVERTAKEN || !was_overtaken)
}
