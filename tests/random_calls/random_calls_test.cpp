// tests/random_calls/random_calls_test.cpp - random system calls on every CPU: the kernel lives,
// returns what it declares, and has at the end what it had before.
//
// Words of the kernel's command line: calls=N seed=S least=K, how often each outcome must be seen.
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "lamina/info.hpp"
#include "libos/console/console.hpp"
#include "libos/info/info.hpp"
#include "libos/rt/app.hpp"
#include "libos/test/unity.hpp"
#include "libos/vm/mapping.hpp"
#include "tests/guest/support.hpp"
#include "tests/random_calls/report.hpp"

namespace {

using lamina::Rights;
using libos::Digits;
using random_calls::Tally;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

constexpr std::size_t cpus_max = 8;

/// The number that follows `name=` on the kernel's command line.
std::uint64_t word(std::string_view name, std::uint64_t otherwise) {
    const auto pages = libos::info_pages();
    if (!pages) return otherwise;
    auto rest = libos::text_of((*pages)->page.command_line);
    while (!rest.empty()) {
        const auto one = rest.substr(0, rest.find(' '));
        rest.remove_prefix(std::min(rest.size(), one.size() + 1));
        if (one.size() > name.size() && one.starts_with(name) && one[name.size()] == '=')
            return libos::parse_number(one.substr(name.size() + 1)).value_or(otherwise);
    }
    return otherwise;
}

/// One app that makes calls, and the pages it counts in.
class Runner {
public:
    lamina::Result<void> start(std::uint64_t seed, std::uint64_t calls, std::uint64_t quota,
                               std::uint64_t cpu, std::uint64_t cpu_count) {
        LAMINA_TRY(run_, libos::own(sys::frames_alloc(fixed::account, random_calls::tally_pages)));
        LAMINA_TRY(mapping_,
                   libos::Mapping::create(run_.get(), 0, random_calls::tally_pages,
                                          lamina::Protection::read | lamina::Protection::write));
        const Digits texts[] = {Digits(seed, 10), Digits(calls, 10), Digits(cpu, 10),
                                Digits(cpu_count, 10)};
        const std::string_view arguments[] = {texts[0].view(), texts[1].view(), texts[2].view(),
                                              texts[3].view()};
        const libos::Grant grants[] = {
            {lamina::slots::console, fixed::console, Rights::read | Rights::write | Rights::copy},
            {lamina::slots::machine, fixed::machine, Rights::power | Rights::read | Rights::copy},
            {lamina::slots::info, fixed::info, Rights::read},
            {random_calls::tally_slot, run_.get(), Rights::read | Rights::write},
        };
        auto request = guest::request("random_caller", arguments);
        request.grants = grants;
        request.quota_frames = quota;
        request.cpu = cpu;
        request.keep_account = true;
        LAMINA_TRY(child_, libos::spawn(request));
        const auto given = sys::cap_copy(child_.env.get(), child_.account.get(), Rights::reclaim,
                                         random_calls::reclaim_slot);
        // A short run on another CPU may be over by now.
        if (!given && given.error() != lamina::Status::ended) return lamina::fail(given.error());
        return {};
    }
    // Waits for its end, then ends what it has left behind.
    lamina::EnvReport wait() {
        const auto account = std::move(child_.account);
        const auto report = guest::wait_end(std::move(child_));
        lamina::EnvInfo env;
        for (std::uint32_t i = 0; i < lamina::env_count_max; ++i)
            if (libos::read_env_info(i, env) && env.id != 0)
                (void)sys::account_end(account.get(), env.id, 0);
        return report;
    }
    const Tally& tally() const { return *reinterpret_cast<const Tally*>(mapping_.bytes().data()); }

private:
    libos::OwnedHandle run_;
    libos::Mapping mapping_;
    libos::Child child_;
};

/// Makes `calls` calls on all CPUs and adds up what came of them.
void run_all(std::uint64_t calls, Tally& sum) {
    const std::uint64_t seed = word("seed", 1);
    lamina::InfoPage info = {};
    TEST_ASSERT_OK(libos::read_info(info));
    const std::uint64_t cpus = info.cpu_count_used;
    TEST_ASSERT_TRUE(cpus <= cpus_max);
    // The first has half of the machine and more, to break memory up.
    constexpr std::uint64_t usual_quota = 4000;
    const std::uint64_t large_quota = info.frames_total * 5 / 8;
    std::array<Runner, cpus_max> runners;
    for (std::uint64_t cpu = 0; cpu < cpus; ++cpu)
        TEST_ASSERT_OK(runners[cpu].start(seed * cpus_max + cpu, calls / cpus,
                                          cpu == 0 ? large_quota : usual_quota, cpu, cpus));
    for (std::uint64_t cpu = 0; cpu < cpus; ++cpu) {
        const auto report = runners[cpu].wait();
        TEST_ASSERT_EQUAL(lamina::EndCause::exited, report.cause);
        TEST_ASSERT_EQUAL(0U, report.status);
        sum.add(runners[cpu].tally());
    }
}

void test_random_calls_fail_as_declared_and_give_everything_back() {
    static constinit Tally warm_up = {}, sum = {};
    const auto envs = guest::ledger().envs;
    run_all(1000, warm_up);
    guest::await_envs(envs);
    const auto before = guest::ledger();
    run_all(word("calls", 100'000), sum);
    if (TEST_FAILED()) return;
    random_calls::print_table(sum);
    libos::print("seed ", word("seed", 1), ", calls ", sum.total, ", succeeded ", sum.succeeded,
                 ", fingerprint ", libos::Hex{sum.fingerprint, 16}, "\n");
    random_calls::check_outcomes(sum, word("least", 100));
    TEST_ASSERT_TRUE(sum.total >= word("calls", 100'000));
    TEST_ASSERT_TRUE(sum.succeeded * 100 >= sum.total * 30);
    guest::expect_same(before);
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    RUN_TEST(test_random_calls_fail_as_declared_and_give_everything_back);
    return libos::unity::end();
}
