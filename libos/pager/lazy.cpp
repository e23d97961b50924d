// libos/pager/lazy.cpp - the pager that gives a page its frame when it is touched.
#include <array>

#include "lamina/layout.hpp"
#include "lamina/rights.hpp"
#include "libos/pager/pager.hpp"
#include "libos/sys/handles.hpp"
#include "libos/upcall/upcall.hpp"
#include "libos/vm/mapping.hpp"

namespace libos {

namespace {

constexpr std::uint8_t page_fault = 14;
constexpr std::uint64_t present = 1;  // error code: not for lack of a frame

struct Area {
    std::uint64_t first;
    std::uint64_t end;
};

constinit std::array<Area, 32> areas = {};
constinit std::size_t area_count = 0;
constinit PagerStatistics statistics = {};
constinit TrapHandler handler_before = nullptr;

bool is_ours(std::uint64_t address) {
    for (std::size_t i = 0; i < area_count; ++i)
        if (address >= areas[i].first && address < areas[i].end) return true;
    return false;
}

bool serve(lamina::VcpuArea& area) {
    if (!is_ours(area.trap_address) || (area.trap_error & present) != 0)
        return handler_before != nullptr && handler_before(area);
    const auto frame = own(sys::frames_alloc(fixed::account, 1));
    if (!frame) return false;
    ++statistics.faults;
    ++statistics.frames;
    return sys::frames_map(fixed::self, frame->get(), 0, 1, lamina::page_floor(area.trap_address),
                           lamina::Protection::read | lamina::Protection::write)
        .has_value();
}

lamina::Result<void> start() {
    if (area_count != 0) return {};
    if (vcpu_area().self == 0) LAMINA_CHECK(start_upcalls());
    handler_before = set_trap_handler(page_fault, serve);
    return {};
}

}  // namespace

lamina::Result<std::span<std::byte>> reserve_memory(std::uint64_t pages) {
    if (area_count == areas.size()) return lamina::fail(lamina::Status::limit_reached);
    LAMINA_TRY(const auto address, reserve_addresses(pages));
    LAMINA_CHECK(start());
    const auto bytes = pages * lamina::page_size;
    areas[area_count++] = {address, address + bytes};
    statistics.pages += pages;
    return std::span(reinterpret_cast<std::byte*>(address), bytes);
}

PagerStatistics pager_statistics() { return statistics; }

}  // namespace libos
