# toolchain/shims/rules_cc/cc/defs.bzl - the C++ rules, which this Bazel has built in
"""Names that Bazel's own packages load from rules_cc."""

cc_binary = native.cc_binary
cc_library = native.cc_library
cc_proto_library = native.cc_proto_library
cc_test = native.cc_test
cc_toolchain = native.cc_toolchain
cc_toolchain_suite = native.cc_toolchain_suite
