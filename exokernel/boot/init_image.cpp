// exokernel/boot/init_image.cpp - finding init in the boot archive.
#include "exokernel/boot/init_image.hpp"

#include <cstring>

#include "lamina/archive_header.hpp"
#include "lamina/crc32.hpp"
#include "lamina/layout.hpp"

namespace exo::boot {

using lamina::fail;
using lamina::page_size;
using lamina::Status;

lamina::Result<InitImage> find_init(std::span<const std::byte> archive) {
    LAMINA_TRY(const auto header, lamina::read_archive_header(archive));
    const std::uint64_t start = header.init_page * page_size;
    if (start == 0) return fail(Status::archive_no_entry);
    if (start + page_size > header.total_bytes) return fail(Status::archive_truncated);
    const auto file = archive.first(header.total_bytes).subspan(start);

    InitImage image;
    const InitHeader& head = image.header;
    std::memcpy(&image.header, file.data(), sizeof image.header);
    std::uint64_t bytes = 0;
    for (const std::uint32_t pages : head.page_count)
        bytes += pages * page_size;
    if (bytes > file.size() - page_size) return fail(Status::archive_truncated);
    image.pages = file.subspan(page_size, bytes);
    constexpr std::size_t sum_bytes = sizeof head.crc32;
    if (lamina::crc32(file.subspan(sum_bytes, page_size - sum_bytes + bytes)) != head.crc32)
        return fail(Status::archive_entry_damaged);
    const std::uint64_t code = head.address + head.page_count[0] * page_size;
    if (!lamina::page_aligned(head.address) || !lamina::in_user_half(head.address, bytes) ||
        head.entry - code >= head.page_count[1] * page_size)
        return fail(Status::bad_address);
    return image;
}

}  // namespace exo::boot
