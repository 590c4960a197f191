#include "data_folder.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <stdexcept>

namespace reference {
namespace {

template <typename T>
std::vector<T> read_column(const std::string& file, std::int64_t count) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) throw std::runtime_error("Cannot read " + file + ".");
  const auto bytes = static_cast<std::streamoff>(in.tellg());
  const auto expected = static_cast<std::streamoff>(count * static_cast<std::int64_t>(sizeof(T)));
  if (bytes != expected) {
    throw std::runtime_error(file + " has " + std::to_string(bytes) + " bytes, expected " +
                             std::to_string(expected) + ".");
  }
  std::vector<T> column(static_cast<std::size_t>(count));
  in.seekg(0);
  in.read(reinterpret_cast<char*>(column.data()), expected);
  return column;
}

Feature read_feature(const nlohmann::json& meta, const std::string& prefix, std::int64_t samples) {
  Feature feature{meta.at("name"), meta.at("table"), meta.value("weighted", false), {}, {}, {}};
  feature.offsets = read_column<std::int64_t>(prefix + ".offsets.u64", samples + 1);
  feature.ids = read_column<std::int64_t>(prefix + ".ids.i64", feature.offsets.back());
  if (feature.weighted) {
    feature.weights = read_column<float>(prefix + ".weights.f32", feature.offsets.back());
  }
  return feature;
}

}  // namespace

DataFolder read_data_folder(const std::string& folder) {
  std::ifstream in(folder + "/meta.json");
  if (!in) throw std::runtime_error("Cannot read " + folder + "/meta.json.");
  const nlohmann::json meta = nlohmann::json::parse(in);
  DataFolder data;
  data.samples = meta.at("samples");
  data.num_dense = static_cast<std::int64_t>(meta.at("dense").size());
  data.labels = read_column<float>(folder + "/labels.f32", data.samples);
  if (data.num_dense > 0) {
    data.dense = read_column<float>(folder + "/dense.f32", data.samples * data.num_dense);
  }
  for (std::size_t i = 0; i < meta.at("features").size(); ++i) {
    const std::string prefix = folder + "/feature_" + std::to_string(i);
    data.features.push_back(read_feature(meta["features"][i], prefix, data.samples));
  }
  return data;
}

}  // namespace reference
