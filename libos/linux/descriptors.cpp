// libos/linux/descriptors.cpp - the table of file descriptors.
#include "libos/linux/descriptors.hpp"

namespace libos::linux_abi {

using lamina::fail;

namespace {

bool in_table(std::int32_t descriptor) {
    return descriptor >= 0 && descriptor < Descriptors::descriptors_max;
}

}  // namespace

bool Descriptors::is_open(std::int32_t descriptor) const {
    return in_table(descriptor) && entries_[std::size_t(descriptor)].file != File::none;
}

Outcome<File> Descriptors::get(std::int32_t descriptor) const {
    if (!is_open(descriptor)) return fail(Errno::ebadf);
    return entries_[std::size_t(descriptor)].file;
}

Outcome<std::int32_t> Descriptors::duplicate(std::int32_t descriptor, std::int32_t lowest,
                                             bool close_on_exec) {
    if (!is_open(descriptor)) return fail(Errno::ebadf);
    if (!in_table(lowest)) return fail(Errno::einval);
    for (auto target = lowest; target < descriptors_max; ++target) {
        if (!is_open(target)) return duplicate_to(descriptor, target, close_on_exec);
    }
    return fail(Errno::emfile);
}

Outcome<std::int32_t> Descriptors::duplicate_to(std::int32_t descriptor, std::int32_t target,
                                                bool close_on_exec) {
    if (!is_open(descriptor) || !in_table(target)) return fail(Errno::ebadf);
    entries_[std::size_t(target)] = {entries_[std::size_t(descriptor)].file, close_on_exec};
    return target;
}

Outcome<void> Descriptors::close(std::int32_t descriptor) {
    if (!is_open(descriptor)) return fail(Errno::ebadf);
    entries_[std::size_t(descriptor)] = {};
    return {};
}

Outcome<bool> Descriptors::close_on_exec(std::int32_t descriptor) const {
    if (!is_open(descriptor)) return fail(Errno::ebadf);
    return entries_[std::size_t(descriptor)].close_on_exec;
}

Outcome<void> Descriptors::set_close_on_exec(std::int32_t descriptor, bool on) {
    if (!is_open(descriptor)) return fail(Errno::ebadf);
    entries_[std::size_t(descriptor)].close_on_exec = on;
    return {};
}

}  // namespace libos::linux_abi
