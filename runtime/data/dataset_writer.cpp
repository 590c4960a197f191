#include "runtime/data/dataset_writer.hpp"

#include "runtime/data/column_file.hpp"
#include "runtime/data/data_layout.hpp"
#include "runtime/data/staged_folder.hpp"

#include <fmt/format.h>

#include <optional>
#include <span>
#include <stdexcept>
#include <string_view>

namespace shardwright {
namespace {

struct FeatureFiles {
  ColumnFile offsets;
  ColumnFile ids;
  std::optional<ColumnFile> weights;
  std::uint64_t num_ids = 0;
};

template <class T>
void append_value(ColumnFile& file, T value) {
  file.append(std::span<const T>(&value, 1));
}

void expect_size(std::size_t found, std::size_t expected, std::string_view what) {
  if (found != expected)
    throw std::invalid_argument(
        fmt::format("a sample has {} {}, the data set has {}", found, what, expected));
}

void append_bag(FeatureFiles& files, const std::vector<std::int64_t>& ids) {
  files.ids.append(std::span<const std::int64_t>(ids));
  files.num_ids += ids.size();
  append_value(files.offsets, files.num_ids);
}

nlohmann::json features_to_json(const std::vector<DatasetFeature>& features) {
  nlohmann::json json = nlohmann::json::array();
  for (const DatasetFeature& feature : features)
    json.push_back(
        {{"name", feature.name}, {"table", feature.table}, {"weighted", feature.weighted}});
  return json;
}

}  // namespace

struct DatasetWriter::Files {
  Files(const std::string& folder, std::vector<std::string> dense_names_,
        std::vector<DatasetFeature> features_)
      : staged(folder),
        dense_names(std::move(dense_names_)),
        features(std::move(features_)),
        labels(file(kLabelsFile)) {
    if (!dense_names.empty()) dense.emplace(file(kDenseFile));
    for (std::size_t i = 0; i < features.size(); ++i) {
      bags.push_back({ColumnFile(file(offsets_file(i))), ColumnFile(file(ids_file(i))), {}});
      if (features[i].weighted) bags.back().weights.emplace(file(weights_file(i)));
      append_value(bags.back().offsets, std::uint64_t{0});
    }
  }
  std::string file(std::string_view name) const {
    return fmt::format("{}/{}", staged.path(), name);
  }

  StagedFolder staged;
  std::vector<std::string> dense_names;
  std::vector<DatasetFeature> features;
  ColumnFile labels;
  std::optional<ColumnFile> dense;
  std::vector<FeatureFiles> bags;
  std::int64_t samples = 0;
};

DatasetWriter::DatasetWriter(const std::string& folder, std::vector<std::string> dense_names,
                             std::vector<DatasetFeature> features)
    : files_(std::make_unique<Files>(folder, std::move(dense_names), std::move(features))) {}

DatasetWriter::~DatasetWriter() = default;

void DatasetWriter::add(const Sample& sample) {
  Files& f = *files_;
  expect_size(sample.dense.size(), f.dense_names.size(), "dense values");
  expect_size(sample.ids.size(), f.features.size(), "bags");
  append_value(f.labels, sample.label);
  if (f.dense) f.dense->append(std::span<const float>(sample.dense));
  for (std::size_t i = 0; i < f.bags.size(); ++i) {
    append_bag(f.bags[i], sample.ids[i]);
    if (!f.bags[i].weights) continue;
    expect_size(sample.weights.size(), f.features.size(), "bags of weights");
    expect_size(sample.weights[i].size(), sample.ids[i].size(), "weights in a bag");
    f.bags[i].weights->append(std::span<const float>(sample.weights[i]));
  }
  ++f.samples;
}

void DatasetWriter::finish(const nlohmann::json& more) {
  Files& f = *files_;
  f.labels.close();
  if (f.dense) f.dense->close();
  for (FeatureFiles& bag : f.bags) {
    bag.offsets.close();
    bag.ids.close();
    if (bag.weights) bag.weights->close();
  }
  nlohmann::json meta = more;
  meta["schema"] = "shardwright.data/1";
  meta["samples"] = f.samples;
  meta["dense"] = f.dense_names;
  meta["features"] = features_to_json(f.features);
  const std::string text = meta.dump(2) + "\n";
  ColumnFile meta_file(f.file(kMetaFile));
  meta_file.append(std::span<const char>(text));
  meta_file.close();
  f.staged.publish();
}

}  // namespace shardwright
