// libos/linux/path_calls.cpp - system calls on paths: there is an empty, read-only root directory.
#include <algorithm>
#include <cstring>

#include "libos/linux/abi.hpp"
#include "libos/linux/calls.hpp"

namespace libos::linux_abi::calls {

using lamina::fail;

namespace {

// What a path leads to.
enum class Place : std::uint8_t {
    root,
    missing_in_root,  ///< It could be made there, if the root were not read-only.
    missing,
};

// "." and ".." of the root are the root, which is also where relative paths start.
Place place_of(std::string_view path) {
    bool in_root = true;
    while (!path.empty()) {
        const auto part = path.substr(0, path.find('/'));
        path.remove_prefix(std::min(path.size(), part.size() + 1));
        if (part.empty() || part == "." || (part == ".." && in_root)) continue;
        if (!in_root) return Place::missing;
        in_root = false;
    }
    return in_root ? Place::root : Place::missing_in_root;
}

Outcome<Place> lookup(address path) {
    LAMINA_TRY(const auto text, path_at(path));
    if (text.empty()) return fail(Errno::enoent);
    return place_of(text);
}

// For calls that need something that is there: the root has the error `at_root`.
Value no_such_file(address path, Errno at_root) {
    LAMINA_TRY(const auto place, lookup(path));
    return fail(place == Place::root ? at_root : Errno::enoent);
}

// For calls that would make something.
Value cannot_make(address path) {
    LAMINA_TRY(const auto place, lookup(path));
    switch (place) {
        case Place::root: return fail(Errno::eexist);
        case Place::missing_in_root: return fail(Errno::erofs);
        case Place::missing: break;
    }
    return fail(Errno::enoent);
}

}  // namespace

Value open(address path, integer flags, word) {
    if ((flags & open_create) != 0) {
        LAMINA_TRY(const auto place, lookup(path));
        if (place != Place::root || (flags & open_exclusive) != 0) return cannot_make(path);
    }
    return no_such_file(path, Errno::eisdir);
}

Value openat(integer, address path, integer flags, word mode) { return open(path, flags, mode); }

Value stat(address path, address out) {
    LAMINA_TRY(const auto place, lookup(path));
    if (place != Place::root) return fail(Errno::enoent);
    Stat stat = {};
    constexpr std::uint32_t all_read_and_search = 0555;
    stat.inode = 1;
    stat.links = 2;
    stat.mode = mode_directory | all_read_and_search;
    stat.block_bytes = 4096;
    LAMINA_CHECK(store(out, stat));
    return 0;
}

Value lstat(address path, address out) { return stat(path, out); }

Value newfstatat(integer fd, address path, address out, integer flags) {
    if ((flags & at_empty_path) != 0) {
        LAMINA_TRY(const auto text, path_at(path));
        if (text.empty()) return fstat(fd, out);
    }
    return stat(path, out);
}

Value access(address path, integer mode) {
    LAMINA_TRY(const auto place, lookup(path));
    if (place != Place::root) return fail(Errno::enoent);
    if ((mode & access_write) != 0) return fail(Errno::erofs);
    return 0;
}

Value faccessat(integer, address path, integer mode) { return access(path, mode); }
Value faccessat2(integer, address path, integer mode, integer) { return access(path, mode); }

Value readlink(address path, address, word) { return no_such_file(path, Errno::einval); }
Value readlinkat(integer, address path, address out, word bytes) {
    return readlink(path, out, bytes);
}

Value mkdir(address path, word) { return cannot_make(path); }
Value mkdirat(integer, address path, word mode) { return mkdir(path, mode); }

Value unlink(address path) { return no_such_file(path, Errno::eisdir); }
Value unlinkat(integer, address path, integer) { return unlink(path); }
Value rmdir(address path) { return unlink(path); }
Value rename(address from, address) { return unlink(from); }

Value getcwd(address out, word bytes) {
    constexpr char root[] = "/";
    if (bytes < sizeof root) return fail(Errno::erange);
    LAMINA_CHECK(store(out, root));
    return sizeof root;
}

Value chdir(address path) {
    LAMINA_TRY(const auto place, lookup(path));
    if (place != Place::root) return fail(Errno::enoent);
    return 0;
}

}  // namespace libos::linux_abi::calls
