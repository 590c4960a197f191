#include "planner/exchange/left_out.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace shardwright {

void LeftOut::note(const JsonView& object, std::initializer_list<std::string_view> known) {
  if (!object.raw().is_object()) return;
  for (const auto& [key, value] : object.raw().items()) {
    const bool is_known = std::find(known.begin(), known.end(), key) != known.end();
    if (!is_known && !value.is_null()) names_.insert(key);
  }
}

void LeftOut::report(std::vector<std::string>& losses) const {
  if (!names_.empty()) losses.push_back(fmt::format("Left out: {}.", fmt::join(names_, ", ")));
}

}  // namespace shardwright
