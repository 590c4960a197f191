#pragma once

#include <nlohmann/json.hpp>

#include <string_view>
#include <vector>

namespace shardwright {

/// The JSON value a cell or list element stands for: an integer, else a finite number, else a
/// string, which then is refused where a number is expected ("nan", "12x", "").
nlohmann::json number_or_text(std::string_view text);

/// The parts of "a,b,c", blanks around them removed; "a,,b" has an empty one.
std::vector<std::string_view> split_list(std::string_view text, char separator);

}  // namespace shardwright
