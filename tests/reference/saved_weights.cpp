#include "saved_weights.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <stdexcept>

namespace reference {
namespace {

using nlohmann::json;
using Weights = std::map<std::string, std::vector<float>>;

std::string read_bytes(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("Cannot read " + file + ".");
  return {std::istreambuf_iterator<char>(in), {}};
}

/// All float32 tensors of a file: 8 bytes length of the header, the header, the data.
Weights read_safetensors(const std::string& file) {
  const std::string bytes = read_bytes(file);
  std::uint64_t header_size = 0;
  if (bytes.size() < sizeof(header_size))
    throw std::runtime_error(file + " is no safetensors file.");
  std::memcpy(&header_size, bytes.data(), sizeof(header_size));
  const std::size_t data = sizeof(header_size) + header_size;
  const json header = json::parse(bytes.substr(sizeof(header_size), header_size));
  Weights weights;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__" || entry.at("dtype") != "F32") continue;
    const auto begin = entry.at("data_offsets").at(0).get<std::size_t>();
    const auto end = entry.at("data_offsets").at(1).get<std::size_t>();
    if (data + end > bytes.size()) throw std::runtime_error(file + " is cut short.");
    std::vector<float>& values = weights[name];
    values.resize((end - begin) / sizeof(float));
    std::memcpy(values.data(), bytes.data() + data + begin, end - begin);
  }
  return weights;
}

void place(const std::vector<float>& part, const json& shard, std::size_t dim,
           std::vector<float>& whole) {
  const auto row_begin = shard.at("row_begin").get<std::size_t>();
  const auto row_end = shard.at("row_end").get<std::size_t>();
  const auto col_begin = shard.at("col_begin").get<std::size_t>();
  const auto width =
      static_cast<std::ptrdiff_t>(shard.at("col_end").get<std::size_t>() - col_begin);
  auto from = part.begin();
  for (std::size_t row = row_begin; row < row_end; ++row, from += width) {
    std::copy_n(from, width, whole.begin() + static_cast<std::ptrdiff_t>(row * dim + col_begin));
  }
}

double norm(const std::vector<float>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return std::sqrt(sum);
}

}  // namespace

Weights read_saved_weights(const std::string& folder) {
  const json index = json::parse(read_bytes(folder + "/index.json"));
  Weights weights = read_safetensors(folder + "/" + index.at("dense").get<std::string>());
  std::map<std::string, Weights> files;
  for (const json& table : index.at("tables")) {
    const auto dim = table.at("dim").get<std::size_t>();
    std::vector<float>& whole = weights[table.at("name")];
    whole.assign(table.at("rows").get<std::size_t>() * dim, std::nanf(""));
    for (const json& shard : table.at("shards")) {
      const std::string file = folder + "/" + shard.at("file").get<std::string>();
      if (!files.contains(file)) files[file] = read_safetensors(file);
      place(files[file].at(shard.at("name").get<std::string>() + "/weights"), shard, dim, whole);
    }
  }
  return weights;
}

WeightDifference largest_weight_difference(const Weights& saved, const Weights& expected) {
  if (saved.size() != expected.size()) throw std::runtime_error("The models differ in tensors.");
  WeightDifference largest;
  for (const auto& [name, values] : expected) {
    std::vector<float> difference = saved.at(name);
    if (difference.size() != values.size()) throw std::runtime_error(name + " differs in size.");
    std::transform(difference.begin(), difference.end(), values.begin(), difference.begin(),
                   std::minus<>());
    const double relative = norm(difference) / norm(values);
    if (std::isnan(relative) || relative > largest.relative) largest = {relative, name};
  }
  return largest;
}

}  // namespace reference
