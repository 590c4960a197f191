#include "runtime/data/column.hpp"

#include "costmodel/bytes.hpp"
#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace shardwright {

MappedFile open_column(const std::string& folder, const std::string& name, std::int64_t count,
                       std::int64_t value_bytes, const std::string& reason) {
  MappedFile file(folder + "/" + name);
  const std::int64_t expected = checked_product(count, value_bytes, "the size of " + file.path());
  const std::int64_t difference = file.size() - expected;
  if (difference != 0)
    fail_column(file.path(), fmt::format("the file has {} bytes, but {} take {}: {} bytes are {}",
                                         file.size(), reason, expected, std::abs(difference),
                                         difference < 0 ? "missing" : "too many"));
  return file;
}

void fail_column(const std::string& path, const std::string& complaint) {
  throw InputError(
      fmt::format("{}: {}. Make the data folder again with `shardwright data`, or copy it again.",
                  path, complaint));
}

}  // namespace shardwright
