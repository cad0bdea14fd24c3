// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>
#include <random>
#include <sstream>
#include <vector>

#include "metrics/families.h"

namespace mme {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily family(MetricType type, std::vector<ClientMetric> metrics) {
  return {"a_name", "Some help.", type, metrics};
}

ClientMetric histogram(std::vector<ClientMetric::Label> labels, const std::vector<double>& bounds) {
  ClientMetric metric;
  metric.label = std::move(labels);
  uint64_t count = 0;
  for (const double bound : bounds) metric.histogram.bucket.push_back({count++, bound});
  metric.histogram.sample_count = 1ULL << 60;
  metric.histogram.sample_sum = 0.009073879000000002;
  return metric;
}

std::vector<std::string> sorted_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  std::sort(lines.begin(), lines.end());
  return lines;
}

// The library's own serializer writes the same lines, in another order within a histogram.
void expect_same_as_library(const std::vector<MetricFamily>& families) {
  EXPECT_EQ(sorted_lines(text(families)), sorted_lines(prometheus::TextSerializer().Serialize(families)));
}

TEST(Text, Bounds) {
  const std::string out =
      text({family(MetricType::Histogram, {histogram({}, {0.005, 0.1, 0.3, 1.2, 5, 10, 120, 1e-5, 0.0001})})});
  for (const char* bound : {"0.005", "0.1", "0.3", "1.2", "5", "10", "120", "1e-05", "0.0001", "+Inf"}) {
    EXPECT_NE(out.find("a_name_bucket{le=\"" + std::string(bound) + "\"} "), std::string::npos) << bound;
  }
}

TEST(Text, Golden) {
  ClientMetric metric = histogram({{"code", "200"}}, {0.1, 5});
  EXPECT_EQ(text({family(MetricType::Histogram, {metric})}),
            "# HELP a_name Some help.\n"
            "# TYPE a_name histogram\n"
            "a_name_bucket{code=\"200\",le=\"0.1\"} 0\n"
            "a_name_bucket{code=\"200\",le=\"5\"} 1\n"
            "a_name_bucket{code=\"200\",le=\"+Inf\"} 1152921504606846976\n"
            "a_name_sum{code=\"200\"} 0.009073879000000002\n"
            "a_name_count{code=\"200\"} 1152921504606846976\n");
}

TEST(Text, SameAsLibrary) {
  const std::vector<ClientMetric::Label> hostile = {{"a", "q\"b\\c\nd\x01\r\t"}, {"b", ""}, {"c", "größe"}};
  std::vector<ClientMetric> numbers;
  for (const double value : {0.0, 1.0, 0.1, 1e15, -3.0, 1795365530.25, 123456.75, 0.000123, 5e-7}) {
    ClientMetric metric;
    metric.label = hostile;
    metric.counter.value = metric.gauge.value = metric.untyped.value = value;
    numbers.push_back(metric);
  }
  expect_same_as_library({family(MetricType::Counter, numbers)});
  expect_same_as_library({family(MetricType::Gauge, numbers)});
  expect_same_as_library({family(MetricType::Untyped, numbers)});
  expect_same_as_library({family(MetricType::Histogram, {histogram(hostile, {0.1, 0.3, 1.2, 5}), histogram({}, {})})});
}

TEST(Text, SameAsLibraryOnRandomLabels) {
  std::mt19937 random(7);
  std::vector<ClientMetric> metrics;
  for (int i = 0; i < 500; ++i) {
    std::string value;
    for (unsigned length = random() % 40; length > 0; --length) value += static_cast<char>(1 + random() % 255);
    ClientMetric metric;
    metric.label = {{"x", value}};
    metric.counter.value = static_cast<double>(random() % 100000) / 8;
    metrics.push_back(metric);
  }
  expect_same_as_library({family(MetricType::Counter, metrics)});
}

TEST(Text, NotANumber) {
  ClientMetric metric;
  metric.gauge.value = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NE(text({family(MetricType::Gauge, {metric})}).find("\na_name NaN\n"), std::string::npos);
}

TEST(Text, HelpIsOneLine) {
  MetricFamily one = family(MetricType::Gauge, {ClientMetric{}});
  one.help = "a\\b\nc";
  EXPECT_EQ(text({one}), "# HELP a_name a\\\\b\\nc\n# TYPE a_name gauge\na_name 0\n");
}

}  // namespace
}  // namespace mme
