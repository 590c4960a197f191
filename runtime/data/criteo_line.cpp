#include "runtime/data/criteo_line.hpp"

#include "costmodel/errors.hpp"
#include "runtime/data/cell.hpp"
#include "runtime/data/splitmix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace shardwright {
namespace {

constexpr std::size_t kFields = 1 + kCriteoIntegers + kCriteoIds;
constexpr std::array<std::string_view, kFields> kNames = {
    "label", "I1",  "I2",  "I3",  "I4",  "I5",  "I6",  "I7",  "I8",  "I9",
    "I10",   "I11", "I12", "I13", "C1",  "C2",  "C3",  "C4",  "C5",  "C6",
    "C7",    "C8",  "C9",  "C10", "C11", "C12", "C13", "C14", "C15", "C16",
    "C17",   "C18", "C19", "C20", "C21", "C22", "C23", "C24", "C25", "C26"};
using Fields = std::array<std::string_view, kFields>;

Fields split_fields(std::string_view line, std::string_view file, std::int64_t line_number) {
  const auto found = static_cast<std::size_t>(std::count(line.begin(), line.end(), '\t')) + 1;
  if (found != kFields)
    throw InputError(fmt::format(
        "{}:{}: the line has {} fields, expected {} separated by tabs: a label, {} integers, {} "
        "hexadecimal ids. The line is {}.",
        file, line_number, found, kFields, kCriteoIntegers, kCriteoIds, quote(line)));
  Fields fields;
  for (std::string_view& field : fields) {
    const std::size_t end = std::min(line.find('\t'), line.size());
    field = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return fields;
}

float parse_dense(const Cell& cell) {
  if (cell.text.empty()) return 0.0F;
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  const std::int64_t value = parse_integer(cell, -kMost, kMost);
  return value <= 0 ? 0.0F : static_cast<float>(std::log1p(static_cast<double>(value)));
}

}  // namespace

std::span<const std::string_view> criteo_integer_names() {
  return std::span(kNames).subspan(1, kCriteoIntegers);
}
std::span<const std::string_view> criteo_id_names() {
  return std::span(kNames).subspan(1 + kCriteoIntegers, kCriteoIds);
}

std::int64_t criteo_row(std::uint64_t id, std::int64_t rows) {
  if (rows == 1) return 0;
  const auto others = static_cast<std::uint64_t>(rows - 1);
  return static_cast<std::int64_t>(1 + SplitMix64::mix(id) % others);
}

void parse_criteo_line(std::string_view line, std::string_view file, std::int64_t line_number,
                       const std::vector<std::int64_t>& rows, Sample& sample) {
  const Fields fields = split_fields(line, file, line_number);
  const auto cell = [&](std::size_t index) {
    return Cell{file, line_number, static_cast<std::int64_t>(index) + 1, kNames[index],
                fields[index]};
  };
  sample.label = static_cast<float>(parse_integer(cell(0), 0, 1));
  sample.dense.resize(kCriteoIntegers);
  for (std::size_t i = 0; i < sample.dense.size(); ++i) sample.dense[i] = parse_dense(cell(1 + i));
  sample.ids.resize(kCriteoIds);
  for (std::size_t i = 0; i < sample.ids.size(); ++i) {
    const std::size_t field = 1 + kCriteoIntegers + i;
    const bool empty = fields[field].empty();
    sample.ids[i].assign(1, empty ? 0 : criteo_row(parse_hexadecimal(cell(field)), rows[i]));
  }
}

}  // namespace shardwright
