#pragma once

#include "costmodel/json/json_view.hpp"

#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

/// Members of another program's file that an import does not read, by name.
class LeftOut {
 public:
  /// All of `object` but those of `known` and those that are null.
  void note(const JsonView& object, std::initializer_list<std::string_view> known);
  /// Adds "Left out: a, b." to the losses if there are any.
  void report(std::vector<std::string>& losses) const;

 private:
  std::set<std::string> names_;
};

}  // namespace shardwright
