#include "launch/constraint_files.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

namespace shardwright {

Contradiction from_files(const Contradiction& contradiction, const SpecSource& source,
                         const std::string& constraints) {
  std::vector<std::string> files;
  for (const std::string& file : {source.file, constraints}) {
    if (!file.empty()) files.push_back(file == "-" ? "standard input" : file);
  }
  if (files.empty()) return contradiction;
  return Contradiction(fmt::format("{}: {}", fmt::join(files, " and "), contradiction.what()));
}

}  // namespace shardwright
