// tests/compile_fail/own_ranks.cpp - an order of an app's own, reversed.
// refused: lock order: the lock wanted here ranks outside of the one that is held
#include "tests/compile_fail/locks.hpp"

enum class Layer { shop = 1, basket = 2 };
struct ShopLock {
    static constexpr Layer rank = Layer::shop;
    static constexpr auto name = "shop";
};
struct BasketLock {
    static constexpr Layer rank = Layer::basket;
    static constexpr auto name = "basket";
};
Guard<ShopLock, int> shop;
Guard<BasketLock, int> basket;

void f() {
    Entry<Unvalidated> entry;
#ifdef WRONG
    Held inner{basket, entry};
    Held outer{shop, inner};
#else
    Held outer{shop, entry};
    Held inner{basket, outer};
#endif
}
