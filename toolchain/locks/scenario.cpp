// toolchain/locks/scenario.cpp - threads that take locks of every rank and type, for lamina locks.
//
// The threads do what the facilities of an operating system do to each other: files are read and
// written, data is sent, messages are passed, memory is allocated, threads are woken. The program
// writes the order of locks it observed as locks.dot and locks.json into the folder it is given,
// and prints the most contended locks. It ends with 1 if the validator reported anything.
#include <cstdint>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "lamina/sync/adaptive_mutex.hpp"
#include "lamina/sync/contended.hpp"
#include "lamina/sync/held.hpp"
#include "lamina/sync/host_order.hpp"
#include "lamina/sync/order_export.hpp"
#include "lamina/sync/rw_lock.hpp"
#include "lamina/sync/sleep_lock.hpp"
#include "lamina/sync/spin_lock.hpp"
#include "lamina/sync/token.hpp"

namespace {

using namespace lamina::sync;

constexpr unsigned threads = 4;
constexpr unsigned rounds = 20'000;

using Counting = CountingStatistics<HostPlatform>;
using Spin = SpinLock<HostPlatform, Counting>;
using Readers = RwLock<HostPlatform, Counting>;
using Adaptive = AdaptiveMutex<HostPlatform, Counting>;
using Sleeping = SleepLock<HostPlatform, Counting>;
using SharedToken = ThreadToken<HostPlatform, Counting>;

/// What is guarded is only how often it was used.
template <typename Class, typename Raw>
using Uses = Guarded<Class, std::uint64_t, ValidatedLock<Class, Raw, HostOrder>>;

template <ClassName text, Rank value>
using At = NamedClass<text, level_of(value)>;

Uses<At<"session", Rank::user>, Adaptive> session;
Uses<At<"directory", Rank::filesystem>, Adaptive> directory;
Uses<At<"inode", step<1>(Rank::filesystem)>, Sleeping> inodes[2];
Uses<At<"socket", Rank::net>, SharedToken> sockets;
Uses<At<"keys", Rank::crypto>, Adaptive> keys;
Uses<At<"disk_queue", Rank::device>, Spin> disk_queue;
Uses<At<"net_queue", Rank::device>, Spin> net_queue;
Uses<At<"mailbox", Rank::ipc>, Spin> mailbox;
Uses<At<"frame_map", Rank::memory>, Readers> frame_map;
Uses<At<"frame_pool", step<1>(Rank::memory)>, Spin> frame_pool;
Uses<At<"run_queue", Rank::scheduler>, Spin> run_queue;

/// Each function takes what it needs inside of what its caller holds.
void wake(const auto& outer) {
    Held queue{run_queue, outer};
    ++*queue;
}

void alloc_frame(const auto& outer) {
    Held pool{frame_pool, outer};
    ++*pool;
    wake(pool);
}

bool is_mapped(const auto& outer, std::uint64_t address) {
    HeldShared map{frame_map, outer};
    return *map % 64 >= address % 64;
}

void map_frame(const auto& outer) {
    Held map{frame_map, outer};
    ++*map;
    alloc_frame(map);
}

void complete(const auto& outer) {
    Held box{mailbox, outer};
    ++*box;
    wake(box);
}

void transfer(auto& queue, const auto& outer) {
    Held held{queue, outer};
    ++*held;
    map_frame(held);
    complete(held);
}

void read_file(const auto& outer) {
    Held names{directory, outer};
    Held inode{inodes[0], names};
    ++*inode;
    transfer(disk_queue, inode);
}

void rename_file(const auto& outer) {
    Held names{directory, outer};
    HeldPair both{inodes[0], inodes[1], names};
    ++both.first();
    ++both.second();
    alloc_frame(both);
}

void send(const auto& outer) {
    Held socket{sockets, outer};
    ++*socket;
    Held key{keys, socket};
    ++*key;
    transfer(net_queue, key);
}

void send_file(const auto& outer) {
    Held inode{inodes[1], outer};
    ++*inode;
    send(inode);
}

/// A completion that finds the queue busy does not wait for it.
void poll_disk() {
    TryHeld queue{disk_queue};
    if (queue) complete(*queue);
}

void work(unsigned thread) {
    Entry<HostOrder> entry;
    for (unsigned i = 0; i < rounds; ++i) {
        switch ((i + thread) % 8) {
            case 0: {
                Held own{session, entry};
                ++*own;
                read_file(own);
                break;
            }
            case 1: send(entry); break;
            case 2: rename_file(entry); break;
            case 3: send_file(entry); break;
            case 4: map_frame(entry); break;
            case 5:
                if (is_mapped(entry, i)) wake(entry);
                break;
            case 6: complete(entry); break;
            default: poll_disk();
        }
    }
}

/// Writes a file by `fill`, which gets a sink; says on standard error if that fails.
template <typename Fill>
bool write_file(const std::string& path, Fill&& fill) {
    std::FILE* const file = std::fopen(path.c_str(), "w");
    if (file == nullptr) {
        std::perror(path.c_str());
        return false;
    }
    fill([&](std::string_view text) { std::fwrite(text.data(), 1, text.size(), file); });
    const bool failed = std::ferror(file) != 0;
    if (std::fclose(file) != 0 || failed) {
        std::perror(path.c_str());
        return false;
    }
    return true;
}

void add(TopContended<>& top, const auto&... guarded) {
    (top.add(std::remove_cvref_t<decltype(guarded)>::ClassType::name,
             guarded.raw_lock().statistics().read()),
     ...);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: scenario FOLDER\n", stderr);
        return 2;
    }
    std::vector<std::thread> running;
    for (unsigned i = 0; i < threads; ++i)
        running.emplace_back(work, i);
    for (std::thread& thread : running)
        thread.join();

    const auto to_stdout = [](std::string_view text) {
        std::fwrite(text.data(), 1, text.size(), stdout);
    };
    TopContended<> top;
    add(top, session, directory, inodes[0], inodes[1], sockets, keys, disk_queue, net_queue,
        mailbox, frame_map, frame_pool, run_queue);
    top.write(to_stdout);

    auto& validator = HostOrder::validator();
    const std::string folder = argv[1];
    if (!write_file(folder + "/locks.dot", [&](auto&& sink) { write_dot(validator, sink); }) ||
        !write_file(folder + "/locks.json", [&](auto&& sink) { write_json(validator, sink); }))
        return 2;
    for (unsigned i = 0; i < violation_count; ++i)
        if (validator.count(Violation(i)) != 0) return 1;
    return 0;
}
