// tests/guest/bad_words.hpp - numbers that arguments of system calls must not have.
#pragma once

#include <cstdint>
#include <string_view>

#include "lamina/rights.hpp"
#include "lamina/slice.hpp"
#include "lamina/status.hpp"
#include "lamina/syscalls.hpp"
#include "tests/guest/call_world.hpp"

namespace guest {

inline constexpr std::uint64_t all_ones = ~std::uint64_t{0};

/// A value that an argument of this name must not have, and how the call refuses it.
struct BadWord {
    std::string_view name;
    std::uint64_t value;
    lamina::Status status;
    lamina::Call only = lamina::Call::null;  // null: every call that has the argument
};

inline constexpr std::uint64_t huge = std::uint64_t{1} << 32;

inline constexpr BadWord bad_words[] = {
    {"first", run_pages, lamina::Status::bad_argument, lamina::Call::cap_derive},
    {"first", run_pages, lamina::Status::bad_argument, lamina::Call::frames_map},
    {"first", run_pages, lamina::Status::bad_argument, lamina::Call::frames_map_list},
    {"first", 0, lamina::Status::bad_argument, lamina::Call::frames_alloc_at},
    {"first", 1, lamina::Status::not_free, lamina::Call::frames_alloc_at},
    {"first", huge - 1, lamina::Status::not_free, lamina::Call::frames_alloc_at},
    {"first", huge, lamina::Status::bad_argument},
    {"first", all_ones, lamina::Status::bad_argument},
    {"count", huge + 1, lamina::Status::bad_argument},
    {"count", std::uint64_t{1} << 52, lamina::Status::bad_argument},
    {"count", all_ones, lamina::Status::bad_argument},
    {"count", 0, lamina::Status::bad_argument, lamina::Call::frames_alloc},
    {"count", 0, lamina::Status::bad_argument, lamina::Call::frames_alloc_at},
    {"count", 0, lamina::Status::bad_argument, lamina::Call::account_reclaim},
    {"count", 0, lamina::Status::bad_argument, lamina::Call::frames_map},
    {"count", 0, lamina::Status::bad_argument, lamina::Call::frames_unmap},
    {"count", 0, lamina::Status::bad_argument, lamina::Call::frames_protect},
    {"count", 0, lamina::Status::bad_argument, lamina::Call::frames_split},
    {"count", 0, lamina::Status::bad_argument, lamina::Call::frames_map_list},
    {"count", 0, lamina::Status::bad_argument, lamina::Call::frames_unmap_list},
    {"count", 0, lamina::Status::bad_argument, lamina::Call::frames_protect_list},
    {"count", run_pages + 1, lamina::Status::bad_argument, lamina::Call::cap_derive},
    {"count", run_pages + 1, lamina::Status::bad_argument, lamina::Call::frames_map},
    {"count", run_pages, lamina::Status::bad_argument, lamina::Call::frames_split},
    {"count", lamina::run_frames_max + 1, lamina::Status::bad_argument, lamina::Call::frames_alloc},
    {"count", lamina::run_frames_max + 1, lamina::Status::bad_argument,
     lamina::Call::frames_alloc_at},
    {"count", lamina::pages_per_call_max* lamina::run_frames_max + 1, lamina::Status::bad_argument,
     lamina::Call::frames_unmap},
    {"count", lamina::pages_per_call_max* lamina::run_frames_max + 1, lamina::Status::bad_argument,
     lamina::Call::frames_protect},
    {"count", lamina::ranges_per_call_max + 1, lamina::Status::bad_argument,
     lamina::Call::frames_map_list},
    {"count", lamina::ranges_per_call_max + 1, lamina::Status::bad_argument,
     lamina::Call::frames_unmap_list},
    {"count", lamina::ranges_per_call_max + 1, lamina::Status::bad_argument,
     lamina::Call::frames_protect_list},
    {"count", 1, lamina::Status::not_mapped, lamina::Call::frames_unmap},
    {"length_ns", lamina::slice_ns_min - 1, lamina::Status::bad_argument},
    {"length_ns", lamina::slice_ns_max + 1, lamina::Status::bad_argument},
    {"length_ns", all_ones, lamina::Status::bad_argument},
    {"limit_frames", 0, lamina::Status::bad_argument},
    {"limit_frames", std::uint64_t{1} << 40, lamina::Status::quota_exceeded},
    {"limit_frames", all_ones, lamina::Status::quota_exceeded},
    {"slot", lamina::slots::self, lamina::Status::slot_in_use},
    {"slot", lamina::slots::first_free, lamina::Status::bad_argument},
    {"slot", huge + 9, lamina::Status::bad_argument},
    {"slot", all_ones, lamina::Status::bad_argument},
    {"cpu", 64, lamina::Status::bad_argument},
    {"cpu", huge, lamina::Status::bad_argument},
    {"cpu", all_ones, lamina::Status::bad_argument},
    {"name_bytes", 0, lamina::Status::bad_argument},
    {"name_bytes", lamina::env_name_bytes_max + 1, lamina::Status::bad_argument},
    {"name_bytes", huge + 4, lamina::Status::bad_argument},
    {"name_bytes", all_ones, lamina::Status::bad_argument},
    {"bits", 0, lamina::Status::bad_argument, lamina::Call::console_bind},
    {"status", 256, lamina::Status::bad_argument},
    {"status", huge, lamina::Status::bad_argument},
    {"status", all_ones, lamina::Status::bad_argument},
    {"level", 0, lamina::Status::bad_argument},
    {"level", 1, lamina::Status::no_table},  // nothing is mapped there
    {"level", 3, lamina::Status::no_table},
    {"level", 5, lamina::Status::bad_argument},
    {"level", huge + 1, lamina::Status::bad_argument},
    {"level", all_ones, lamina::Status::bad_argument},
    {"id", 0, lamina::Status::ended},
    {"id", 1, lamina::Status::bad_argument},  // init: it pays from another account
    {"id", all_ones, lamina::Status::ended},
    {"mask", 0, lamina::Status::bad_argument},
    {"deadline_ns", lamina::no_wait, lamina::Status::timed_out, lamina::Call::notification_wait},
    {"bytes", std::uint64_t{1} << 47, lamina::Status::bad_address},
    {"bytes", all_ones, lamina::Status::bad_address},
    {"low_frames", 2, lamina::Status::bad_argument},
    {"low_frames", all_ones, lamina::Status::bad_argument},
    {"high_frames", 0, lamina::Status::bad_argument},
    {"action", 2, lamina::Status::bad_argument},
    {"action", huge, lamina::Status::bad_argument},
    {"action", all_ones, lamina::Status::bad_argument},
};

}  // namespace guest
