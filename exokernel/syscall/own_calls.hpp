// exokernel/syscall/own_calls.hpp - system calls that touch only what is the caller's own.
#pragma once

#include "exokernel/syscall/calls.hpp"

namespace exo::own {

// The usual form of a call, done in the own section of this CPU (CpuLocal::own), without the kernel
// lock. What they may touch is what only this environment uses while it is loaded on no other CPU:
// its capability table, its page tables, runs of frames that have no marks, the account whose
// spender it is, the cache of free frames of this CPU. Whatever else a call takes, and every error
// of most, is an error here, of any name: then nothing has changed and the call is done again with
// the kernel lock.

Result<std::uint64_t> cap_derive(calls::handle source, Rights wanted, std::uint64_t first,
                                 std::uint64_t count);
Result<std::uint64_t> cap_drop(calls::handle source);
Result<std::uint64_t> cap_inspect(calls::handle source, std::uint64_t info);
Result<std::uint64_t> frames_alloc(calls::handle account, std::uint64_t count);
Result<std::uint64_t> frames_map(calls::handle env, calls::handle run, std::uint64_t first,
                                 std::uint64_t count, std::uint64_t address,
                                 lamina::Protection wanted);
Result<std::uint64_t> frames_unmap(calls::handle env, std::uint64_t address, std::uint64_t count);
Result<std::uint64_t> frames_protect(calls::handle env, std::uint64_t address, std::uint64_t count,
                                     lamina::Protection wanted);
Result<std::uint64_t> frames_protect_list(calls::handle env, std::uint64_t list,
                                          std::uint64_t count, lamina::Protection wanted);
Result<std::uint64_t> table_read(calls::handle env, std::uint64_t address, std::uint64_t level,
                                 std::uint64_t table);

}  // namespace exo::own
