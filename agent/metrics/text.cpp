// SPDX-License-Identifier: Apache-2.0
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details
#include "metrics/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace mme {
namespace {

constexpr size_t kPieceBytes = 32 << 10;   // small enough for the fast caches: each is copied thrice on its way
constexpr size_t kSampleBytes = 16 << 10;  // a histogram with the longest labels

std::string_view type_name(MetricType type) {
  switch (type) {
    case MetricType::counter:
      return "counter";
    case MetricType::gauge:
      return "gauge";
    case MetricType::histogram:
      return "histogram";
    case MetricType::untyped:
      break;
  }
  return "untyped";
}

void append_escaped(std::string& out, std::string_view value, bool quotes) {
  const auto special = [quotes](char c) { return c == '\\' || c == '\n' || (quotes && c == '"'); };
  for (;;) {
    const auto plain = static_cast<size_t>(std::find_if(value.begin(), value.end(), special) - value.begin());
    out += value.substr(0, plain);
    if (plain == value.size()) return;
    out += '\\';
    out += value[plain] == '\n' ? 'n' : value[plain];
    value.remove_prefix(plain + 1);
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

void append_number(std::string& out, uint64_t value) {
  append_digits(out, value);
}

}  // namespace

std::string label_pairs(std::span<const Label> labels) {
  std::string pairs;
  size_t bytes = 0;
  for (const Label& label : labels) bytes += label.name.size() + label.value.size() + 4;
  pairs.reserve(bytes);
  for (const Label& label : labels) {
    if (!pairs.empty()) pairs += ',';
    pairs += label.name;
    pairs += "=\"";
    append_escaped(pairs, label.value, true);
    pairs += '"';
  }
  return pairs;
}

TextWriter::TextWriter(TextSink sink) : sink_(std::move(sink)) {
  out_.reserve(kPieceBytes + kSampleBytes);
}

void TextWriter::family(std::string name, std::string help, MetricType type) {
  name_ = std::move(name);
  help_ = std::move(help);
  type_ = type;
  family_begun_ = false;
}

void TextWriter::begin_sample() {
  if (std::exchange(family_begun_, true)) return;
  out_ += "# HELP " + name_ + ' ';
  append_escaped(out_, help_, false);
  out_ += "\n# TYPE " + name_ + ' ';
  out_ += type_name(type_);
  out_ += '\n';
}

void TextWriter::end_sample() {
  if (out_.size() < kPieceBytes) return;
  wanted_ = wanted_ && sink_(out_);
  out_.clear();
}

bool TextWriter::finish() {
  if (!out_.empty()) wanted_ = wanted_ && sink_(out_);
  out_.clear();
  return wanted_;
}

template <typename Number>
void TextWriter::append_line(std::string_view suffix, std::string_view labels, Number value) {
  out_ += name_;
  out_ += suffix;
  if (!labels.empty()) {
    out_ += '{';
    out_ += labels;
    out_ += '}';
  }
  out_ += ' ';
  append_number(out_, value);
  out_ += '\n';
}

void TextWriter::sample(std::string_view labels, double value) {
  begin_sample();
  append_line("", labels, value);
  end_sample();
}

void TextWriter::sample(std::string_view labels, uint64_t value) {
  begin_sample();
  append_line("", labels, value);
  end_sample();
}

void TextWriter::histogram(std::string_view labels, std::span<const double> bounds, const HistogramSample& histogram) {
  begin_sample();
  bucket_start_.assign(name_).append("_bucket{").append(labels).append(labels.empty() ? "le=\"" : ",le=\"");
  const auto append_bucket = [this](std::string_view bound, uint64_t count) {
    out_ += bucket_start_;
    out_ += bound;
    out_ += "\"} ";
    append_digits(out_, count);
    out_ += '\n';
  };
  for (size_t i = 0; i < bounds.size(); ++i) append_bucket(bound_text(i, bounds[i]), histogram.cumulative.at(i));
  append_bucket("+Inf", histogram.count);
  append_line("_sum", labels, histogram.sum);
  append_line("_count", labels, histogram.count);
  end_sample();
}

const std::string& TextWriter::bound_text(size_t place, double bound) {
  if (place >= bound_texts_.size()) bound_texts_.resize(place + 1);
  auto& [known, text] = bound_texts_[place];
  if (text.empty() || known != bound) {
    known = bound;
    text.clear();
    append_number(text, bound);
  }
  return text;
}

std::string whole(const TextSource& source) {
  std::string text;
  (void)source([&text](std::string_view piece) {
    text += piece;
    return true;
  });
  return text;
}

}  // namespace mme
