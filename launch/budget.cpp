#include "launch/budget.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <charconv>

namespace shardwright {

double parse_budget(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string unit(end, text.data() + text.size());
  const double scale = unit == "s" ? 1 : unit == "min" ? 60 : unit == "h" ? 3600 : 0;
  if (error == std::errc{} && value > 0 && scale > 0) return value * scale;
  throw UsageError(
      fmt::format("--budget is '{}', expected a duration such as 90s, 20min or 2h.", text));
}

}  // namespace shardwright
