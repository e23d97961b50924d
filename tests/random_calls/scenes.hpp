// tests/random_calls/scenes.hpp - states in which calls fail that hardly ever fail by chance.
#pragma once

#include "tests/random_calls/caller.hpp"

namespace random_calls {

/// Ends the puppets, gives up what there is, and makes new puppets.
void start_anew(Caller& caller);

/// The caller's own table is full: table_full.
void fill_own_table(Caller& caller);

/// The mate revokes what has many children: busy.
void revoke_much(Caller& caller);

/// The mate waits; the caller wants to wait too: busy; and takes from it what it waits for:
/// revoked.
void wait_together(Caller& caller);

/// The mate waits for words that the caller takes from it: revoked.
void watch_what_goes(Caller& caller);

/// Calls on an environment that has ended: ended.
void visit_the_ended(Caller& caller);

/// Calls on the puppet whose account is used up, and by it: quota_exceeded.
void press_the_poor(Caller& caller);

/// Calls into the table that is full: table_full.
void press_the_hoarder(Caller& caller);

/// A chain of accounts that cannot be longer: limit_reached.
void nest_accounts(Caller& caller);

/// Memory that is asked back, and taken, and who has it ended: not_due, busy, ended.
void ask_back(Caller& caller);

/// Slices that are somebody's, of another CPU, or one too many: busy, bad_argument, limit_reached.
void use_slices(Caller& caller);

/// Page tables of each level: no_table.
void read_tables(Caller& caller);

/// Runs that are split, merged, and asked for by number: shared, not_free.
void cut_runs(Caller& caller);

/// Ranges of pages by lists: already_mapped, not_mapped.
void map_lists(Caller& caller);

/// A large page that is asked for in part: partial_page.
void map_large_page(Caller& caller);

/// Calls through a gate of the caller's own, and yielding to vCPUs that cannot run: ok, timed_out,
/// busy, already_started.
void pass_gates(Caller& caller);

/// Calls through the gate of a puppet, that call on, that are revoked, and end it: limit_reached,
/// revoked, ended.
void call_the_server(Caller& caller);

/// A puppet waits, and memory is asked from it: interrupted.
void ask_who_waits(Caller& caller);

/// A puppet takes what an account owes, for long, and the caller wants to: busy.
void collect_together(Caller& caller);

/// Objects of another type, or without the right, and numbers out of bounds: wrong_type,
/// missing_right, bad_argument, bad_address, not_mapped.
void be_refused(Caller& caller);

/// As many environments as there may be: limit_reached. Needs some thousand frames.
void crowd(Caller& caller);

/// No free run is long enough, though half of the machine is free: out_of_frames. Needs half of the
/// machine's frames.
void break_up_memory(Caller& caller);

}  // namespace random_calls
