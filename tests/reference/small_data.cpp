#include "small_data.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <filesystem>
#include <fstream>
#include <random>
#include <vector>

namespace reference {
namespace {

using nlohmann::json;

struct FeatureSpec {
  const char* name;
  const char* table;
  std::uint64_t rows;
};

// In the order of the tables, then of each table's features.
constexpr std::array<FeatureSpec, 5> kFeatures = {{{"clicked", "item", 23},
                                                   {"shown", "item", 23},
                                                   {"country", "country", 5},
                                                   {"user", "user", 131},
                                                   {"word", "word", 64}}};

template <typename T>
void write_column(const std::string& file, const std::vector<T>& column) {
  std::ofstream out(file, std::ios::binary);
  out.exceptions(std::ios::failbit | std::ios::badbit);
  out.write(reinterpret_cast<const char*>(column.data()),
            static_cast<std::streamsize>(column.size() * sizeof(T)));
}

void write_json(const std::string& file, const json& document) {
  std::ofstream out(file);
  out.exceptions(std::ios::failbit | std::ios::badbit);
  out << document.dump(1) << '\n';
}

// std's distributions differ between libraries; these do not.
std::uint64_t below(std::mt19937_64& random, std::uint64_t bound) { return random() % bound; }
float unit(std::mt19937_64& random) { return static_cast<float>(random() >> 40) / 16777216.0F; }

/// Bags of 0 to 4 ids; returns, per sample, the sum of its ids' parities, for the labels to follow.
std::vector<int> write_feature(const FeatureSpec& spec, bool weighted, std::int64_t samples,
                               const std::string& prefix, std::mt19937_64& random) {
  std::vector<std::uint64_t> offsets{0};
  std::vector<std::int64_t> ids;
  std::vector<float> weights;
  std::vector<int> signal;
  for (std::int64_t sample = 0; sample < samples; ++sample) {
    signal.push_back(0);
    for (std::uint64_t left = below(random, 5); left > 0; --left) {
      const std::uint64_t id = below(random, spec.rows);
      ids.push_back(static_cast<std::int64_t>(id));
      weights.push_back(0.25F + unit(random));
      signal.back() += id % 2 == 0 ? 1 : -1;
    }
    offsets.push_back(ids.size());
  }
  write_column(prefix + ".offsets.u64", offsets);
  write_column(prefix + ".ids.i64", ids);
  if (weighted) write_column(prefix + ".weights.f32", weights);
  return signal;
}

void write_part(const SmallData& data, std::int64_t samples, std::uint64_t seed,
                const std::string& folder) {
  std::filesystem::create_directories(folder);
  std::mt19937_64 random(seed);
  json features = json::array();
  std::vector<int> signal(static_cast<std::size_t>(samples), 0);
  for (std::size_t i = 0; i < kFeatures.size(); ++i) {
    const FeatureSpec& spec = kFeatures[i];
    const auto part = write_feature(spec, data.weighted, samples,
                                    fmt::format("{}/feature_{}", folder, i), random);
    for (std::size_t sample = 0; sample < part.size(); ++sample) signal[sample] += part[sample];
    features.push_back({{"name", spec.name}, {"table", spec.table}, {"weighted", data.weighted}});
  }
  std::vector<float> labels;
  std::vector<float> dense;
  for (const int value : signal) {
    labels.push_back(static_cast<float>(value) + 4 * unit(random) - 2 > 0 ? 1.0F : 0.0F);
    for (std::int64_t i = 0; i < data.num_dense; ++i) dense.push_back(2 * unit(random) - 1);
  }
  write_column(folder + "/labels.f32", labels);
  json dense_names = json::array();
  for (std::int64_t i = 0; i < data.num_dense; ++i) dense_names.push_back(fmt::format("x{}", i));
  if (data.num_dense > 0) write_column(folder + "/dense.f32", dense);
  write_json(folder + "/meta.json", {{"schema", "shardwright.data/1"},
                                     {"samples", samples},
                                     {"dense", dense_names},
                                     {"features", features}});
}

}  // namespace

void write_small_data(const SmallData& data, const std::string& folder) {
  write_part(data, data.train_samples, 1, folder + "/train");
  write_part(data, data.test_samples, 2, folder + "/test");
  json tables = json::array();
  for (const FeatureSpec& spec : kFeatures) {
    if (!tables.empty() && tables.back()["name"] == spec.table) {
      tables.back()["features"].push_back(spec.name);
      continue;
    }
    tables.push_back({{"name", spec.table},
                      {"rows", spec.rows},
                      {"dim", data.dim},
                      {"pooling", 2.0},
                      {"mode", data.mode},
                      {"weighted", data.weighted},
                      {"features", json::array({spec.name})}});
  }
  write_json(
      folder + "/tables.json",
      {{"schema", "shardwright.tables/1"}, {"batch_size", data.batch_size}, {"tables", tables}});
}

}  // namespace reference
