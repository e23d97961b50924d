// tests/guest/calls_test.cpp - every system call with every argument bad: the named error, no
// change.
//
// Cases come from the table in lamina/syscalls.def. A call or argument that this file knows nothing
// of fails the test, so that a new row cannot go untested.
#include <array>
#include <cstdint>

#include "libos/console/console.hpp"
#include "libos/rt/app.hpp"
#include "libos/test/unity.hpp"
#include "tests/calls/call_table.hpp"
#include "tests/guest/bad_words.hpp"
#include "tests/guest/call_world.hpp"
#include "tests/guest/support.hpp"

namespace {

using calls::Argument;
using calls::Arguments;
using calls::CallRow;
using calls::Words;
using guest::all_ones;
using guest::CallWorld;
using lamina::Call;
using lamina::Handle;
using lamina::Rights;
using lamina::Status;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

std::uint32_t cases_tried = 0;

sys::Reply make_call(std::uint64_t rax, const Words& words) {
    return sys::enter(rax, words[0], words[1], words[2], words[3], words[4], words[5]);
}

// One row with good arguments, to be spoilt one by one.
class Row {
public:
    Row(const CallRow& row, const CallWorld& world) : row_(row), world_(world), arguments_(row) {
        for (std::size_t i = 0; i < arguments_.count; ++i) {
            const auto value = world.good(row, arguments_.list[i]);
            if (!value) {
                complain(i, 0, "no good value is known");
                return;
            }
            words_[i] = *value;
        }
    }

    // Every bad value of every argument.
    void try_all();
    // The good values; for calls that come back and end nothing.
    void try_good();

private:
    void expect(std::size_t index, std::uint64_t value, Status status);
    void complain(std::size_t index, std::uint64_t value, std::string_view what);

    void try_handle(std::size_t index);
    void try_weak_handle(std::size_t index, Handle handle);
    void try_rights(std::size_t index);
    void try_protection(std::size_t index);
    void try_word(std::size_t index);
    void try_address(std::size_t index);
    void try_pointer(std::size_t index, bool written);
    void try_addresses(std::size_t index, std::initializer_list<std::uint64_t> values);

