/* tests/models/happens_before.pml - which carriers have heard of the last access to what is plain.
 *
 * An interleaving shows each store to everyone at once; memory does not. What C++ promises instead
 * is happens-before ([intro.races]), and this is it, for things that are not atomic and accessed by
 * one at a time. A carrier is a thread or an atomic. heard[c] has a bit for each thing, which is
 * set if thread c, or who acquires from atomic c, comes after the last access to the thing.
 *
 * An access makes all others forget. Who accesses a thing without having heard of the last access
 * may see what was before it, or be seen by it: a race, and the failure of the model.
 *
 * What atomics say may be old too. That needs no bits where the code looks again, or changes the
 * atomic by compare-and-swap, which sees the latest; else a model has a thing for it.
 *
 * Before it is included: CARRIERS, `me` for the carrier that is the running thread, `broken`. */

short heard[CARRIERS];

#define has_heard(thing) ((heard[me] & (1 << (thing))) != 0)

inline access(thing) {
    assert(has_heard(thing));
    for (c : 0 .. CARRIERS - 1) {
        heard[c] = heard[c] & ~(1 << (thing))
    }
    c = 0;
    heard[me] = heard[me] | (1 << (thing))
}
/* A load, or the load of a read-modify-write; `without` is the mutation that makes it relaxed. */
inline acquire(atomic_, without) {
    if
    :: broken != without -> heard[me] = heard[me] | heard[atomic_]
    :: else
    fi
}
/* The store of a read-modify-write. A relaxed one leaves what the atomic has (a release sequence,
 * [intro.races]). */
inline release(atomic_, without) {
    if
    :: broken != without -> heard[atomic_] = heard[atomic_] | heard[me]
    :: else
    fi
}
/* A plain store of an atomic: what it had is gone. */
inline store_release(atomic_, without) {
    heard[atomic_] = (broken != without -> heard[me] : 0)
}
#define store_relaxed(atomic_) heard[atomic_] = 0
