// tests/smp/ends_test.cpp - environments of several vCPUs end in every way, and free all they
// held, while others compute.
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "lamina/report.hpp"
#include "lamina/slice.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/test/unity.hpp"
#include "libos/text/text.hpp"
#include "libos/vm/mapping.hpp"
#include "tests/guest/support.hpp"
#include "tests/mutation/mutation.hpp"
#include "tests/smp/swarm.hpp"

namespace {

using lamina::EndCause;
using lamina::Rights;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

/// What the test does when all of its vCPUs compute.
enum class Act { nothing, kill, revoke_area, use_up_time };

struct Form {
    std::string_view name;
    std::string_view how;
    Act act;
    EndCause cause;
    std::uint64_t detail;  ///< The status, or the exception vector.
};

constexpr std::uint64_t killed = 5;
constexpr Form forms[] = {
    {"exit", "exit", Act::nothing, EndCause::exited, 7},
    {"divide by zero", "divide", Act::nothing, EndCause::faulted, 0},
    {"invalid opcode", "opcode", Act::nothing, EndCause::faulted, 6},
    {"page fault", "page-fault", Act::nothing, EndCause::faulted, 14},
    {"stack overflow", "overflow", Act::nothing, EndCause::faulted, 14},
    {"foreign call while disabled", "foreign", Act::nothing, EndCause::foreign_while_disabled, 0},
    {"revoked area", "revoked", Act::revoke_area, EndCause::revoked, 0},
    {"killed while it computes", "compute", Act::kill, EndCause::killed, killed},
    {"killed while one waits", "wait", Act::kill, EndCause::killed, killed},
    {"loop past its CPU budget", "compute", Act::use_up_time, EndCause::killed, killed},
};

/// For how long the vCPUs of a swarm may go on, all of them together.
constexpr std::uint64_t budget_ns = 3 * lamina::slice_ns_min;

constinit std::uint32_t cpu_count = 0;

/// An app that computes with several vCPUs.
class Swarm {
public:
    static lamina::Result<Swarm> start(std::string_view how, std::uint64_t vcpus,
                                       std::uint64_t doer, std::uint64_t cpu) {
        Swarm made;
        made.vcpus_ = vcpus;
        LAMINA_TRY(made.control_run_, libos::own(sys::frames_alloc(fixed::account, 1)));
        LAMINA_TRY(made.area_run_, libos::own(sys::frames_alloc(fixed::account, 1)));
        LAMINA_TRY(made.control_,
                   libos::Mapping::create(made.control_run_.get(), 0, 1,
                                          lamina::Protection::read | lamina::Protection::write));
        libos::TextBuffer<8> vcpus_text;
        libos::TextBuffer<8> doer_text;
        put(vcpus_text, vcpus);
        put(doer_text, doer);
        const std::array arguments = {how, vcpus_text.view(), doer_text.view()};
        constexpr auto writable = Rights::read | Rights::write;
        const std::array grants = {
            libos::Grant{lamina::slots::info, fixed::info, Rights::read},
            libos::Grant{lamina::handle_slot(swarm::control_handle), made.control_run_.get(),
                         writable},
            libos::Grant{lamina::handle_slot(swarm::area_handle), made.area_run_.get(), writable},
        };
        auto request = guest::request("swarm", arguments);
        request.grants = grants;
        request.cpu = cpu;
        request.keep_account = true;
        LAMINA_TRY(made.child_, libos::spawn(request));
        // Short ones, so that all come to their turns often. It may have ended by now.
        (void)sys::slice_set(made.child_.env.get(), lamina::slice_ns_min);
        return made;
    }

    swarm::Control& control() { return *reinterpret_cast<swarm::Control*>(control_.address()); }

    /// Whether each of its vCPUs has computed so many blocks.
    bool has_computed(std::uint64_t blocks) {
        for (std::uint64_t i = 0; i < vcpus_; ++i)
            if (control().beats[i] < blocks) return false;
        return true;
    }

    void act(Act act) {
        if (act == Act::nothing) return;
        while (!has_computed(swarm::blocks_before))
            (void)sys::vcpu_yield();
        while (act == Act::revoke_area && control().moved == 0)
            (void)sys::vcpu_yield();
        if (act == Act::use_up_time) use_up_time();
        if (act == Act::kill || act == Act::use_up_time)
            TEST_ASSERT_OK(sys::env_end(child_.env.get(), killed));
        if (act == Act::revoke_area) TEST_ASSERT_OK(sys::cap_revoke(area_run_.get()));
    }

