/* tests/models/turnstile.pml - Turnstile: priorities lent along a chain of owners, and paid back.
 *
 * Five threads. Thread 0 takes lock 0; 1 takes lock 1, then 0; 2 takes lock 2, then 1; 3 and 4 are
 * urgent; 3 takes lock 2, and 4, which is less so and may give up, lock 1:
 *
 *     3 -> lock 2 of 2 -> lock 1 of 1 -> lock 0 of 0
 *                    4 -> lock 1
 *
 * Turnstiles change under their guard only, so each change is one step here. Each has the label of
 * its line in include/lamina/sync/turnstile.hpp or blocking_lock.hpp. After every step, each thread
 * must be lent exactly the highest priority of those that sleep for what it owns, and who is lent
 * more than its own must be queued with that.
 *
 * BROKEN is as in spin_lock.pml. */

#define THREADS 5
#define LOCKS 3
#define NONE 255
#define URGENT 9

#define CHAIN_CUT 1     /* [turnstile-chain] does not go on to the next owner */
#define PLACE_KEPT 2    /* [turnstile-chain] does not change the place of whom it lends to */
#define LOAN_KEPT 3     /* [turnstile-return] does not take the loan back */
#define OWNER_UNTOLD 4  /* [turnstile-own] does not lend to the new owner */
#define SLEEPER_LEFT 5  /* [turnstile-remove] does not look whose loan ends */
#define UNHEARD 6       /* [turnstile-enqueue] does not lend to the owner */
#define NEVER_REACHED 7 /* no step: the claim that thread 0 is never lent the urgent priority */
byte broken;

byte owner[LOCKS] = NONE;
byte waits_for[THREADS] = NONE;
byte base[THREADS], lent[THREADS];
byte queued_with[THREADS]; /* the priority that says where in the queue of a lock it is */

/* For the checks only. */
byte finished;
bool reached;

#define eager(thread) (lent[thread] > base[thread] -> lent[thread] : base[thread])

/* `most` is what `thread` must be lent. */
inline find_most(thread) {
    most = 0;
    for (w : 0 .. THREADS - 1) {
        if
        :: waits_for[w] != NONE && owner[waits_for[w]] == thread && queued_with[w] > most ->
            most = queued_with[w]
        :: else
        fi
    }
    w = 0
}
inline pass_on(start) {
    at = start;
    do
    :: at == NONE -> break
    :: else ->
        find_most(at);
        if
        :: most == lent[at] -> break
        :: else -> lent[at] = most
        fi;
        if
        :: waits_for[at] == NONE -> break
        :: waits_for[at] != NONE && broken != PLACE_KEPT ->
            queued_with[at] = eager(at) /* [turnstile-chain] */
        :: else
        fi;
        at = (broken == CHAIN_CUT -> NONE : owner[waits_for[at]])
    od;
    at = 0;
    most = 0
}
inline check() {
    for (t : 0 .. THREADS - 1) {
        assert(waits_for[t] == NONE || queued_with[t] == eager(t));
        find_most(t);
        assert(lent[t] == most)
    }
    reached = reached || lent[0] == URGENT;
    most = 0;
    t = 0
}
/* Whether somebody sleeps for `lock`. */
#define slept_for(lock) \
    (waits_for[0] == lock || waits_for[1] == lock || waits_for[2] == lock || \
     waits_for[3] == lock || waits_for[4] == lock)

inline take(lock) {
    if
    :: atomic { owner[lock] == NONE -> owner[lock] = me; /* [mutex-overtake], or nobody sleeps */
            if
            :: broken != OWNER_UNTOLD -> pass_on(me) /* [turnstile-own] */
            :: else
            fi;
            check() }
    :: atomic { owner[lock] != NONE ->
            waits_for[me] = lock;
            queued_with[me] = eager(me);
            if
            :: broken != UNHEARD -> pass_on(owner[lock]) /* [turnstile-enqueue] */
            :: else
            fi;
            check() }
        do
        :: atomic { waits_for[me] == NONE -> break } /* [mutex-granted] */
        :: atomic { waits_for[me] == lock && owner[lock] == NONE -> /* woken, and it is free */
                waits_for[me] = NONE;
                owner[lock] = me;
                if
                :: broken != OWNER_UNTOLD -> pass_on(me)
                :: else
                fi;
                check();
                break }
        :: atomic { me == THREADS - 1 && waits_for[me] == lock && owner[lock] != NONE ->
                /* its deadline has passed */
                waits_for[me] = NONE;
                if
                :: broken != SLEEPER_LEFT -> pass_on(owner[lock]) /* [turnstile-remove] */
                :: else
                fi;
                check();
                goto done }
        od
    fi
}
inline release(lock) {
    atomic {
        owner[lock] = NONE;
        if
        :: broken != LOAN_KEPT -> pass_on(me) /* [turnstile-return] */
        :: else
        fi;
        if
        :: slept_for(lock) -> /* [mutex-hand-over], to the most urgent */
            best = NONE;
            for (w : 0 .. THREADS - 1) {
                if
                :: waits_for[w] == lock &&
                    (best == NONE || queued_with[w] > queued_with[best]) -> best = w
                :: else
                fi
            }
            w = 0;
            waits_for[best] = NONE;
            owner[lock] = best;
            if
            :: broken != OWNER_UNTOLD -> pass_on(best)
            :: else
            fi;
            best = 0
        :: true /* left free, the first woken */
        fi;
        check()
    }
}

proctype thread(byte me) {
    byte at, most, w, t, best;
    byte mine = (me < LOCKS -> me : 5 - me);

    take(mine);
    if
    :: me > 0 && me < LOCKS ->
        take(me - 1);
        release(me - 1)
    :: else
    fi;
    release(mine);
done:
    finished++
}

init {
    byte i;
    c_code { now.broken = getenv("BROKEN") ? atoi(getenv("BROKEN")) : 0; };
    base[1] = 2;
    base[3] = URGENT;
    base[4] = 5;
    atomic {
        for (i : 0 .. THREADS - 1) {
            run thread(i)
        }
        i = 0
    }
    finished == THREADS;
    for (i : 0 .. THREADS - 1) {
        assert(lent[i] == 0)
    }
    assert(broken != NEVER_REACHED || !reached)
}
