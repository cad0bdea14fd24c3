/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Log-linear latency buckets: the bounds of Prometheus' native histograms, schema 3
 * (https://prometheus.io/docs/specs/native_histograms/): 2^(i/8) seconds, upper bounds inclusive. */
#ifndef MME_HISTOGRAM_H
#define MME_HISTOGRAM_H

#include "limits.h"
#include "platform.h"

/* Octaves below one second: bucket 0 ends at 2^-20 s (0.95 µs), bucket MME_BUCKETS ends at 2^7 s. */
#define MME_BUCKET_OCTAVES_BELOW 20
#define MME_BUCKET_OVERFLOW (MME_BUCKETS + 1)

/* floor(2^(k/8) * 10^9 * 2^20) for k = 0..7. Bucket i of octave o = i/8 ends at that shifted right by 40 - o. */
static const __u64 mme_bucket_octave[8] = {
    1048576000000000ull, 1143480236287205ull, 1246974039821093ull, 1359834832857737ull,
    1482910400378930ull, 1617125258462956ull, 1763487599042157ull, 1923096863214762ull,
};

/* Upper bound of a bucket in nanoseconds, inclusive; index 0 … MME_BUCKETS. */
MME_INLINE __u64 mme_bucket_bound_ns(__u32 index)
{
	return mme_bucket_octave[index & 7] >> (2 * MME_BUCKET_OCTAVES_BELOW - (index >> 3));
}

/* The bucket that holds `ns`: the first whose bound is not below it, else MME_BUCKET_OVERFLOW. */
MME_INLINE __u32 mme_bucket_index(__u64 ns)
{
	__u32 low = 0, step;

	for (step = 128; step; step /= 2) {
		const __u32 middle = low + step - 1;

		if (middle <= MME_BUCKETS && mme_bucket_bound_ns(middle) < ns)
			low += step;
	}
	return low <= MME_BUCKETS ? low : MME_BUCKET_OVERFLOW;
}

/* The first of `count` ascending bounds that is not below `ns`; `count` (+Inf) when none is.
 * `bounds` must have room for MME_BOUNDS_MAX. */
MME_INLINE __u32 mme_bound_index(const volatile __u64 *bounds, __u32 count, __u64 ns)
{
	__u32 low = 0;

	for (__u32 step = 16; step; step /= 2) {
		const __u32 last = low + step - 1;

		if (last < count && last < MME_BOUNDS_MAX && bounds[last] < ns)
			low += step;
	}
	return low;
}

/* Upper bounds of round trips and connection set-ups in microseconds, inclusive. */
static const __u32 mme_network_bounds_us[MME_NETWORK_BOUNDS] = {
    50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 100000, 1000000, 10000000,
};

/* The first bound that is not below `us`; MME_NETWORK_BOUNDS (+Inf) when none is. */
MME_INLINE __u32 mme_network_bound_index(__u64 us)
{
	__u32 index = 0;

	for (__u32 i = 0; i < MME_NETWORK_BOUNDS; i++)
		index += mme_network_bounds_us[i] < us;
	return index;
}

#endif
