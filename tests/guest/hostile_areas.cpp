// tests/guest/hostile_areas.cpp - areas and entries that are bad, or become so.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "libos/upcall/upcall.hpp"
#include "libos/vm/layout.hpp"
#include "libos/vm/mapping.hpp"
#include "tests/guest/hostile.hpp"

extern "C" {
void hostile_foreign_call();
extern const std::byte hostile_after_foreign_call[], libos_resume[];
}

namespace hostile {
namespace {

using lamina::Protection;
using lamina::Status;
using lamina::VcpuEntries;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

// --- areas and entries that are refused

int bind_area_at_hostile_addresses() {
    const auto entries = good_entries();
    for (const auto target : hostile_addresses) {
        const auto result = sys::vcpu_bind(vcpu, target & ~std::uint64_t{63}, &entries);
        if (!is(result, Status::bad_address)) return accepted;
    }
    return refused;
}

int bind_area_misaligned() {
    const auto page = map_page();
    const auto entries = good_entries();
    for (std::uint64_t offset = 1; offset < 64; ++offset)
        if (!is(sys::vcpu_bind(vcpu, page + offset, &entries), Status::bad_address))
            return accepted;
    return refused;
}

int bind_area_across_pages() {
    const auto page = map_page();
    const auto entries = good_entries();
    for (std::uint64_t offset = lamina::page_size - 384; offset < lamina::page_size; offset += 64)
        if (!is(sys::vcpu_bind(vcpu, page + offset, &entries), Status::bad_address))
            return accepted;
    return refused;
}

int bind_area_on_code() {
    const auto entries = good_entries();
    const auto text = address(libos_resume) & ~std::uint64_t{4095};
    return is(sys::vcpu_bind(vcpu, text, &entries), Status::not_mapped) ? refused : accepted;
}

int bind_area_on_read_only_memory() {
    const auto entries = good_entries();
    return is(sys::vcpu_bind(vcpu, libos::layout::start_block, &entries), Status::not_mapped)
               ? refused
               : accepted;
}

int bind_entries_at_hostile_addresses() {
    for (const auto target : hostile_addresses)
        if (!is(sys::vcpu_bind(vcpu, &libos::vcpu_area(), target), Status::bad_address))
            return accepted;
    return refused;
}

int bind_entries_across_the_end_of_memory() {
    const auto page = map_page();
    const auto last = page + lamina::page_size - sizeof(VcpuEntries) + 8;
    return is(sys::vcpu_bind(vcpu, &libos::vcpu_area(), last), Status::not_mapped) ? refused
                                                                                   : accepted;
}

// Every address among the entries at every hostile address.
int bind_hostile_entries() {
    for (std::size_t word = 0; word < offsetof(VcpuEntries, notification) / 8; ++word) {
        for (const auto target : hostile_addresses) {
            VcpuEntries entries = good_entries();
            std::memcpy(reinterpret_cast<std::byte*>(&entries) + word * 8, &target, 8);
            if (!is(bind(entries), Status::bad_address)) return accepted;
        }
    }
    return refused;
}

int bind_range_backwards() {
    VcpuEntries entries = good_entries();
    std::swap(entries.resume_start, entries.resume_end);
    return is(bind(entries), Status::bad_argument) ? refused : accepted;
}

int bind_by_other_capabilities() {
    const auto entries = good_entries();
    for (const auto handle : {fixed::self, fixed::account, fixed::console, fixed::info})
        if (!is(sys::vcpu_bind(handle, &libos::vcpu_area(), &entries), Status::wrong_type))
            return accepted;
    return refused;
}

// --- areas that change under the kernel

int area_unmapped() {
    start();
    (void)sys::frames_unmap(fixed::self, address(&libos::vcpu_area()), 1);
    asm volatile("ud2");
    return accepted;
}

int area_read_only() {
    start();
    (void)sys::frames_protect(fixed::self, address(&libos::vcpu_area()), 1, Protection::read);
    asm volatile("ud2");
    return accepted;
}

// The kernel must keep the frame of an area that nobody maps any more: whoever gets all other
// frames must not see what it writes.
int area_given_up() {
    start();
    const auto page = map_page();
    VcpuEntries entries = good_entries();
    entries.foreign = address(hostile_after_foreign_call);
    // The libOS would look for a preempted context in its own area, not in this one.
    entries.run = entries.slice_end = 0;
    if (!sys::vcpu_bind(vcpu, page, &entries)) return 2;
    if (!sys::frames_unmap(fixed::self, page, 1)) return 3;
    constexpr std::uint64_t pages = 256;
    const auto rest = libos::Mapping::create_new(fixed::account, pages);
    if (!rest) return 4;
    hostile_foreign_call();
    for (const auto byte : rest->bytes())
        if (byte != std::byte{0}) return accepted;
    return refused;
}

int area_overwritten() {
    start();
    auto& area = libos::vcpu_area();
    std::memset(&area, 0xff, sizeof area);
    asm volatile("ud2");
    return accepted;
}

// What the area says of contexts is for user code alone.
int area_with_kernel_contexts() {
    start();
    auto& area = libos::vcpu_area();
    area.enabled.rip = area.trap.rip = area.thread = area.resume_rip = kernel_image;
    area.enabled.rsp = area.trap.rsp = direct_map;
    area.pending = ~std::uint64_t{0};
    for (int i = 0; i < 3; ++i)
        (void)sys::vcpu_yield();
    asm volatile("ud2");
    return refused;
}

constexpr Deed deeds[] = {
    {"bind_area_misaligned", bind_area_misaligned},
    {"bind_area_across_pages", bind_area_across_pages},
    {"bind_area_on_code", bind_area_on_code},
    {"bind_entries_at_hostile_addresses", bind_entries_at_hostile_addresses},
    {"bind_entries_across_the_end_of_memory", bind_entries_across_the_end_of_memory},
    {"bind_range_backwards", bind_range_backwards},
    {"bind_by_other_capabilities", bind_by_other_capabilities},
    {"area_unmapped", area_unmapped},
    {"area_given_up", area_given_up},
    {"area_overwritten", area_overwritten},
    {"area_with_kernel_contexts", area_with_kernel_contexts},
    {"bind_area_at_hostile_addresses", bind_area_at_hostile_addresses},
    {"bind_area_on_read_only_memory", bind_area_on_read_only_memory},
    {"bind_hostile_entries", bind_hostile_entries},
    {"area_read_only", area_read_only},
};

}  // namespace

std::span<const Deed> area_deeds() { return deeds; }

}  // namespace hostile
