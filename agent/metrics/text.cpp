// SPDX-License-Identifier: Apache-2.0
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>
#include <utility>

#include "metrics/families.h"

namespace mme {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

std::string_view type_name(MetricType type) {
  switch (type) {
    case MetricType::Counter:
      return "counter";
    case MetricType::Gauge:
      return "gauge";
    case MetricType::Summary:
      return "summary";
    case MetricType::Histogram:
      return "histogram";
    case MetricType::Untyped:
      break;
  }
  return "untyped";
}

void append_escaped(std::string& out, std::string_view value, bool quotes) {
  for (;;) {
    const size_t special = value.find_first_of(quotes ? "\\\n\"" : "\\\n");
    out += value.substr(0, special);
    if (special == std::string_view::npos) return;
    out += '\\';
    out += value[special] == '\n' ? 'n' : value[special];
    value.remove_prefix(special + 1);
  }
}

template <typename Number, typename... Format>
void append_digits(std::string& out, Number value, Format... format) {
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, format...);
  out.append(digits.data(), end.ptr);
}

// Shortest text that reads back as the same number; whole numbers without an exponent: "0.1", "5", "1e-05".
void append_number(std::string& out, double value) {
  constexpr double kExact = 9007199254740992.0;  // 2^53: whole numbers up to here are exact
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else if (std::abs(value) <= kExact && value == std::trunc(value)) {
    append_digits(out, static_cast<int64_t>(value));
  } else if (std::abs(value) < 1) {
    append_digits(out, value, std::chars_format::general);  // 0.0001, not 1e-04
  } else {
    append_digits(out, value);
  }
}

// `a="1",b="2"`
std::string label_pairs(const ClientMetric& metric) {
  std::string pairs;
  for (const ClientMetric::Label& label : metric.label) {
    if (!pairs.empty()) pairs += ',';
    pairs += label.name;
    pairs += "=\"";
    append_escaped(pairs, label.value, true);
    pairs += '"';
  }
  return pairs;
}

void append_sample_name(std::string& out, std::string_view name, std::string_view suffix, std::string_view pairs) {
  out += name;
  out += suffix;
  if (!pairs.empty()) {
    out += '{';
    out += pairs;
    out += '}';
  }
  out += ' ';
}

// Bounds as text. Almost every histogram has the same ones, and writing a number costs more than the rest of its line.
class BoundTexts {
 public:
  const std::string& text(size_t place, double bound) {
    if (place >= texts_.size()) texts_.resize(place + 1);
    auto& [known, text] = texts_[place];
    if (text.empty() || known != bound) {
      known = bound;
      text.clear();
      append_number(text, bound);
    }
    return text;
  }

 private:
  std::vector<std::pair<double, std::string>> texts_;
};

void append_histogram(std::string& out, const std::string& name, const ClientMetric& metric, BoundTexts& bounds) {
  const std::string pairs = label_pairs(metric);
  const std::string bucket_start = name + "_bucket{" + pairs + (pairs.empty() ? "le=\"" : ",le=\"");
  const auto append_bucket = [&](const std::string& bound, uint64_t count) {
    out += bucket_start;
    out += bound;
    out += "\"} ";
    append_digits(out, count);
    out += '\n';
  };
  const ClientMetric::Histogram& histogram = metric.histogram;
  for (size_t i = 0; i < histogram.bucket.size(); ++i) {
    append_bucket(bounds.text(i, histogram.bucket[i].upper_bound), histogram.bucket[i].cumulative_count);
  }
  append_bucket("+Inf", histogram.sample_count);
  append_sample_name(out, name, "_sum", pairs);
  append_number(out, histogram.sample_sum);
  out += '\n';
  append_sample_name(out, name, "_count", pairs);
  append_digits(out, histogram.sample_count);
  out += '\n';
}

void append_metric(std::string& out, const MetricFamily& family, const ClientMetric& metric, BoundTexts& bounds) {
  if (family.type == MetricType::Histogram) return append_histogram(out, family.name, metric, bounds);
  append_sample_name(out, family.name, "", label_pairs(metric));
  switch (family.type) {
    case MetricType::Counter:
      append_number(out, metric.counter.value);
      break;
    case MetricType::Gauge:
      append_number(out, metric.gauge.value);
      break;
    default:
      append_number(out, metric.untyped.value);
      break;
  }
  out += '\n';
}

// Close to what text() needs: growing would copy megabytes.
size_t estimated_bytes(const std::vector<MetricFamily>& families) {
  constexpr size_t kNumbers = 40;
  size_t bytes = 0;
  for (const MetricFamily& family : families) {
    bytes += 2 * (family.name.size() + 16) + family.help.size();
    for (const ClientMetric& metric : family.metric) {
      size_t line = family.name.size() + kNumbers;
      for (const ClientMetric::Label& label : metric.label) line += label.name.size() + label.value.size() + 4;
      bytes += line * (family.type == MetricType::Histogram ? metric.histogram.bucket.size() + 3 : 1);
    }
  }
  return bytes;
}

}  // namespace

std::string text(const std::vector<MetricFamily>& families) {
  std::string out;
  out.reserve(estimated_bytes(families));
  BoundTexts bounds;
  for (const MetricFamily& family : families) {
    out += "# HELP " + family.name + ' ';
    append_escaped(out, family.help, false);
    out += "\n# TYPE " + family.name + ' ';
    out += type_name(family.type);
    out += '\n';
    for (const ClientMetric& metric : family.metric) append_metric(out, family, metric, bounds);
  }
  return out;
}

std::string exposition(Snapshot snapshot, Subset subset) {
  const std::vector<MetricFamily> all = families(snapshot, subset);
  snapshot = {};
  return text(all);
}

}  // namespace mme
