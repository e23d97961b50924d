// tests/stack_switch/stack_switch.hpp - changes from one stack to another: what fibers are made of.
#pragma once

/// Stores the stack pointer that is left, below six registers (r15 r14 r13 r12 rbx rbp, from there
/// up) and the address to go on at, and goes on with another one stored so.
extern "C" void tests_switch_stack(void** save_here, void* go_on_there);
