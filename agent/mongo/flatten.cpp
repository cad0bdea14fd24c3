// SPDX-License-Identifier: Apache-2.0
#include "mongo/flatten.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string_view>

#include "metrics/names.h"

namespace mme::mongo {
namespace {

constexpr size_t kDepthMax = 8;       // mongod's own needs four
constexpr size_t kSamplesMax = 1000;  // mongod 6.0 gives some 150

// What is taken of the document: values and whole sections. None has names that users choose.
constexpr const char* kWanted[] = {
    "asserts",
    "connections",
    "extra_info",
    "globalLock",
    "mem",
    "metrics.cursor",
    "metrics.document",
    "metrics.operation",
    "metrics.queryExecutor",
    "metrics.ttl",
    "network",
    "ok",
    "opLatencies",
    "opcounters",
    "opcountersRepl",
    "queues.execution",  // what 8.0 has for wiredTiger.concurrentTransactions
    "transactions",
    "uptime",
    "uptimeEstimate",
    "uptimeMillis",
    "wiredTiger.cache.bytes currently in the cache",
    "wiredTiger.cache.bytes read into cache",
    "wiredTiger.cache.bytes written from cache",
    "wiredTiger.cache.maximum bytes configured",
    "wiredTiger.cache.modified pages evicted",
    "wiredTiger.cache.pages evicted by application threads",
    "wiredTiger.cache.pages read into cache",
    "wiredTiger.cache.pages written from cache",
    "wiredTiger.cache.tracked dirty bytes in the cache",
    "wiredTiger.cache.unmodified pages evicted",
    "wiredTiger.concurrentTransactions",
};

struct Pair {
  std::string_view path;
  std::string_view name;
};

// Sections whose names become a label (nodeToPDMetrics).
constexpr Pair kLabels[] = {
    {"asserts", "assert_type"},
    {"connections", "conn_type"},
    {"globalLock.currentQueue", "count_type"},
    {"metrics.cursor.open", "csr_type"},
    {"metrics.document", "doc_op_type"},
    {"opLatencies", "op_type"},
    {"opcounters", "legacy_op_type"},
    {"opcountersRepl", "legacy_op_type"},
    {"queues.execution", "txn_rw_type"},
    {"transactions.commitTypes", "commit_type"},
    {"wiredTiger.concurrentTransactions", "txn_rw_type"},
};

// Beginnings of paths that have a shorter one in names (prefixes).
constexpr Pair kPrefixes[] = {
    {"wiredTiger.", "wt."},
    {"queues.execution.", "wt.concurrentTransactions."},
};

// Families that become one with a label, and lose all others (specialConversions): "opLatencies_reads_ops".
struct Conversion {
  std::string_view family;
  std::string_view label;
  std::string_view values[4];
  std::string_view leaves[3];
};
constexpr Conversion kConversions[] = {
    {"mongodb_ss_opLatencies", "op_type", {"commands", "reads", "transactions", "writes"}, {"ops", "latency"}},
    {"mongodb_ss_wt_concurrentTransactions", "txn_rw", {"read", "write"}, {"out", "available", "totalTickets"}},
};

std::string_view label_of(std::string_view section) {
  for (const Pair& pair : kLabels) {
    if (pair.path == section) return pair.name;
  }
  return {};
}

// "wiredTiger.cache.bytes read into cache" → "mongodb_ss_wt_cache_bytes_read_into_cache"
std::string family_of(std::string_view path) {
  std::string text(path);
  for (const Pair& prefix : kPrefixes) {
    if (!path.starts_with(prefix.path)) continue;
    text.replace(0, prefix.path.size(), prefix.name);
    break;
  }
  std::string name = "mongodb_ss_";
  for (const unsigned char c : text) {
    const bool kept = std::isalnum(c) != 0;
    if (kept || name.back() != '_') name += kept ? static_cast<char>(c) : '_';
  }
  if (name.back() == '_') name.pop_back();
  return name;
}

bool ends_with_count(std::string_view name) {
  constexpr std::string_view ending = "count";
  const auto same = [](unsigned char a, char b) { return std::tolower(a) == b; };
  return name.size() >= ending.size() && std::equal(ending.begin(), ending.end(), name.end() - ending.size(),
                                                    [&](char b, unsigned char a) { return same(a, b); });
}

std::optional<double> number(const bson_iter_t& value) {
  switch (bson_iter_type(&value)) {
    case BSON_TYPE_BOOL:
      return bson_iter_bool(&value) ? 1 : 0;
    case BSON_TYPE_INT32:
      return bson_iter_int32(&value);
    case BSON_TYPE_INT64:
      return static_cast<double>(bson_iter_int64(&value));
    case BSON_TYPE_DOUBLE:
      return bson_iter_double(&value);
    case BSON_TYPE_DATE_TIME:
      return static_cast<double>(bson_iter_date_time(&value));
    case BSON_TYPE_TIMESTAMP: {
      uint32_t seconds = 0;
      uint32_t increment = 0;
      bson_iter_timestamp(&value, &seconds, &increment);
      return seconds;
    }
    default:
      return std::nullopt;
  }
}

// The label's value where `family` is one of those that `conversion` makes one: "reads" of opLatencies_reads_ops.
bool convert(const Conversion& conversion, StatusSample& sample) {
  for (const std::string_view value : conversion.values) {
    for (const std::string_view leaf : conversion.leaves) {
      if (value.empty() || leaf.empty()) continue;
      std::string one(conversion.family);
      one.append("_").append(value).append("_").append(leaf);
      if (sample.family != one) continue;
      sample.family = std::string(conversion.family).append("_").append(leaf);
      sample.help = sample.family;
      sample.labels = {{std::string(conversion.label), std::string(value)}};
      return true;
    }
  }
  return false;
}

class Flattener {
 public:
  explicit Flattener(const StatusLabels& labels) : labels_(labels) {}

