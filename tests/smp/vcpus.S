/* tests/smp/vcpus.S - single accesses to memory that may fault, and a foreign entry that tells
 * whose it is. */

#include "lamina/vcpu_offsets.h"

    .text

/* std::uint64_t guest_read_word(const void*): one load; a handler of page faults may send it to
 * guest_accessed with another result. */
    .globl guest_read_word, guest_accessed
guest_read_word:
    mov (%rdi), %rax
guest_accessed:
    ret

/* std::uint64_t guest_add_word(void*): one increment; returns 0. */
    .globl guest_add_word, guest_add_word_rip
guest_add_word:
    xor %eax, %eax
guest_add_word_rip:
    incq (%rdi)
    jmp guest_accessed

/* Counts in a word of the area, and returns the address of the area to the caller of a foreign
 * call. */
    .globl guest_tell_area
guest_tell_area:
    incq %gs:AREA_USER + 16
    mov %gs:AREA_SELF, %rax
    mov %gs:AREA_FOREIGN_RIP, %rcx
    movq $0, %gs:AREA_DISABLED
    jmp *%rcx

    .section .note.GNU-stack, "", @progbits
