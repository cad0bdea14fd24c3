// SPDX-License-Identifier: Apache-2.0
#include "metrics/link_ledger.h"

#include <cstddef>

#include "base/raw_bytes.h"

namespace mme {
namespace {

constexpr auto kAdd = [](auto& to, auto what) { to += what; };
constexpr auto kSubtract = [](auto& from, auto what) { from -= what; };

template <typename Number, size_t kCount, typename Do>
void each(Number (&to)[kCount], const Number (&what)[kCount], Do change) {
  for (size_t i = 0; i < kCount; ++i) change(to[i], what[i]);
}

// Every counter of a link; last_failed is none.
template <typename Do>
void each(mme_link& to, const mme_link& what, Do change) {
  change(to.connect_us, what.connect_us);
  change(to.rtt_us, what.rtt_us);
  change(to.retransmits, what.retransmits);
  each(to.connects, what.connects, change);
  each(to.rtts, what.rtts, change);
  each(to.failures, what.failures, change);
  each(to.aborted, what.aborted, change);
}

template <typename Do>
void each(mme_first_bytes& to, const mme_first_bytes& what, Do change) {
  change(to.first_ns, what.first_ns);
  change(to.last_ns, what.last_ns);
  each(to.first, what.first, change);
  each(to.last, what.last, change);
}

template <typename Raw, typename Counts>
void settle_in(LinkLedger::Book<Raw, Counts>& book, const std::vector<Raw>& all, Counts Raw::*counts,
               const ResolveContext& before, const ResolveContext& after, size_t names_max) {
  for (const Raw& raw : all) {
    LinkNames names = link_names(before, raw.key);
    if (is_unnamed(names) || names == link_names(after, raw.key)) continue;
    const std::string key = raw_bytes(raw.key);
    if (book.others.contains(key)) continue;
    Raw since = raw;
    Counts& taken = book.taken[key];
    each(since.*counts, taken, kSubtract);
    taken = raw.*counts;
    since.settled = names;
    const auto [kept, first] = book.kept.try_emplace({std::move(names), raw.key.target, raw.key.role}, since);
    if (!first) each(kept->second.*counts, since.*counts, kAdd);
    if (book.kept.size() >= names_max) book.others.insert(key);
  }
}

template <typename Raw, typename Counts>
void apply_to(std::vector<Raw>& all, Counts Raw::*counts, const LinkLedger::Book<Raw, Counts>& book) {
  for (Raw& raw : all) {
    const std::string key = raw_bytes(raw.key);
    const auto taken = book.taken.find(key);
    if (taken == book.taken.end()) continue;
    each(raw.*counts, taken->second, kSubtract);
    if (book.others.contains(key)) raw.settled = rest_names(raw.key.role);
  }
  for (const auto& [names, kept] : book.kept) all.push_back(kept);
}

}  // namespace

void LinkLedger::settle(const std::vector<RawLink>& links, const std::vector<RawFirstBytes>& first_bytes,
                        const ResolveContext& before, const ResolveContext& after) {
  settle_in(links_, links, &RawLink::link, before, after, names_max_);
  settle_in(first_bytes_, first_bytes, &RawFirstBytes::times, before, after, names_max_);
}

void LinkLedger::apply(std::vector<RawLink>& links, std::vector<RawFirstBytes>& first_bytes) const {
  apply_to(links, &RawLink::link, links_);
  apply_to(first_bytes, &RawFirstBytes::times, first_bytes_);
}

}  // namespace mme
