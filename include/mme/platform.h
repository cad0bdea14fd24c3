/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What differs between the compilers that read include/mme: clang for BPF, C11 and C++20 on the host. */
#ifndef MME_PLATFORM_H
#define MME_PLATFORM_H

#include <linux/types.h>

#if defined(__cplusplus)
#define MME_ASSERT_SIZE(type, size) static_assert(sizeof(type) == (size), #type " crosses the kernel border")
#else
#define MME_ASSERT_SIZE(type, size) _Static_assert(sizeof(type) == (size), #type " crosses the kernel border")
#endif

#define MME_INLINE static inline __attribute__((always_inline, unused))

/* Stops the compiler from reordering or caching memory accesses; the CPU's order is that of x86-64 (TSO). */
#define mme_barrier() __asm__ volatile("" ::: "memory")

/* At a loop's head: the state lives in memory from turn to turn. In registers the verifier would follow every value it
 * can have; from map memory it reads unknown ones, and one turn looks like the next. */
#if defined(__bpf__)
#define mme_forget_registers() mme_barrier()
#else
#define mme_forget_registers() ((void)0)
#endif

/* Hides a value's origin from the optimiser, so that a bound proven before an access stays a visible instruction
 * that the BPF verifier can follow. */
#define mme_opaque(value) __asm__ volatile("" : "+r"(value))

#endif
