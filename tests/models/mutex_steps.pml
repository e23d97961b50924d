/* tests/models/mutex_steps.pml - the word of an AdaptiveMutex, its sleepers, and what they share.
 *
 * Before it is included: THREADS, OVERTAKINGS_MAX, and the mutations of adaptive_mutex.pml. */

/* The word: who owns it, 1 and up, and whether somebody sleeps. */
byte owner;
bool sleepers;

/* The turnstile. */
bool guard;
byte queue[THREADS], queued; /* who sleeps, 1 and up; how many */
byte overtaken_here[THREADS];
bool signal[THREADS], asleep[THREADS];

bool suspect; /* a dead owner left the data as it is */

/* Carriers: threads, who recovers, the word, the guard. */
#define RECOVERER THREADS
#define WORD (THREADS + 1)
#define GUARD (THREADS + 2)
#define CARRIERS (THREADS + 3)
/* Things: what the mutex guards with `suspect`, and the turnstile. */
#define DATA 0
#define STILE 1
#define THINGS 2
#include "happens_before.pml"

/* For the checks only. */
byte inside, finished;
bool unsound; /* `suspect` must be set */
bool dead;    /* the first thread has ended */
byte overtaken[THREADS];
bool was_overtaken;

#define word_is_0 (owner == 0 && !sleepers)

inline take_guard() {
    atomic { /* [turnstile-guard] */
        !guard || broken == GUARD_UNAWAITED ->
        guard = true;
        acquire(GUARD, GUARD_RELAXED);
        access(STILE)
    }
}
inline release_guard() { /* [turnstile-unguard] */
    assert(sleepers == (queued > 0));
    guard = (broken == GUARD_KEPT);
    release(GUARD, UNGUARD_RELAXED)
}
/* The owner is alone, sees the data, and hears if a dead one left it. */
inline enter() {
    inside++;
    assert(inside == 1);
    access(DATA);
    assert(suspect == unsound);
    suspect = false;
    unsound = false;
    overtaken[me] = 0
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
inline take_among_sleepers() { /* [mutex-overtake] */
    assert(queued > 0);
    if
    :: queue[0] != me + 1 ->
        if
        :: broken != UNCOUNTED -> overtaken_here[queue[0] - 1]++
        :: else
        fi;
        overtaken[queue[0] - 1]++;
        was_overtaken = true;
        assert(overtaken[queue[0] - 1] <= OVERTAKINGS_MAX + dead)
    :: else
    fi;
    if
    :: was_queued -> remove(me + 1)
    :: else
    fi;
    owner = me + 1;
    sleepers = (queued > 0);
    store_relaxed(WORD);
    enter()
}
/* release(), under the guard: `woken` is who must be woken, or 0. */
inline release_lock() {
    if
    :: queued == 0 -> /* [mutex-nobody] */
        if
        :: broken != NOBODY_UNSEEN ->
            owner = 0;
            sleepers = false;
            store_release(WORD, NOBODY_RELAXED)
        :: else
        fi
    :: queued > 0 && overtaken_here[queue[0] - 1] >= OVERTAKINGS_MAX &&
        broken != BOUND_UNKNOWN -> /* [mutex-hand-over] */
        woken = queue[0];
        remove(woken);
        owner = woken;
        sleepers = (queued > 0);
        store_relaxed(WORD)
    :: else ->
        woken = queue[0];
        owner = 0;
        sleepers = true;
        store_relaxed(WORD)
    fi;
    if
    :: woken != 0 -> /* [mutex-rouse] */
        if
        :: signal[woken - 1] -> woken = 0 /* it is awake */
        :: else -> signal[woken - 1] = (broken != ROUSE_NOT)
        fi
    :: else
    fi
}
inline wake() { /* [mutex-wake] */
    if
    :: woken != 0 && broken != WAKE_FORGOTTEN -> atomic { asleep[woken - 1] = false; woken = 0 }
    :: else -> woken = 0
    fi
}
