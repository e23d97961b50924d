// tests/random_calls/holdings.hpp - Holdings: the capabilities that one environment is known to
// have.
#pragma once

#include <array>
#include <cstdint>

#include "lamina/rights.hpp"
#include "tests/mutation/mutation.hpp"

namespace random_calls {

/// Where decisions come from.
class Choices : public mutation::Random {
public:
    using Random::Random;
    bool percent(unsigned chance) { return below(100) < chance; }
};

/// Who an environment is, besides its id: the caller itself, or one of its puppets.
using Who = std::uint32_t;
inline constexpr Who nobody = 0;

/// A capability as far as it is known.
struct Held {
    std::uint32_t handle = 0;
    lamina::ObjectType type = lamina::ObjectType::none;
    std::uint32_t rights = 0;
    Who who = nobody;  ///< Environments only.
};

/// Some capabilities of each type; those of fixed slots stay, of the others the latest are known.
class Holdings {
public:
    /// One that stays.
    void add_fixed(const Held& held);
    /// Returns the handle that is not known any more because of it, or 0.
    std::uint32_t add(const Held& held, Choices& choices);
    void forget(std::uint32_t handle);
    /// Forgets one of those that do not stay, and returns it; 0 if there is none.
    std::uint32_t take();
    void clear() { *this = {}; }

    const Held* find(std::uint32_t handle) const;
    /// One of a type; null if there is none.
    const Held* pick(lamina::ObjectType type, Choices& choices) const;
    const Held* pick_any(Choices& choices) const;
    /// A handle that was forgotten, or 0.
    std::uint32_t pick_forgotten(Choices& choices) const {
        return forgotten_[choices.below(forgotten_.size())];
    }

private:
    static constexpr std::uint32_t known_max = 24;
    struct OfType {
        std::array<Held, known_max> held;
        std::uint32_t count = 0;
        std::uint32_t fixed = 0;
    };

    void remove(OfType& of, std::uint32_t index);
    OfType& of(lamina::ObjectType type) { return types_[std::size_t(type) % types_.size()]; }

    std::array<OfType, std::size_t(lamina::ObjectType::slice) + 1> types_;
    std::array<std::uint32_t, 16> forgotten_ = {};
    std::uint32_t forgotten_next_ = 0;
};

}  // namespace random_calls
