#include "launch/constraint_files.hpp"

#include "planner/spec/constraint_places.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>

namespace shardwright {
namespace {

// Standard input is gone, and a file may be gone by now.
std::optional<InputFile> read_again(const std::string& file) {
  if (file.empty() || file == "-") return {};
  try {
    return read_input_file(file);
  } catch (const InputError&) {
    return {};
  }
}

}  // namespace

std::string where_asked(const std::vector<AskedConstraint>& asked, const SpecFiles& files) {
  constexpr std::size_t kMost = 8;
  const ConstraintSources sources = {.tables = read_again(files.source.file),
                                     .constraints = read_again(files.constraints)};
  const auto places = constraint_places(asked, sources, kMost);
  if (places.empty()) return "";
  return fmt::format(" See {}{}.", fmt::join(places, "; "),
                     places.size() < kMost ? "" : "; perhaps more");
}

Contradiction from_files(const Contradiction& contradiction, const SpecFiles& files) {
  std::vector<std::string> names;
  for (const std::string& file : {files.source.file, files.constraints}) {
    if (!file.empty()) names.push_back(file == "-" ? "standard input" : file);
  }
  const std::string from = names.empty() ? "" : fmt::format("{}: ", fmt::join(names, " and "));
  return Contradiction(
      fmt::format("{}{}{}", from, contradiction.what(), where_asked(contradiction.blamed(), files)),
      contradiction.blamed());
}

}  // namespace shardwright