    /// Tells it to exit.
    void stop() { control().stop = 1; }

    lamina::EnvReport wait_end() { return guest::wait_end(std::move(child_)); }

private:
    /// Bounds the time that it may compute, and waits until it has.
    void use_up_time() {
        const auto news = libos::own(sys::notification_create(fixed::account));
        TEST_ASSERT_OK(news);
        TEST_ASSERT_OK(
            sys::account_time(child_.account.get(), lamina::no_bound, budget_ns, news->get(), 1));
        TEST_ASSERT_OK(sys::notification_wait(news->get(), 1, lamina::wait_forever));
    }

    std::uint64_t vcpus_ = 0;
    libos::OwnedHandle control_run_;
    libos::OwnedHandle area_run_;
    libos::Mapping control_;
    libos::Child child_;
};

void fail(const Form& form, const lamina::EnvReport& report) {
    libos::TextBuffer<100> why;
    put(why, form.name, ": cause ", std::uint64_t(report.cause), ", status ", report.status,
        ", vector ", report.vector);
    libos::unity::fail(__FILE__, __LINE__, why.view());
}

void end_once(const Form& form, std::uint64_t vcpus, std::uint64_t doer, std::uint64_t cpu) {
    auto swarm = Swarm::start(form.how, vcpus, doer, cpu);
    TEST_ASSERT_OK(swarm);
    swarm->act(form.act);
    const auto report = swarm->wait_end();
    const bool by_status = report.cause == EndCause::exited || report.cause == EndCause::killed;
    if (report.cause != form.cause || (by_status ? report.status : report.vector) != form.detail)
        return fail(form, report);
    TEST_ASSERT_EQUAL(0U, swarm->control().wrong.load());
}

std::uint64_t vcpus_wanted() { return cpu_count == swarm::vcpus_max ? cpu_count : 4; }

// Each form by the first vCPU, and by the last, which is on another CPU if there is one.
void end_in_every_form() {
    for (const Form& form : forms) {
        for (const std::uint64_t doer : {std::uint64_t{0}, vcpus_wanted() - 1}) {
            end_once(form, vcpus_wanted(), doer, doer % cpu_count);
            if (TEST_FAILED()) return;
        }
    }
}

// The second time: the test's own table has grown by then.
void test_every_form_of_end_frees_all_it_held() {
    end_in_every_form();
    if (TEST_FAILED()) return;
    const auto before = guest::ledger();
    end_in_every_form();
    if (!TEST_FAILED()) guest::expect_same(before);
}

// 100 of them, or 1000.
void test_ends_do_not_disturb_three_that_compute() {
    constexpr std::size_t count = 3;
    const auto envs = guest::ledger().envs;
    std::array<lamina::Result<Swarm>, count> others = {
        Swarm::start("compute", 1, 0, 0), Swarm::start("compute", 1, 0, 1 % cpu_count),
        Swarm::start("compute", 2, 0, 2 % cpu_count)};
    for (auto& other : others) {
        TEST_ASSERT_OK(other);
        // By then it has all it will ever have.
        while (!other->has_computed(1))
            (void)sys::vcpu_yield();
    }
    mutation::Random random(1);
    const std::uint64_t rounds = guest::is_long() ? 1000 : 100;
    const auto before = guest::ledger();
    for (std::uint64_t round = 0; round < rounds && !TEST_FAILED(); ++round) {
        const auto& form = forms[random.below(std::size(forms))];
        const std::uint64_t vcpus = 1 + random.below(vcpus_wanted());
        end_once(form, vcpus, random.below(vcpus), random.below(cpu_count));
    }
    if (TEST_FAILED()) return;
    guest::expect_same(before);
    for (auto& other : others) {
        const std::uint64_t beats = other->control().beats[0];
        while (!other->has_computed(beats + 3))
            (void)sys::vcpu_yield();
        other->stop();
        const auto report = other->wait_end();
        TEST_ASSERT_EQUAL(EndCause::exited, report.cause);
        TEST_ASSERT_EQUAL(0U, report.status);
        TEST_ASSERT_EQUAL(0U, other->control().wrong.load());
    }
    guest::await_envs(envs);
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    cpu_count = guest::info().cpu_count_used;
    RUN_TEST(test_every_form_of_end_frees_all_it_held);
    RUN_TEST(test_ends_do_not_disturb_three_that_compute);
    return libos::unity::end();
}
