#include "runtime/checkpoint/checkpoint_interval.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

namespace shardwright {
namespace {

struct Unit {
  std::string_view name;
  double seconds = 0;  ///< 0: steps
};

constexpr std::array<Unit, 8> kUnits = {{{"step", 0},
                                         {"steps", 0},
                                         {"s", 1},
                                         {"sec", 1},
                                         {"m", 60},
                                         {"min", 60},
                                         {"h", 3600},
                                         {"d", 86400}}};

[[noreturn]] void refuse(std::string_view text) {
  throw InputError(
      fmt::format("'{}' does not say when to write checkpoints. Write never, signal, a number of "
                  "steps as '1000 steps', or a time as 90s, 10min or 2h.",
                  text));
}

Unit find_unit(std::string_view text, std::string_view name) {
  while (name.starts_with(' ')) name.remove_prefix(1);
  for (const Unit& unit : kUnits) {
    if (unit.name == name) return unit;
  }
  refuse(text);
}

}  // namespace

CheckpointInterval parse_checkpoint_interval(std::string_view text) {
  if (text == "never") return {};
  CheckpointInterval interval{.steps = {}, .seconds = {}, .on_signals = true};
  if (text == "signal") return interval;
  constexpr double kMost = 1e12;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || !(number > 0) || number > kMost) refuse(text);
  const Unit unit = find_unit(text, text.substr(static_cast<std::size_t>(end - text.data())));
  if (unit.seconds > 0) {
    interval.seconds = number * unit.seconds;
    return interval;
  }
  interval.steps = static_cast<std::int64_t>(number);
  if (number < 1 || static_cast<double>(*interval.steps) != number) refuse(text);
  return interval;
}

}  // namespace shardwright
