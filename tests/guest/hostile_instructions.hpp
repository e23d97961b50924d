// tests/guest/hostile_instructions.hpp - instructions that user mode may not execute, as deeds.
#pragma once

// X(name, text)
#define HOSTILE_INSTRUCTIONS(X)                                                           \
    X(instruction_rdmsr, "mov $0xc0000082, %%ecx\n rdmsr")                                \
    X(instruction_wrmsr, "mov $0xc0000082, %%ecx\n wrmsr")                                \
    X(instruction_lgdt, "lgdt (%%rsp)")                                                   \
    X(instruction_lidt, "lidt (%%rsp)")                                                   \
    X(instruction_lldt, "xor %%eax, %%eax\n lldt %%ax")                                   \
    X(instruction_ltr, "mov $0x28, %%eax\n ltr %%ax")                                     \
    X(instruction_sidt, "sub $16, %%rsp\n sidt (%%rsp)")                                  \
    X(instruction_sldt, "sldt %%ax")                                                      \
    X(instruction_str, "str %%ax")                                                        \
    X(instruction_smsw, "smsw %%ax")                                                      \
    X(instruction_lmsw, "xor %%eax, %%eax\n lmsw %%ax")                                   \
    X(instruction_clts, "clts")                                                           \
    X(instruction_swapgs, "swapgs")                                                       \
    X(instruction_sysretq, "xor %%ecx, %%ecx\n sysretq")                                  \
    X(instruction_write_cr0, "xor %%eax, %%eax\n mov %%rax, %%cr0")                       \
    X(instruction_write_cr3, "xor %%eax, %%eax\n mov %%rax, %%cr3")                       \
    X(instruction_write_cr4, "xor %%eax, %%eax\n mov %%rax, %%cr4")                       \
    X(instruction_write_dr7, "xor %%eax, %%eax\n mov %%rax, %%dr7")                       \
    X(instruction_read_dr0, "mov %%dr0, %%rax")                                           \
    X(instruction_invlpg, "invlpg (%%rsp)")                                               \
    X(instruction_invd, "invd")                                                           \
    X(instruction_wbinvd, "wbinvd")                                                       \
    X(instruction_xsetbv, "xor %%ecx, %%ecx\n xor %%edx, %%edx\n mov $1, %%eax\n xsetbv") \
    X(instruction_rdpmc, "xor %%ecx, %%ecx\n rdpmc")                                      \
    X(instruction_in, "mov $0x3f8, %%edx\n inb %%dx, %%al")                               \
    X(instruction_sti, "sti")                                                             \
    X(instruction_stac, "stac")                                                           \
    X(instruction_vmcall, "vmcall")
