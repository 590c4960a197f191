#pragma once

#include "runtime/data/mapped_file.hpp"

#include <cstdint>
#include <string>

namespace shardwright {

/// Maps FOLDER/NAME, which must have the size of `count` values of `value_bytes` each. Throws
/// InputError naming the file, both sizes, what takes them (`reason`: "7 labels") and the bytes
/// missing or too many.
MappedFile open_column(const std::string& folder, const std::string& name, std::int64_t count,
                       std::int64_t value_bytes, const std::string& reason);

/// Throws the InputError of a file that contradicts itself: `complaint` ("the label of sample 3 is
/// 7, expected 0 or 1") with the file before it and what to do behind it.
[[noreturn]] void fail_column(const std::string& path, const std::string& complaint);

}  // namespace shardwright
