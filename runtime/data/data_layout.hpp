#pragma once

#include <bit>
#include <cstddef>
#include <string>
#include <string_view>

namespace shardwright {

// Names of the files of a data set folder; docs/data_format.md says what they hold.
static_assert(std::endian::native == std::endian::little,
              "the column files are little-endian and mapped as they are");

inline constexpr std::string_view kMetaFile = "meta.json";
inline constexpr std::string_view kLabelsFile = "labels.f32";
inline constexpr std::string_view kDenseFile = "dense.f32";

inline std::string offsets_file(std::size_t feature) {
  return "feature_" + std::to_string(feature) + ".offsets.u64";
}
inline std::string ids_file(std::size_t feature) {
  return "feature_" + std::to_string(feature) + ".ids.i64";
}
inline std::string weights_file(std::size_t feature) {
  return "feature_" + std::to_string(feature) + ".weights.f32";
}

// Names in the folder that holds the whole of a converter's output.
inline constexpr std::string_view kTablesFile = "tables.json";
inline constexpr std::string_view kTrainFolder = "train";
inline constexpr std::string_view kTestFolder = "test";

}  // namespace shardwright
