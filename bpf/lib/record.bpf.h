/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Adds a finished exchange to its series. */
#ifndef MME_RECORD_BPF_H
#define MME_RECORD_BPF_H

#include "first_bytes.bpf.h"
#include "mongo.bpf.h"
#include "route.bpf.h"
#include "scratch.bpf.h"
#include "series.bpf.h"

/* The first slot of a family; it is the family's `_other`. */
static __always_inline __u32 family_base(__u32 family)
{
	return family * (settings.series_per_family + 1);
}

/* A slot for a new series of this family; 0 when the cap is reached. */
static __always_inline __u32 allocate_slot(__u32 family)
{
	struct mme_allocator *allocator = bpf_map_lookup_elem(&allocators, &family);
	__u32 slot = 0;

	if (!allocator)
		return 0;
	bpf_spin_lock(&allocator->lock);
	if (allocator->spare) {
		slot = allocator->spare;
		allocator->spare = 0;
	} else if (allocator->used < settings.series_per_family) {
		slot = ++allocator->used;
	}
	bpf_spin_unlock(&allocator->lock);
	if (!slot && family == MME_FAMILY_MONGO && bpf_map_pop_elem(&free_slots, &slot))
		return 0;
	return slot;
}

/* A new key races: the second CPU takes the first one's slot and keeps its own for the next series. */
static __always_inline __u32 create_series(const struct mme_series_key *key)
{
	__u32 family = key->family;
	__u32 relative = allocate_slot(family);
	struct mme_allocator *allocator;
	struct mme_series_entry *entry;
	__u32 slot, *winner;

	if (!relative)
		return family_base(family);
	slot = family_base(family) + relative;
	if (bpf_map_update_elem(&series, key, &slot, BPF_NOEXIST)) {
		allocator = bpf_map_lookup_elem(&allocators, &family);
		if (allocator) {
			bpf_spin_lock(&allocator->lock);
			allocator->spare = relative;
			bpf_spin_unlock(&allocator->lock);
		}
		winner = bpf_map_lookup_elem(&series, key);
		return winner ? *winner : family_base(family);
	}
	entry = bpf_map_lookup_elem(&series_entries, &slot);
	if (entry) {
		entry->key = *key;
		mme_barrier();
		entry->ready = MME_SERIES_LIVE;
	}
	return slot;
}

static __always_inline void count_overflow(__u32 family)
{
	__u64 *count = bpf_map_lookup_elem(&series_overflow, &family);

	if (count)
		__sync_fetch_and_add(count, 1);
}

static __always_inline int same_series(const struct mme_series_key *a, const struct mme_series_key *b)
{
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)b;

	return x[0] == y[0] && x[1] == y[1] && x[2] == y[2] && x[3] == y[3];
}

/* The last eighth of a family is for series without a route: where there are too many routes, these go to one, and the
 * other labels stay. */
static __always_inline int routes_are_full(const struct mme_series_key *key)
{
	__u32 family = key->family;
	struct mme_allocator *allocator;

	if (family != MME_FAMILY_ENTRYPOINT || key->route == MME_ROUTE_NONE || key->route >= MME_ROUTE_OTHER)
		return 0;
	allocator = bpf_map_lookup_elem(&allocators, &family);
	return allocator && allocator->used >= settings.series_per_family - settings.series_per_family / 8;
}

/* The histogram slot of a sample's series. Runs of one series are usual, so each scratch slot remembers its last. */
static __always_inline __u32 series_slot(struct mme_scratch *s)
{
	__u32 last = s->last_slot;
	const struct mme_series_entry *entry = bpf_map_lookup_elem(&series_entries, &last);
	__u32 *known;

	if (entry && entry->ready == MME_SERIES_LIVE && same_series(&entry->key, &s->sample.key))
		return last;
	known = bpf_map_lookup_elem(&series, &s->sample.key);
	if (!known && routes_are_full(&s->sample.key)) {
		s->sample.key.route = MME_ROUTE_OTHER;
		known = bpf_map_lookup_elem(&series, &s->sample.key);
	}
	s->last_slot = known ? *known : create_series(&s->sample.key);
	return s->last_slot;
}

static __always_inline void record_latency(struct mme_scratch *s)
{
	const struct mme_sample *sample = &s->sample;
	const __u32 slot = series_slot(s);
	__u32 shard = bpf_get_smp_processor_id() & settings.shard_mask;
	__u32 index, bound, bucket;
	struct mme_histogram *histogram;

	if (slot == family_base(sample->key.family) || sample->key.route == MME_ROUTE_OTHER)
		count_overflow(sample->key.family);
	index = shard * settings.slots + slot;
	histogram = bpf_map_lookup_elem(&histograms, &index);
	if (!histogram)
		return;
	bound = mme_bound_index(settings.bounds_ns, settings.bounds, sample->duration_ns);
	bucket = mme_bucket_index(sample->duration_ns);
	mme_opaque(bound);
	mme_opaque(bucket);
	if (bound > MME_BOUNDS_MAX || bucket > MME_BUCKET_OVERFLOW)
		return;
	__sync_fetch_and_add(&histogram->bounds[bound], 1);
	__sync_fetch_and_add(&histogram->buckets[bucket], 1);
	__sync_fetch_and_add(&histogram->sum_ns, sample->duration_ns);
	if (sample->request_bytes)
		__sync_fetch_and_add(&histogram->request_bytes, sample->request_bytes);
	if (sample->response_bytes)
		__sync_fetch_and_add(&histogram->response_bytes, sample->response_bytes);
}

