#pragma once

#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shardwright {

/// An enum's values and the names that files and options use for them.
template <class Enum, std::size_t N>
using Names = std::array<std::pair<Enum, std::string_view>, N>;

template <class Enum, std::size_t N>
std::string_view name_of(Enum value, const Names<Enum, N>& names) {
  for (const auto& [candidate, name] : names) {
    if (candidate == value) return name;
  }
  throw std::logic_error("an enum value without a name");
}

/// The value called `text`, or an `ErrorType` that lists the names; `what` says what they name.
template <class ErrorType = InputError, class Enum, std::size_t N>
Enum value_of(std::string_view text, const Names<Enum, N>& names, std::string_view what) {
  std::vector<std::string> allowed;
  for (const auto& [value, name] : names) {
    if (name == text) return value;
    allowed.emplace_back(name);
  }
  const std::string guess = nearest(text, allowed);
  throw ErrorType(fmt::format("'{}' is not a known {}{} Allowed are {}.", text, what,
                              guess.empty() ? "." : fmt::format("; did you mean '{}'?", guess),
                              fmt::join(allowed, ", ")));
}

}  // namespace shardwright
