/* include/lamina/vcpu_offsets.h - offsets in lamina::VcpuArea and SavedContext, for assembly. */
#pragma once

#define SAVED_RAX 0
#define SAVED_RBX 8
#define SAVED_RCX 16
#define SAVED_RDX 24
#define SAVED_RSI 32
#define SAVED_RDI 40
#define SAVED_RBP 48
#define SAVED_R8 56
#define SAVED_R9 64
#define SAVED_R10 72
#define SAVED_R11 80
#define SAVED_R12 88
#define SAVED_R13 96
#define SAVED_R14 104
#define SAVED_R15 112
#define SAVED_RFLAGS 120
#define SAVED_RSP 128
#define SAVED_RIP 136
#define SAVED_BYTES 144

#define AREA_SELF 0
#define AREA_DISABLED 8
#define AREA_PENDING 16
#define AREA_THREAD 24
#define AREA_FOREIGN_RIP 32
#define AREA_FOREIGN_RFLAGS 40
#define AREA_TRAP_VECTOR 48
#define AREA_TRAP_ERROR 56
#define AREA_TRAP_ADDRESS 64
#define AREA_RESUME_RIP 72
#define AREA_USER 80
#define AREA_ENABLED 128
#define AREA_TRAP 272
#define AREA_BYTES 568
