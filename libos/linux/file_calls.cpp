// libos/linux/file_calls.cpp - system calls on descriptors: all of them are the console.
#include <algorithm>

#include "libos/linux/abi.hpp"
#include "libos/linux/calls.hpp"
#include "libos/linux/console_file.hpp"
#include "libos/linux/descriptors.hpp"

namespace libos::linux_abi::calls {

using lamina::fail;

namespace {

constinit Descriptors descriptors;

// Calls `transfer` with each part until one is not moved whole; what was moved.
template <typename Transfer>
Value for_parts(address parts, integer count, Transfer transfer) {
    if (count < 0 || count > io_parts_max) return fail(Errno::einval);
    word done = 0;
    for (integer i = 0; i < count; ++i) {
        const auto part = load<IoPart>({parts.value + word(i) * sizeof(IoPart)});
        if (!part) return fail(part.error());
        const Value moved = transfer(*part);
        if (!moved) return done != 0 ? Value(done) : moved;
        done += *moved;
        if (*moved != part->bytes) break;
    }
    return done;
}

}  // namespace

Value read(integer fd, address buffer, word bytes) {
    LAMINA_CHECK(descriptors.get(fd));
    LAMINA_TRY(const auto target, writable(buffer, bytes));
    return read_console(target);
}

Value write(integer fd, address buffer, word bytes) {
    LAMINA_CHECK(descriptors.get(fd));
    LAMINA_TRY(const auto source, readable(buffer, bytes));
    write_console(source);
    return bytes;
}

Value readv(integer fd, address parts, integer count) {
    return for_parts(parts, count,
                     [&](const IoPart& part) { return read(fd, {part.address}, part.bytes); });
}

Value writev(integer fd, address parts, integer count) {
    return for_parts(parts, count,
                     [&](const IoPart& part) { return write(fd, {part.address}, part.bytes); });
}

Value close(integer fd) {
    LAMINA_CHECK(descriptors.close(fd));
    return 0;
}

Value fstat(integer fd, address out) {
    LAMINA_CHECK(descriptors.get(fd));
    Stat stat = {};
    constexpr std::uint64_t console_device = 0x0501;  // character device 5, 1
    constexpr std::uint32_t read_write_by_owner = 0600;
    stat.inode = 1;
    stat.links = 1;
    stat.mode = mode_character_device | read_write_by_owner;
    stat.special_device = console_device;
    stat.block_bytes = 1024;
    LAMINA_CHECK(store(out, stat));
    return 0;
}

Value lseek(integer fd, word, integer) {
    LAMINA_CHECK(descriptors.get(fd));
    return fail(Errno::espipe);
}

Value ioctl(integer fd, word, address) {
    LAMINA_CHECK(descriptors.get(fd));
    return fail(Errno::enotty);
}

Value dup(integer fd) {
    LAMINA_TRY(const auto made, descriptors.duplicate(fd, 0, false));
    return word(made);
}

Value dup2(integer fd, integer target) {
    if (fd == target) {
        LAMINA_CHECK(descriptors.get(fd));
        return word(fd);
    }
    LAMINA_TRY(const auto made, descriptors.duplicate_to(fd, target, false));
    return word(made);
}

Value dup3(integer fd, integer target, integer flags) {
    if (fd == target || (flags & ~open_close_on_exec) != 0) return fail(Errno::einval);
    LAMINA_TRY(const auto made, descriptors.duplicate_to(fd, target, flags != 0));
    return word(made);
}

Value fcntl(integer fd, integer command, word argument) {
    LAMINA_CHECK(descriptors.get(fd));
    switch (command) {
        case fcntl_duplicate:
        case fcntl_duplicate_close_on_exec: {
            LAMINA_TRY(const auto made,
                       descriptors.duplicate(fd, integer(argument), command != fcntl_duplicate));
            return word(made);
        }
        case fcntl_get_flags: {
            LAMINA_TRY(const auto on, descriptors.close_on_exec(fd));
            return word(on);
        }
        case fcntl_set_flags:
            LAMINA_CHECK(descriptors.set_close_on_exec(fd, (argument & 1) != 0));
            return 0;
        case fcntl_get_status: return word(open_read_write);
        case fcntl_set_status: return 0;
        default: return fail(Errno::einval);
    }
}

}  // namespace libos::linux_abi::calls