/* The reply began in an earlier segment than it ended. */
__noinline __weak int record_first_byte(__u32 slot)
{
	struct mme_scratch *s = bpf_map_lookup_elem(&scratch, &slot);
	struct mme_first_bytes *times;
	struct mme_link_key key = {};
	__u32 first, last;

	if (!s)
		return 0;
	key.target = s->target;
	key.role = s->role;
	key.port = s->port;
	key.address[0] = s->peer[0];
	key.address[1] = s->peer[1];
	times = first_bytes_of(&key);
	if (!times)
		return 0;
	first = mme_bound_index(settings.bounds_ns, settings.bounds, s->sample.first_byte_ns);
	last = mme_bound_index(settings.bounds_ns, settings.bounds, s->sample.duration_ns);
	mme_opaque(first);
	mme_opaque(last);
	if (first > MME_BOUNDS_MAX || last > MME_BOUNDS_MAX)
		return 0;
	__sync_fetch_and_add(&times->first[first], 1);
	__sync_fetch_and_add(&times->last[last], 1);
	__sync_fetch_and_add(&times->first_ns, s->sample.first_byte_ns);
	__sync_fetch_and_add(&times->last_ns, s->sample.duration_ns);
	return 0;
}

static __always_inline void record_without_latency(const struct mme_sample *sample)
{
	__u32 index = mme_mongo_counts_index(&sample->key, sample->key.code);
	struct mme_mongo_counts *counts = bpf_map_lookup_elem(&mongo_counts, &index);

	if (!counts)
		return;
	if (sample->kind == MME_SAMPLE_AWAITED)
		__sync_fetch_and_add(&counts->awaited, 1);
	else
		__sync_fetch_and_add(&counts->unacknowledged, 1);
}

static __always_inline void record_error(const struct mme_sample *sample, __u32 kind)
{
	struct mme_mongo_error_key key = {.target = sample->key.target,
					  .command = sample->key.code,
					  .code = sample->error_codes[kind],
					  .kind = (__u8)kind,
					  .replication =
					      (__u8)mme_mongo_is_replication(sample->key.method, sample->key.code)};
	struct mme_mongo_error_key full = {.code = MME_ERROR_CODE_OVERFLOW};
	__u64 *count = bpf_map_lookup_elem(&mongo_errors, &key);
	__u64 zero = 0;

	if (!count) {
		bpf_map_update_elem(&mongo_errors, &key, &zero, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&mongo_errors, &key);
	}
	if (!count)
		count = bpf_map_lookup_elem(&mongo_errors, &full);
	if (count)
		__sync_fetch_and_add(count, 1);
}

__noinline __weak int record_errors(__u32 slot)
{
	struct mme_scratch *s = bpf_map_lookup_elem(&scratch, &slot);

	if (!s)
		return 0;
	for (__u32 kind = 0; kind < MME_MONGO_ERROR_KINDS; kind++)
		if (s->sample.errors & (1 << kind))
			record_error(&s->sample, kind);
	return 0;
}

/* The reply carried a batch of a cursor, or killed some. */
__noinline __weak int record_cursor(__u32 slot)
{
	struct mme_scratch *s = bpf_map_lookup_elem(&scratch, &slot);
	struct mme_mongo_counts *counts;
	__u32 index;

	if (!s)
		return 0;
	index = mme_mongo_counts_index(&s->sample.key, s->sample.origin);
	counts = bpf_map_lookup_elem(&mongo_counts, &index);
	if (!counts)
		return 0;
	if (s->sample.cursor & MME_CURSOR_KILLED) {
		__sync_fetch_and_add(&counts->cursors_killed, s->sample.documents);
		return 0;
	}
	if (mme_cursor_begins(s->sample.cursor))
		__sync_fetch_and_add(&counts->cursors_opened, 1);
	if (mme_cursor_ends(s->sample.cursor))
		__sync_fetch_and_add(&counts->cursors_exhausted, 1);
	__sync_fetch_and_add(&counts->documents, s->sample.documents);
	__sync_fetch_and_add(&counts->bytes, s->sample.response_bytes);
	return 0;
}

/* Records the sample of this scratch slot. A function of its own, so that the verifier looks at it once. */
__noinline __weak int record(__u32 slot)
{
	struct mme_scratch *s = bpf_map_lookup_elem(&scratch, &slot);

	if (!s)
		return 0;
	if (s->sample.kind == MME_SAMPLE_LATENCY && is_leg(&s->sample.key) && legs_are_wanted())
		tell_leg(s);
	if (s->sample.kind == MME_SAMPLE_LATENCY && s->sample.key.route == MME_ROUTE_ASKED) {
		if (!tell_exchange(s)) {
			count_lost_event();
			s->sample.key.route = MME_ROUTE_UNKNOWN;
			record_latency(s);
		}
	} else if (s->sample.kind == MME_SAMPLE_LATENCY) {
		record_latency(s);
	} else if (s->sample.kind != MME_SAMPLE_NONE) {
		record_without_latency(&s->sample);
	}
	if (s->sample.errors)
		record_errors(slot);
	if (s->sample.cursor)
		record_cursor(slot);
	s->sample.kind = MME_SAMPLE_NONE;
	return 0;
}

#endif
