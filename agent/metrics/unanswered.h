// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "metrics/http_labels.h"
#include "metrics/kernel_snapshot.h"

namespace mme {

// Which load balancer of a weighted or failover service did not answer. Traefik counts 502, 504 and 499 for the one
// that it chose, and no reply on the wire shows which. What shows it: servers that take no connection, and connections
// to servers that end with a request on them.
class Unanswered {
 public:
  // Shares the failures since the last call out by the signs since then and shortly before, and sets `raw.unanswered`.
  // Those without a sign wait for kWaitS at least; at the next call they go where the others go, or to "ambiguous".
  // `raw` is all that the kernel counted.
  void add_to(KernelSnapshot& raw, const ResolveContext& context);

  static constexpr double kWaitS = 1;  // a failure and its sign may be read in two calls

 private:
  struct Signs {
    uint64_t unconnected = 0;
    uint64_t broken_off = 0;
  };
  using SignsByService = std::map<std::pair<uint16_t, std::string>, Signs>;  // by target and service

  struct Seen {
    RawSeries shared_out;
    uint64_t answered = 0;                // of them: by a server
    std::optional<double> waits_since_s;  // something has found no sign yet
    std::vector<uint64_t> latest;         // by service: what was shared out of late
    double latest_s = 0;
  };

  [[nodiscard]] SignsByService new_signs(const std::vector<RawLink>& links, const ResolveContext& context);
  [[nodiscard]] std::vector<uint64_t*> signs_of(const mme_series_key& key, const std::vector<std::string>& services);
  void share_out(const RawSeries& failures, uint64_t answered, const std::vector<std::string>& services, double now_s);
  void age_signs(double now_s);

  std::map<std::string, mme_link> seen_links_;  // by key
  SignsByService signs_;
  SignsByService fresh_;  // of signs_: since aged_s_
  double aged_s_ = 0;
  std::map<std::string, Seen> seen_;                                     // by series key
  std::map<std::pair<std::string, std::string>, RawUnanswered> shares_;  // by service and series key
};

// Cuts `counts` requests out of the series, as many as each of `counts` says and in that order, the fastest first;
// their sum is at most that of the series. Sums and bytes are split in proportion.
[[nodiscard]] std::vector<RawSeries> split(const RawSeries& series, const std::vector<uint64_t>& counts);

}  // namespace mme
