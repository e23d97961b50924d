// tests/random_calls/holdings.cpp - adding, forgetting and picking capabilities.
#include "tests/random_calls/holdings.hpp"

namespace random_calls {

void Holdings::add_fixed(const Held& held) {
    OfType& here = of(held.type);
    here.held[here.count++] = held;
    here.fixed = here.count;
}

std::uint32_t Holdings::add(const Held& held, Choices& choices) {
    OfType& here = of(held.type);
    std::uint32_t evicted = 0;
    if (here.count == known_max) {
        const auto index =
            here.fixed + std::uint32_t(choices.below(std::uint64_t{known_max} - here.fixed));
        evicted = here.held[index].handle;
        remove(here, index);
    }
    here.held[here.count++] = held;
    return evicted;
}

void Holdings::remove(OfType& of, std::uint32_t index) {
    forgotten_[forgotten_next_++ % forgotten_.size()] = of.held[index].handle;
    of.held[index] = of.held[--of.count];
}

void Holdings::forget(std::uint32_t handle) {
    for (OfType& here : types_)
        for (std::uint32_t i = here.fixed; i < here.count; ++i)
            if (here.held[i].handle == handle) return remove(here, i);
}

std::uint32_t Holdings::take() {
    for (OfType& here : types_) {
        if (here.count == here.fixed) continue;
        const std::uint32_t handle = here.held[here.count - 1].handle;
        remove(here, here.count - 1);
        return handle;
    }
    return 0;
}

const Held* Holdings::find(std::uint32_t handle) const {
    for (const OfType& here : types_)
        for (std::uint32_t i = 0; i < here.count; ++i)
            if (here.held[i].handle == handle) return &here.held[i];
    return nullptr;
}

const Held* Holdings::pick(lamina::ObjectType type, Choices& choices) const {
    const OfType& here = types_[std::size_t(type) % types_.size()];
    return here.count != 0 ? &here.held[choices.below(here.count)] : nullptr;
}

const Held* Holdings::pick_any(Choices& choices) const {
    // The rare types as often as the common ones.
    const std::uint64_t start = choices.below(types_.size());
    for (std::size_t i = 0; i < types_.size(); ++i) {
        const OfType& here = types_[(start + i) % types_.size()];
        if (here.count != 0) return &here.held[choices.below(here.count)];
    }
    return nullptr;
}

}  // namespace random_calls
