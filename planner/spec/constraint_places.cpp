#include "planner/spec/constraint_places.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace shardwright {
namespace {

using nlohmann::json;

json document_of(const std::optional<InputFile>& input) {
  if (!input) return nullptr;
  try {
    return parse_json(input->content, input->name);
  } catch (const InputError&) {  // a CSV
    return nullptr;
  }
}

const json& member(const json& object, const std::string& key) {
  static const json none;
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found == object.end() ? none : *found;
}

class Places {
 public:
  explicit Places(const ConstraintSources& sources)
      : sources_(sources),
        tables_(document_of(sources.tables)),
        constraints_(document_of(sources.constraints)) {}

  std::vector<std::string> of(const AskedConstraint& asked) const {
    std::vector<std::string> places;
    if (asked.table.empty()) {
      if (!member(constraints_, asked.key).is_null()) in_constraints(asked.key, places);
      return places;
    }
    in_groups(asked, places);
    if (const std::string last = last_entry(constraints_, asked); !last.empty()) {
      in_constraints(last, places);
    } else if (const std::string own = last_entry(tables_, asked); !own.empty()) {
      places.push_back(fmt::format("{}: {}", sources_.tables->name, own));
    }
    return places;
  }

 private:
  void in_constraints(const std::string& path, std::vector<std::string>& places) const {
    places.push_back(fmt::format("{}: {}", sources_.constraints->name, path));
  }

  // Of the entries of `document` that are about the table, the last counts.
  static std::string last_entry(const json& document, const AskedConstraint& asked) {
    std::string path;
    const json& entries = member(document, "tables");
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const json& name = member(entries[i], "name");
      if (name != asked.table && name != "*") continue;
      if (member(member(entries[i], "constraints"), asked.key).is_null()) continue;
      path = fmt::format("tables[{}].constraints.{}", i, asked.key);
    }
    return path;
  }

  void in_groups(const AskedConstraint& asked, std::vector<std::string>& places) const {
    if (asked.key != "together" && asked.key != "apart") return;
    const json& groups = member(constraints_, asked.key);
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (std::find(groups[i].begin(), groups[i].end(), asked.table) == groups[i].end()) continue;
      in_constraints(fmt::format("{}[{}]", asked.key, i), places);
    }
  }

  const ConstraintSources& sources_;
  json tables_;
  json constraints_;
};

}  // namespace

std::vector<std::string> constraint_places(const std::vector<AskedConstraint>& asked,
                                           const ConstraintSources& sources, std::size_t most) {
  const Places places(sources);
  std::vector<std::string> all;
  for (const AskedConstraint& constraint : asked) {
    if (all.size() >= most) break;
    for (std::string& place : places.of(constraint)) {
      if (std::find(all.begin(), all.end(), place) == all.end()) all.push_back(std::move(place));
    }
  }
  return all;
}

}  // namespace shardwright
