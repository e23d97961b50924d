// libos/alloc/app_bump.cpp - the app's allocator goes forward over frames of its own account.
#include "libos/alloc/account_pages.hpp"
#include "libos/alloc/bump.hpp"

namespace libos {

namespace {

constinit AccountPages pages;
constinit Bump heap(pages);

}  // namespace

Allocator& allocator() { return heap; }

}  // namespace libos
