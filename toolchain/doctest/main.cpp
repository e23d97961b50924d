// toolchain/doctest/main.cpp - doctest's runner, compiled once and linked into every host test
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "doctest/doctest.h"
