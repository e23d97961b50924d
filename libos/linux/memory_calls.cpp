// libos/linux/memory_calls.cpp - system calls on memory.
#include "libos/linux/abi.hpp"
#include "libos/linux/calls.hpp"

namespace libos::linux_abi::calls {

using lamina::fail;
using lamina::Protection;

namespace {

// PROT_READ, PROT_WRITE and PROT_EXEC are the bits of Protection; on x86 the others imply reading.
Outcome<Protection> to_protection(integer bits) {
    constexpr integer all = 7;
    if ((bits & ~all) != 0) return fail(Errno::einval);
    return bits == 0 ? no_access : Protection(bits) | Protection::read;
}

}  // namespace

Value mmap(address start, word bytes, integer protection, integer flags, integer fd, word offset) {
    LAMINA_TRY(const auto wanted, to_protection(protection));
    const auto bits = std::uint32_t(flags);
    if ((bits & map_anonymous) == 0) return fail(fd < 0 ? Errno::ebadf : Errno::enodev);
    const auto type = bits & map_type_mask;
    if (type != map_private && type != map_shared) return fail(Errno::einval);
    if (!lamina::page_aligned(offset)) return fail(Errno::einval);
    return memory().map(start.value, bytes, wanted, bits);
}

Value mprotect(address start, word bytes, integer protection) {
    LAMINA_TRY(const auto wanted, to_protection(protection));
    LAMINA_CHECK(memory().protect(start.value, bytes, wanted));
    return 0;
}

Value munmap(address start, word bytes) {
    LAMINA_CHECK(memory().unmap(start.value, bytes));
    return 0;
}

Value brk(address end) { return memory().set_heap_end(end.value); }

Value mremap(address start, word bytes, word bytes_new, integer flags, address) {
    return memory().remap(start.value, bytes, bytes_new, std::uint32_t(flags));
}

Value madvise(address start, word bytes, integer advice) {
    if (advice == advice_dont_need) LAMINA_CHECK(memory().discard(start.value, bytes));
    return 0;
}

}  // namespace libos::linux_abi::calls
