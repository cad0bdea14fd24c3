// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/exposition.h"

namespace mme {

struct Label {
  std::string_view name;
  std::string_view value;
};

// The labels of a sample as text: `a="1",b="2"`.
[[nodiscard]] std::string label_pairs(std::span<const Label> labels);
[[nodiscard]] inline std::string label_pairs(std::initializer_list<Label> labels) {
  return label_pairs(std::span<const Label>(labels.begin(), labels.size()));
}

enum class MetricType : uint8_t { counter, gauge, histogram, untyped };

struct HistogramSample {
  std::vector<uint64_t> cumulative;  // by bound, without +Inf
  uint64_t count = 0;
  double sum = 0;
};

// Writes the Prometheus text format 0.0.4, sample by sample, as prometheus::TextSerializer does a whole of labels that
// were copied for it: 2,000 series of 15 bounds take that one 40 ms, twice what a scrape may cost.
class TextWriter {
 public:
  explicit TextWriter(TextSink sink);

  // The family of the samples that follow. Without any it is left out.
  void family(std::string name, std::string help, MetricType type);

  void sample(std::string_view labels, double value);
  void sample(std::string_view labels, uint64_t value);
  void histogram(std::string_view labels, std::span<const double> bounds, const HistogramSample& histogram);

  // Hands over what is left. False where the sink wanted no more.
  [[nodiscard]] bool finish();

 private:
  void begin_sample();
  void end_sample();
  template <typename Number>
  void append_line(std::string_view suffix, std::string_view labels, Number value);
  [[nodiscard]] const std::string& bound_text(size_t place, double bound);

  TextSink sink_;
  bool wanted_ = true;
  std::string out_;  // not yet handed over
  std::string name_;
  std::string help_;
  MetricType type_ = MetricType::untyped;
  bool family_begun_ = false;
  std::string bucket_start_;  // of the histogram's lines: name and labels
  // Bounds as text. Almost every histogram has the same ones, and writing a number costs more than the rest of its
  // line.
  std::vector<std::pair<double, std::string>> bound_texts_;
};

}  // namespace mme
