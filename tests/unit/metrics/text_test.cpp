// SPDX-License-Identifier: Apache-2.0
#include "metrics/text.h"

#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>
#include <random>
#include <sstream>
#include <vector>

namespace mme {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using LibraryType = prometheus::MetricType;

MetricType type_of(LibraryType type) {
  switch (type) {
    case LibraryType::Counter:
      return MetricType::counter;
    case LibraryType::Gauge:
      return MetricType::gauge;
    case LibraryType::Histogram:
      return MetricType::histogram;
    default:
      return MetricType::untyped;
  }
}

std::string labels_of(const ClientMetric& metric) {
  std::string pairs;
  for (const auto& label : metric.label) pairs += (pairs.empty() ? "" : ",") + label_pairs({{label.name, label.value}});
  return pairs;
}

void write(TextWriter& writer, LibraryType type, const ClientMetric& metric) {
  const std::string labels = labels_of(metric);
  if (type == LibraryType::Histogram) {
    std::vector<double> bounds;
    HistogramSample sample{{}, metric.histogram.sample_count, metric.histogram.sample_sum};
    for (const auto& bucket : metric.histogram.bucket) {
      bounds.push_back(bucket.upper_bound);
      sample.cumulative.push_back(bucket.cumulative_count);
    }
    return writer.histogram(labels, bounds, sample);
  }
  writer.sample(labels, type == LibraryType::Counter ? metric.counter.value
                        : type == LibraryType::Gauge ? metric.gauge.value
                                                     : metric.untyped.value);
}

// What the library holds, as we write it.
std::string text(const std::vector<MetricFamily>& families) {
  return whole([&](const TextSink& sink) {
    TextWriter writer(sink);
    for (const MetricFamily& family : families) {
      writer.family(family.name, family.help, type_of(family.type));
      for (const ClientMetric& metric : family.metric) write(writer, family.type, metric);
    }
    return writer.finish();
  });
}

MetricFamily family(LibraryType type, std::vector<ClientMetric> metrics) {
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
      text({family(LibraryType::Histogram, {histogram({}, {0.005, 0.1, 0.3, 1.2, 5, 10, 120, 1e-5, 0.0001})})});
  for (const char* bound : {"0.005", "0.1", "0.3", "1.2", "5", "10", "120", "1e-05", "0.0001", "+Inf"}) {
    EXPECT_NE(out.find("a_name_bucket{le=\"" + std::string(bound) + "\"} "), std::string::npos) << bound;
  }
}

TEST(Text, Golden) {
  ClientMetric metric = histogram({{"code", "200"}}, {0.1, 5});
  EXPECT_EQ(text({family(LibraryType::Histogram, {metric})}),
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
  expect_same_as_library({family(LibraryType::Counter, numbers)});
  expect_same_as_library({family(LibraryType::Gauge, numbers)});
  expect_same_as_library({family(LibraryType::Untyped, numbers)});
  expect_same_as_library({family(LibraryType::Histogram, {histogram(hostile, {0.1, 0.3, 1.2, 5}), histogram({}, {})})});
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
  expect_same_as_library({family(LibraryType::Counter, metrics)});
}

TEST(Text, NotANumber) {
  ClientMetric metric;
  metric.gauge.value = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NE(text({family(LibraryType::Gauge, {metric})}).find("\na_name NaN\n"), std::string::npos);
}

TEST(Text, WholeNumbersAreExact) {
  const std::string out = whole([](const TextSink& sink) {
    TextWriter writer(sink);
    writer.family("a_name", "Some help.", MetricType::counter);
    writer.sample("", UINT64_MAX);
    return writer.finish();
  });
  EXPECT_NE(out.find("\na_name 18446744073709551615\n"), std::string::npos) << out;
}

TEST(Text, FamilyWithoutSamples) {
  EXPECT_EQ(text({family(LibraryType::Counter, {})}), "");
}

TEST(Text, HelpIsOneLine) {
  MetricFamily one = family(LibraryType::Gauge, {ClientMetric{}});
  one.help = "a\\b\nc";
  EXPECT_EQ(text({one}), "# HELP a_name a\\\\b\\nc\n# TYPE a_name gauge\na_name 0\n");
}

}  // namespace
}  // namespace mme