  // `path` is that of `value`, whose name is behind its last dot.
  void add(const std::string& section, const std::string& name, const bson_iter_t& value, size_t depth) {
    if (BSON_ITER_HOLDS_DOCUMENT(&value)) {
      add_section(section.empty() ? name : section + "." + name, value, depth);
    } else if (const auto read = number(value); read && samples_.size() < kSamplesMax) {
      add_sample(section, name, *read);
    }
  }

  [[nodiscard]] std::vector<StatusSample> take() { return std::move(samples_); }

 private:
  void add_section(const std::string& path, const bson_iter_t& value, size_t depth) {
    bson_iter_t child;
    if (depth >= kDepthMax || !bson_iter_recurse(&value, &child)) return;
    while (bson_iter_next(&child)) add(path, bson_iter_key(&child), child, depth + 1);
  }

  void add_sample(const std::string& section, const std::string& name, double value) {
    const std::string_view label = label_of(section);
    const std::string path = section.empty() ? name : section + "." + name;
    StatusSample sample;
    sample.family = family_of(label.empty() ? path : section);
    sample.help = "serverStatus." + (label.empty() ? path : section);
    sample.counter = ends_with_count(name);
    sample.labels = labels_;
    sample.value = value;
    if (!label.empty()) sample.labels.emplace_back(label, label_text(name, false));
    for (const Conversion& conversion : kConversions) {
      if (convert(conversion, sample)) break;
    }
    samples_.push_back(std::move(sample));
  }

  const StatusLabels& labels_;
  std::vector<StatusSample> samples_;
};

}  // namespace

std::vector<StatusSample> flatten(const bson_t& server_status, const StatusLabels& labels) {
  Flattener flattener(labels);
  for (const char* wanted : kWanted) {
    bson_iter_t root;
    bson_iter_t value;
    if (!bson_iter_init(&root, &server_status) || !bson_iter_find_descendant(&root, wanted, &value)) continue;
    const std::string_view path = wanted;
    const size_t dot = path.rfind('.');
    const size_t name = dot == std::string_view::npos ? 0 : dot + 1;
    flattener.add(std::string(path.substr(0, name == 0 ? 0 : dot)), std::string(path.substr(name)), value, 0);
  }
  return flattener.take();
}

}  // namespace mme::mongo
