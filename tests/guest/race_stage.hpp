// tests/guest/race_stage.hpp - an app on another CPU, with the pages that a test shares with it.
#pragma once

#include <cstdint>
#include <string_view>

#include "lamina/report.hpp"
#include "lamina/result.hpp"
#include "lamina/syscalls.hpp"
#include "lamina/vcpu.hpp"
#include "libos/loader/loader.hpp"
#include "libos/sys/handles.hpp"
#include "libos/vm/mapping.hpp"
#include "tests/guest/races.hpp"

namespace races {

/// The frames of tests/guest/races.hpp, mapped in the test.
class Pages {
public:
    static lamina::Result<Pages> create();

    lamina::Handle run() const { return run_.get(); }
    Control& control() const { return at<Control>(0); }
    lamina::VcpuArea& area() const { return at<lamina::VcpuArea>(area_frame * lamina::page_size); }
    /// What the app gives to a call.
    template <typename T>
    T& argument() const {
        return at<T>((argument_frame + 1) * lamina::page_size - bytes_before_border);
    }
    /// The page that the app writes to, as a word.
    volatile std::uint64_t& written() const {
        return at<volatile std::uint64_t>((argument_frame + 1) * lamina::page_size);
    }

private:
    template <typename T>
    T& at(std::uint64_t offset) const {
        return *reinterpret_cast<T*>(mapping_.address() + offset);
    }

    libos::OwnedHandle run_;
    libos::Mapping mapping_;
};

/// The app `hostile` with a deed of its races, from its start to its report.
class Player {
public:
    static lamina::Result<Player> start(std::string_view deed, const Pages& pages,
                                        std::uint64_t cpu);

    lamina::Handle env() const { return child_.env.get(); }
    /// Whether it has ended; then report() tells how.
    bool ended();
    const lamina::EnvReport& report() const { return report_; }
    /// Waits until it has ended.
    void wait_end();

private:
    libos::Child child_;
    lamina::EnvReport report_ = {};
};

}  // namespace races
