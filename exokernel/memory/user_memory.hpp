// exokernel/memory/user_memory.hpp - copies between kernel and user memory: the only two ways.
#pragma once

#include <cstdint>

#include "exokernel/memory/address_space.hpp"

namespace exo {

/// A range of user memory that was found mapped with the access needed. Nothing can unmap it
/// before the system call ends, so copying it cannot fail. Never touches user addresses: it walks
/// the page tables and uses the direct map, so SMAP stays on and no fault can occur.
class UserRange {
public:
    /// Checks [address, address + bytes). Errors: bad_address (not in the user half), not_mapped;
    /// then `failed_address` is the first byte that is not accessible.
    static Result<UserRange> check(const AddressSpace& space, std::uint64_t address,
                                   std::uint64_t bytes, bool write, std::uint64_t& failed_address);

    std::uint64_t bytes() const { return bytes_; }
    /// The first `bytes` of it.
    UserRange first(std::uint64_t bytes) const { return {*space_, address_, bytes}; }

    /// Copies the whole range to `to`.
    void copy_in(void* to) const;
    /// Copies to the whole range. Needs: checked for writing.
    void copy_out(const void* from) const;

private:
    UserRange(const AddressSpace& space, std::uint64_t address, std::uint64_t bytes)
        : space_(&space), address_(address), bytes_(bytes) {}

    const AddressSpace* space_;
    std::uint64_t address_;
    std::uint64_t bytes_;
};

}  // namespace exo
