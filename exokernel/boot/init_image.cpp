// exokernel/boot/init_image.cpp - finding init in the boot archive.
#include "exokernel/boot/init_image.hpp"

#include <cstring>

#include "lamina/archive_header.hpp"
#include "lamina/crc32.hpp"
#include "lamina/layout.hpp"

namespace exo::boot {
namespace {

using lamina::fail;
using lamina::has;
using lamina::page_size;
using lamina::Protection;
using lamina::Status;

lamina::Result<void> check(const InitSegment& segment) {
    constexpr auto known = Protection::read | Protection::write | Protection::execute;
    if (segment.page_count == 0 || (segment.protection | known) != known ||
        !has(segment.protection, Protection::read))
        return fail(Status::bad_argument);
    if (!lamina::page_aligned(segment.address) ||
        !lamina::in_user_half(segment.address, segment.page_count * page_size))
        return fail(Status::bad_address);
    if (has(segment.protection, Protection::write) && has(segment.protection, Protection::execute))
        return fail(Status::write_and_execute);
    return {};
}

bool is_entry_in(const InitImage& image) {
    for (const InitSegment& segment : image.segments())
        if (has(segment.protection, Protection::execute) &&
            image.header.entry - segment.address < segment.page_count * page_size)
            return true;
    return false;
}

}  // namespace

lamina::Result<InitImage> find_init(std::span<const std::byte> archive) {
    LAMINA_TRY(const auto header, lamina::read_archive_header(archive));
    const std::uint64_t start = header.init_page * page_size;
    if (start == 0) return fail(Status::archive_no_entry);
    if (start + page_size > header.total_bytes) return fail(Status::archive_truncated);
    const auto file = archive.first(header.total_bytes).subspan(start);

    InitImage image;
    std::memcpy(&image.header, file.data(), sizeof image.header);
    if (image.header.segment_count > InitHeader::segment_count_max)
        return fail(Status::bad_argument);
    std::uint64_t end = page_size;
    for (const InitSegment& segment : image.segments())
        end += segment.page_count * page_size;
    if (end > file.size()) return fail(Status::archive_truncated);
    constexpr std::size_t sum_bytes = sizeof image.header.crc32;
    if (lamina::crc32(file.subspan(sum_bytes, end - sum_bytes)) != image.header.crc32)
        return fail(Status::archive_entry_damaged);
    image.pages = file.subspan(page_size, end - page_size);
    for (const InitSegment& segment : image.segments())
        LAMINA_CHECK(check(segment));
    if (!is_entry_in(image)) return fail(Status::bad_address);
    return image;
}

}  // namespace exo::boot
