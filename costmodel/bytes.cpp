#include "costmodel/bytes.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <utility>

namespace shardwright {
namespace {

constexpr std::array<std::pair<std::string_view, double>, 11> kUnits = {{
    {"", 1.0},
    {"b", 1.0},
    {"kb", 1e3},
    {"mb", 1e6},
    {"gb", 1e9},
    {"tb", 1e12},
    {"kib", 0x1p10},
    {"mib", 0x1p20},
    {"gib", 0x1p30},
    {"tib", 0x1p40},
    {"pib", 0x1p50},
}};

[[noreturn]] void refuse(std::string_view text) {
  throw UsageError(
      fmt::format("'{}' is not a number of bytes. Expected a number from 0 to 8e18 with a unit: B, "
                  "KB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB (powers of 1024), for "
                  "example 16GiB or 80GB.",
                  text));
}

double unit_factor(std::string_view unit, std::string_view text) {
  std::string lower(unit);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const auto& [name, factor] : kUnits) {
    if (lower == name) return factor;
  }
  refuse(text);
}

}  // namespace

Bytes parse_bytes(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) refuse(text);
  std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  const double bytes = std::round(number * unit_factor(unit, text));
  if (!(bytes >= 0 && bytes <= 8e18)) refuse(text);
  return Bytes(static_cast<std::int64_t>(bytes));
}

std::string format_bytes(Bytes bytes) {
  constexpr std::array kNames = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes.value());
  std::size_t unit = 0;
  while (std::abs(value) >= 999.5 && unit + 1 < kNames.size()) {
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.3g} {}", value, kNames[unit]);
}

std::int64_t checked_product(std::int64_t a, std::int64_t b, std::string_view what) {
  std::int64_t product = 0;
  if (a < 0 || b < 0 || __builtin_mul_overflow(a, b, &product)) {
    throw InputError(fmt::format(
        "{} would be {} · {}, which is not a number from 0 to 2^63 − 1; use smaller numbers.", what,
        a, b));
  }
  return product;
}

}  // namespace shardwright
