// libos/alloc/app_first_fit.cpp - the app's allocator is first fit over frames of its own account.
#include "libos/alloc/account_pages.hpp"
#include "libos/alloc/first_fit.hpp"

namespace libos {

namespace {

constinit AccountPages pages;
constinit FirstFit heap(pages);

}  // namespace

Allocator& allocator() { return heap; }

}  // namespace libos
