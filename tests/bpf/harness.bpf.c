// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* bpf/observer.bpf.c itself, for BPF_PROG_TEST_RUN: what a test run lacks (a TCP socket with state, a clock that the
 * test sets) is put in its place, and every sample is kept as it was. */
#include <linux/bpf.h>  // first: the helpers need its types

#include <bpf/bpf_helpers.h>

#include "mme/exchange.h"

#define HARNESS_SAMPLES 128

struct harness_state {
  struct mme_sample samples[HARNESS_SAMPLES];
  __u32 count;
  __u32 pad;
  __u64 now_ns;
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct harness_state);
} harness_state SEC(".maps");

/* The one key of both maps; on the stack it would be too much for the deepest call. */
const volatile __u32 harness_key;

/* Stands for the sk_storage of the one socket. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct mme_connection);
} harness_connection SEC(".maps");

static __always_inline struct mme_connection *harness_storage(void) {
  return bpf_map_lookup_elem(&harness_connection, (const void *)&harness_key);
}

static __always_inline __u64 harness_now(void) {
  struct harness_state *state = bpf_map_lookup_elem(&harness_state, (const void *)&harness_key);

  return state ? state->now_ns : 0;
}

/* There are no captures: what is compressed is recorded by the programs. */
#define bpf_sk_storage_get(map, sk, value, flags) \
  ((void)(sk), (const void *)(map) == (const void *)&connections ? (void *)harness_storage() : (void *)0)
#define bpf_get_socket_cookie(ctx) ((void)(ctx), 1)
#define bpf_ktime_get_ns() harness_now()
#define record record_in_maps
#include "lib/record.bpf.h"
#undef record

__noinline __weak int record(__u32 slot) {
  struct mme_scratch *s = bpf_map_lookup_elem(&scratch, &slot);
  struct harness_state *state = bpf_map_lookup_elem(&harness_state, (const void *)&harness_key);

  if (!s || !state) return 0;
  if (state->count < HARNESS_SAMPLES) state->samples[state->count & (HARNESS_SAMPLES - 1)] = s->sample;
  state->count++;
  return record_in_maps(slot);
}

#include "observer.bpf.c"