    const CallRow& row_;
    const CallWorld& world_;
    const Arguments arguments_;
    Words words_ = {};
};

void Row::complain(std::size_t index, std::uint64_t value, std::string_view what) {
    libos::TextBuffer<200> why;
    put(why, row_.name, ", ", arguments_.list[index].name, " = ", libos::Hex{value}, ": ", what);
    libos::unity::fail(__FILE__, __LINE__, why.view());
}

void Row::expect(std::size_t index, std::uint64_t value, Status status) {
    if (TEST_FAILED()) return;
    auto words = words_;
    words[index] = value;
    const auto before = world_.snapshot();
    const auto reply = make_call(sys::tagged(row_.number), words);
    const auto after = world_.snapshot();
    ++cases_tried;
    if (!calls::declares(row_, reply.status)) {
        complain(index, value, lamina::status_name(reply.status));
    } else if (reply.status != status) {
        libos::TextBuffer<100> what;
        put(what, lamina::status_name(reply.status), " instead of ", lamina::status_name(status));
        complain(index, value, what.view());
    } else if (!(before == after)) {
        complain(index, value, "it changed something");
    }
}

void Row::try_handle(std::size_t index) {
    const auto& argument = arguments_.list[index];
    const auto good = Handle(words_[index]);
    // Between the slots with a meaning: nobody filled it.
    const auto free_slot = lamina::make_handle(lamina::slots::frame_states - 1, 0);
    const auto forged =
        lamina::make_handle(lamina::handle_slot(good), lamina::handle_generation(good) + 1);
    const auto dropped = sys::cap_derive(fixed::account, Rights::none, 0, 0);
    if (!dropped || !sys::cap_drop(*dropped)) {
        complain(index, 0, "no handle to drop");
        return;
    }
    const Handle bad[] = {free_slot,
                          forged,
                          *dropped,
                          lamina::make_handle(0, 7),
                          lamina::make_handle(1000, 0),
                          lamina::make_handle(0xffff, 0xffff)};
    for (const auto handle : bad)
        expect(index, std::uint64_t(handle), Status::bad_handle);
    expect(index, words_[index] | std::uint64_t{1} << 32, Status::bad_handle);
    expect(index, words_[index] | std::uint64_t{1} << 63, Status::bad_handle);
    if (!argument.may_be_null()) expect(index, 0, Status::bad_handle);
    if (argument.name == "source") {
        try_weak_handle(index, good);
        return;
    }
    for (const auto* type : {"env", "frames", "notification", "account", "console", "machine",
                             "vcpu", "gate", "slice"}) {
        // A vCPU and an environment have a slice.
        const bool has_slice = type == std::string_view("env") ||
                               type == std::string_view("vcpu") ||
                               type == std::string_view("slice");
        if (argument.name != type && !(argument.name == "object" && has_slice) &&
            !(argument.name == "next" && type == std::string_view("frames")))
            expect(index, std::uint64_t(world_.handle(row_, type)), Status::wrong_type);
    }
    try_weak_handle(index, good);
}

struct RightName {
    std::string_view name;
    Rights right;
};

constexpr RightName right_names[] = {
    {"read", Rights::read},   {"write", Rights::write},     {"execute", Rights::execute},
    {"copy", Rights::copy},   {"manage", Rights::manage},   {"end", Rights::end},
    {"spend", Rights::spend}, {"signal", Rights::signal},   {"wait", Rights::wait},
    {"power", Rights::power}, {"reclaim", Rights::reclaim}, {"call", Rights::call},
};

// Copies of the capability that lack one of the rights the table names.
void Row::try_weak_handle(std::size_t index, Handle handle) {
    auto needed = calls::rights_of(row_, arguments_.list[index].name);
    while (!needed.empty() && !TEST_FAILED()) {
        auto text = calls::detail::take(needed, ',');
        const auto name = calls::detail::take(text, ' ');
        auto right = Rights::none;
        for (const auto& known : right_names)
            right = known.name == name ? known.right : right;
        lamina::CapInfo info = {};
        if (right == Rights::none || !sys::cap_inspect(handle, &info)) {
            complain(index, 0, "unknown right in the table");
            return;
        }
        const auto rest = Rights(std::uint32_t(info.rights) & ~std::uint32_t(right));
        const auto weak = libos::own(sys::cap_derive(handle, rest, 0, 0));
        if (!weak) {
            complain(index, 0, "a capability cannot be derived from");
            return;
        }
        // Writing and executing are needed only for such a protection.
        const auto kept = words_;
        for (std::size_t i = 0; i < arguments_.count; ++i) {
            if (arguments_.list[i].kind == "protection" && arguments_.list[index].name == "frames")
                words_[i] = std::uint64_t(right);
        }
        expect(index, std::uint64_t(weak->get()), Status::missing_right);
        words_ = kept;
    }
}

void Row::try_rights(std::size_t index) {
    for (const auto value :
         {std::uint64_t(Rights::all) + 1, std::uint64_t{1} << 32, std::uint64_t{1} << 63, all_ones})
        expect(index, value, Status::bad_argument);
    // The frames have neither.
    expect(index, std::uint64_t(Rights::power), Status::missing_right);
    expect(index, std::uint64_t(Rights::read | Rights::manage), Status::missing_right);
}

void Row::try_protection(std::size_t index) {
    for (const auto value : {std::uint64_t{0}, std::uint64_t{8}, std::uint64_t{0x20},
                             std::uint64_t{0x801}, std::uint64_t{1} << 32 | 1, all_ones})
        expect(index, value, Status::bad_argument);
    expect(index, 2 | 4, Status::write_and_execute);
    expect(index, 1 | 2 | 4, Status::write_and_execute);
}

void Row::try_word(std::size_t index) {
    const auto name = arguments_.list[index].name;
    // Of these any value will do.
    bool known = name == "bits" || name == "argument" || name == "slices" || name == "time_ns" ||
                 name.starts_with('w') || name.starts_with("none");
    for (const auto& bad : guest::bad_words) {
        if (bad.name != name) continue;
        known = true;
        if (bad.only == Call::null || bad.only == row_.number) expect(index, bad.value, bad.status);
    }
    if (!known) complain(index, 0, "no bad values are known");
}

void Row::try_addresses(std::size_t index, std::initializer_list<std::uint64_t> values) {
    for (const auto value : values)
        expect(index, value, Status::bad_address);
}

constexpr std::uint64_t first_non_canonical = 0x8000'0000'0000;
constexpr std::uint64_t kernel_half = 0xffff'8000'0000'0000;
constexpr std::uint64_t kernel_image = 0xffff'ffff'8000'0000;

// Memory the kernel reads, or writes.
void Row::try_pointer(std::size_t index, bool written) {
    try_addresses(index, {0, 8, first_non_canonical, 0x8000'0000'0000'0000, kernel_half,
                          kernel_image, lamina::user_end, lamina::user_end - 1, all_ones});
    expect(index, guest::unmapped_address, Status::not_mapped);
    expect(index, world_.straddling(), Status::not_mapped);
    if (written) expect(index, world_.read_only(), Status::not_mapped);
}

void Row::try_address(std::size_t index) {
    const auto name = arguments_.list[index].name;
    if (name == "data" || name == "name" || name == "entries" || name == "context" ||
        name == "predicate") {
        try_pointer(index, row_.number == Call::console_read);
    } else if (name == "address" && row_.number == Call::table_read) {
        try_addresses(index, {first_non_canonical, kernel_half, kernel_image, all_ones});
    } else if (name == "address") {
        try_addresses(index, {0, guest::free_address + 1, first_non_canonical, kernel_half,
                              kernel_image, lamina::user_end, all_ones & ~std::uint64_t{0xfff}});
        if (row_.number != Call::frames_map) expect(index, guest::free_address, Status::not_mapped);
    } else if (name == "entry" || name == "stack") {
        try_addresses(index, {0, first_non_canonical, kernel_half, kernel_image, all_ones});
        if (name == "entry") expect(index, lamina::user_end, Status::bad_address);
    } else if (name == "list") {
        try_addresses(index, {0, 8, words_[index] + 1, first_non_canonical, kernel_half,
                              kernel_image, lamina::user_end, all_ones & ~std::uint64_t{7}});
        expect(index, guest::unmapped_address, Status::not_mapped);
    } else if (name == "area") {
        try_addresses(index, {8, first_non_canonical, kernel_half, kernel_image, lamina::user_end,
                              words_[index] + 8, words_[index] + lamina::page_size - 1024 - 64});
        expect(index, guest::unmapped_address, Status::not_mapped);
        expect(index, world_.read_only(), Status::not_mapped);
    } else {
        complain(index, 0, "no bad addresses are known");
    }
}

void Row::try_all() {
    for (std::size_t i = 0; i < arguments_.count && !TEST_FAILED(); ++i) {
        const auto kind = arguments_.list[i].kind;
        if (arguments_.list[i].is_handle())
            try_handle(i);
        else if (kind == "rights")
            try_rights(i);
        else if (kind == "protection")
            try_protection(i);
        else if (kind == "word")
            try_word(i);
        else if (kind == "user_address")
            try_address(i);
        else if (kind.starts_with("out_"))
            try_pointer(i, true);
        else
            complain(i, 0, "unknown kind of argument");
    }
}

// So that the bad values above fail because they are bad. Calls that need something before they
// can work fail for want of that.
void Row::try_good() {
    if (row_.number == Call::machine_power || row_.number == Call::vcpu_resume || TEST_FAILED())
        return;
    auto expected = Status::ok;
    if (row_.number == Call::frames_unmap || row_.number == Call::frames_protect ||
        row_.number == Call::frames_unmap_list || row_.number == Call::frames_protect_list)
        expected = Status::not_mapped;
    if (row_.number == Call::notification_wait) expected = Status::timed_out;
    if (row_.number == Call::vcpu_start || row_.number == Call::gate_attach)
        expected = Status::already_started;
    if (row_.number == Call::gate_call) expected = Status::busy;
    if (row_.number == Call::gate_return) expected = Status::bad_argument;
    if (row_.number == Call::vcpu_migrate) expected = Status::busy;
    const auto reply = make_call(sys::tagged(row_.number), words_);
    if (reply.status != expected) complain(0, words_[0], lamina::status_name(reply.status));
    if (row_.number == Call::vcpu_bind) {
        words_[1] = 0;
        (void)make_call(sys::tagged(row_.number), words_);
    }
}

void try_row(const CallRow& row) {
    auto world = CallWorld::create();
    TEST_ASSERT_OK(world);
    Row tried(row, *world);
    if (TEST_FAILED()) return;
    tried.try_all();
    tried.try_good();
}

// One case of the Unity output for every row.
struct RowTest {
    const char* name;
    void (*test)();
};

constexpr RowTest row_tests[] = {
#define LAMINA_SYSCALL(number, name, arguments, value, rights, errors) \
    {"test_" #name, [] { try_row(calls::call_rows[number]); }},
#include "lamina/syscalls.def"
#undef LAMINA_SYSCALL
};

void test_numbers_that_are_no_call() {
    auto world = CallWorld::create();
    TEST_ASSERT_OK(world);
    const auto before = world->snapshot();
    const Words words = {1, 2, 3, 4, 5, 6};
    for (const std::uint32_t number :
         {lamina::call_count, lamina::call_count + 1, 0x7fff'ffffU, 0x8000'0000U, 0xffff'ffffU}) {
        const auto reply = make_call(sys::tagged(Call(number)), words);
        TEST_ASSERT_EQUAL(Status::bad_call, reply.status);
    }
    // The same of another ABI.
    for (std::uint32_t number = 0; number < lamina::call_count; ++number) {
        const auto rax = sys::tagged(Call(number), lamina::call_tag ^ 0xff);
        TEST_ASSERT_EQUAL(Status::bad_call, make_call(rax, words).status);
    }
    TEST_ASSERT_TRUE(before == world->snapshot());
}

void test_arguments_beyond_those_a_call_has_mean_nothing() {
    const Words words = {all_ones, all_ones, all_ones, all_ones, all_ones, all_ones};
    const auto reply = make_call(sys::tagged(Call::null), words);
    TEST_ASSERT_EQUAL(Status::ok, reply.status);
    TEST_ASSERT_EQUAL(0U, reply.value);
}

void test_not_mapped_tells_the_address() {
    auto world = CallWorld::create();
    TEST_ASSERT_OK(world);
    Words words = {std::uint64_t(fixed::self), world->straddling()};
    const auto reply = make_call(sys::tagged(Call::cap_inspect), words);
    TEST_ASSERT_EQUAL(Status::not_mapped, reply.status);
    TEST_ASSERT_EQUAL(lamina::page_ceil(world->straddling()), reply.value);
}

void test_calls_on_an_ended_environment() {
    auto env = libos::own(sys::env_create(fixed::account, "x", 1, guest::ends(), 1, 0));
    TEST_ASSERT_OK(env);
    TEST_ASSERT_OK(sys::env_end(env->get(), 3));
    lamina::EnvReport report;
    while (!sys::env_report(env->get(), &report))
        TEST_ASSERT_OK(sys::notification_wait(guest::ends(), 1, lamina::wait_forever));
    TEST_ASSERT_EQUAL(3U, report.status);
    const auto run = libos::own(sys::frames_alloc(fixed::account, 1));
    TEST_ASSERT_OK(run);
    TEST_ASSERT_STATUS(ended, sys::env_end(env->get(), 0));
    TEST_ASSERT_STATUS(ended, sys::env_start(env->get(), 0x40'0000, 0x40'0000, 0));
    TEST_ASSERT_STATUS(ended, sys::cap_copy(env->get(), run->get(), Rights::read, 0));
    TEST_ASSERT_STATUS(ended, sys::frames_map(env->get(), run->get(), 0, 1, guest::free_address,
                                              lamina::Protection::read));
    TEST_ASSERT_STATUS(ended, sys::frames_unmap(env->get(), guest::free_address, 1));
}

void test_starting_twice() {
    auto child = guest::start("victim", {"wait"});
    TEST_ASSERT_OK(child);
    TEST_ASSERT_STATUS(already_started, sys::env_start(child->env.get(), 0x40'0000, 0x40'0000, 0));
    TEST_ASSERT_STATUS(already_started, sys::env_start(fixed::self, 0x40'0000, 0x40'0000, 0));
    TEST_ASSERT_OK(sys::env_end(child->env.get(), 0));
    (void)guest::wait_end(std::move(*child));
}

void test_enough_cases_were_tried() {
    libos::print("cases tried: ", cases_tried, "\n");
    TEST_ASSERT_TRUE(cases_tried > 300);
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    for (const auto& row : row_tests)
        libos::unity::run(row.test, row.name, __FILE__, __LINE__);
    RUN_TEST(test_numbers_that_are_no_call);
    RUN_TEST(test_arguments_beyond_those_a_call_has_mean_nothing);
    RUN_TEST(test_not_mapped_tells_the_address);
    RUN_TEST(test_calls_on_an_ended_environment);
    RUN_TEST(test_starting_twice);
    RUN_TEST(test_enough_cases_were_tried);
    return libos::unity::end();
}
