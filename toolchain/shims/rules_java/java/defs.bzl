# toolchain/shims/rules_java/java/defs.bzl - the Java rules, which this Bazel has built in
"""Names that Bazel's own packages load from rules_java."""

java_binary = native.java_binary
java_import = native.java_import
java_library = native.java_library
java_proto_library = native.java_proto_library
java_runtime = native.java_runtime
java_toolchain = native.java_toolchain
