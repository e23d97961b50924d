/* include/lamina/call_words.h - the words of calls that assembly makes. */
#pragma once

/* rax for gate_return (lamina/syscalls.hpp). */
#define CALL_GATE_RETURN 0x4C414D040000002a
