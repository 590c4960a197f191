#include "runtime/data/dataset.hpp"

#include "costmodel/bytes.hpp"
#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"
#include "runtime/data/data_layout.hpp"
#include "runtime/data/mapped_file.hpp"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <span>
#include <stdexcept>

namespace shardwright {
namespace {

constexpr std::int64_t kMostSamples = std::int64_t{1} << 48;
constexpr std::string_view kRemedy =
    "Make the folder again with `shardwright data`, or copy it again";

struct FeatureColumns {
  MappedFile offsets;
  MappedFile ids;
  MappedFile weights;  // empty for unweighted features
};

// Maps a column and holds it to the `count` values of `value_bytes` that `reason` promises.
MappedFile open_column(const std::string& folder, const std::string& name, std::int64_t count,
                       std::int64_t value_bytes, const std::string& reason) {
  MappedFile file(folder + "/" + name);
  const std::int64_t expected = checked_product(count, value_bytes, "the size of " + file.path());
  if (file.size() == expected) return file;
  const std::int64_t difference = file.size() - expected;
  throw InputError(fmt::format("{} has {} bytes, but {} take {}: {} bytes are {}. {}.", file.path(),
                               file.size(), reason, expected, std::abs(difference),
                               difference < 0 ? "missing" : "too many", kRemedy));
}

FeatureColumns open_feature(const std::string& folder, std::size_t index, std::int64_t samples,
                            bool weighted) {
  FeatureColumns columns;
  columns.offsets = open_column(folder, offsets_file(index), samples + 1, sizeof(std::uint64_t),
                                fmt::format("the {} offsets of {} samples", samples + 1, samples));
  const auto offsets = columns.offsets.as<std::uint64_t>();
  if (offsets.front() != 0)
    throw InputError(fmt::format("{} begins with offset {}, expected 0. {}.",
                                 columns.offsets.path(), offsets.front(), kRemedy));
  if (offsets.back() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    throw InputError(fmt::format("{} ends with offset {}, which no file can hold. {}.",
                                 columns.offsets.path(), offsets.back(), kRemedy));
  const auto ids = static_cast<std::int64_t>(offsets.back());
  columns.ids = open_column(folder, ids_file(index), ids, sizeof(std::int64_t),
                            fmt::format("the {} ids that its offsets name", ids));
  if (weighted)
    columns.weights = open_column(folder, weights_file(index), ids, sizeof(float),
                                  fmt::format("the weights of {} ids", ids));
  return columns;
}

std::vector<DatasetFeature> read_features(const JsonView& meta) {
  std::vector<DatasetFeature> features;
  for (const JsonView& json : meta.at("features").elements()) {
    json.allow_keys({"name", "table", "weighted"});
    DatasetFeature feature{json.at("name").string(), json.at("table").string()};
    if (const auto weighted = json.find("weighted")) feature.weighted = weighted->boolean();
    features.push_back(std::move(feature));
  }
  return features;
}

std::string meta_file(const std::string& folder) {
  if (!std::filesystem::exists(folder))
    throw InputError(fmt::format(
        "There is no data folder {}. Make one with `shardwright data`, whose -o DIR holds "
        "DIR/train and DIR/test.",
        folder));
  const std::string file = fmt::format("{}/{}", folder, kMetaFile);
  if (!std::filesystem::exists(file))
    throw InputError(fmt::format(
        "{} holds no {}, so it is not a data set folder. Give the train or test folder of what "
        "`shardwright data` made.",
        folder, kMetaFile));
  return file;
}

// The lengths of the bags of samples [begin, end), whose offsets must not go backwards nor leave
// the ids.
void read_lengths(const MappedFile& file, std::int64_t begin, std::int64_t end,
                  std::vector<std::int32_t>& lengths) {
  const auto offsets = file.as<std::uint64_t>();
  lengths.clear();
  for (std::int64_t sample = begin; sample < end; ++sample) {
    const auto index = static_cast<std::size_t>(sample);
    const std::uint64_t first = offsets[index];
    const std::uint64_t last = offsets[index + 1];
    if (first > last)
      throw InputError(fmt::format("{}: the offsets go backwards at sample {}, from {} to {}. {}.",
                                   file.path(), sample, first, last, kRemedy));
    if (last > offsets.back() || last - first > std::numeric_limits<std::int32_t>::max())
      throw InputError(
          fmt::format("{}: sample {} has ids {} to {} of {}, which is no legal bag. {}.",
                      file.path(), sample, first, last, offsets.back(), kRemedy));
    lengths.push_back(static_cast<std::int32_t>(last - first));
  }
}

void read_bags(const FeatureColumns& columns, std::int64_t begin, std::int64_t end, Bags& bags) {
  read_lengths(columns.offsets, begin, end, bags.lengths);
  const auto offsets = columns.offsets.as<std::uint64_t>();
  const std::uint64_t first = offsets[static_cast<std::size_t>(begin)];
  const std::uint64_t count = offsets[static_cast<std::size_t>(end)] - first;
  const auto ids = columns.ids.as<std::int64_t>().subspan(first, count);
  bags.ids.assign(ids.begin(), ids.end());
  bags.weights.clear();
  if (columns.weights.path().empty()) return;
  const auto weights = columns.weights.as<float>().subspan(first, count);
  bags.weights.assign(weights.begin(), weights.end());
}

void read_labels(const MappedFile& file, std::int64_t begin, std::int64_t end,
                 std::vector<float>& labels) {
  const auto all = file.as<float>();
  labels.assign(all.begin() + begin, all.begin() + end);
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] != 0.0F && labels[i] != 1.0F)
      throw InputError(fmt::format("{}: the label of sample {} is {}, expected 0 or 1. {}.",
                                   file.path(), begin + static_cast<std::int64_t>(i), labels[i],
                                   kRemedy));
}

void read_dense(const MappedFile& file, const std::vector<std::string>& names, std::int64_t begin,
                std::int64_t end, std::vector<float>& dense) {
  dense.clear();
  if (names.empty()) return;
  const auto width = static_cast<std::int64_t>(names.size());
  const auto all = file.as<float>();
  dense.assign(all.begin() + begin * width, all.begin() + end * width);
  for (std::size_t i = 0; i < dense.size(); ++i)
    if (!std::isfinite(dense[i]))
      throw InputError(fmt::format("{}: feature {} of sample {} is {}, expected a finite number.",
                                   file.path(), names[i % names.size()],
                                   begin + static_cast<std::int64_t>(i / names.size()), dense[i]));
}

}  // namespace

struct Dataset::Columns {
  std::int64_t size = 0;
  std::vector<std::string> dense_names;
  std::vector<DatasetFeature> features;
  MappedFile labels;
  MappedFile dense;
  std::vector<FeatureColumns> bags;
};

Dataset::Dataset(const std::string& folder) : columns_(std::make_unique<Columns>()) {
  const std::string file = meta_file(folder);
  const nlohmann::json document = read_json(file);
  const JsonView meta(document, file);
  expect_schema(meta, "data");
  meta.allow_keys({"schema", "samples", "dense", "features", "made_by", "about", "auc_ceiling"});
  Columns& c = *columns_;
  c.size = meta.at("samples").integer(0, kMostSamples);
  for (const JsonView& name : meta.at("dense").elements()) c.dense_names.push_back(name.string());
  c.features = read_features(meta);

  c.labels = open_column(folder, std::string(kLabelsFile), c.size, sizeof(float),
                         fmt::format("{} labels", c.size));
  if (num_dense() > 0)
    c.dense = open_column(folder, std::string(kDenseFile),
                          checked_product(c.size, num_dense(), "dense values in " + folder),
                          sizeof(float),
                          fmt::format("{} samples of {} dense features", c.size, num_dense()));
  for (std::size_t i = 0; i < c.features.size(); ++i)
    c.bags.push_back(open_feature(folder, i, c.size, c.features[i].weighted));
}

Dataset::~Dataset() = default;
Dataset::Dataset(Dataset&&) noexcept = default;
Dataset& Dataset::operator=(Dataset&&) noexcept = default;

std::int64_t Dataset::size() const { return columns_->size; }
std::int64_t Dataset::num_dense() const {
  return static_cast<std::int64_t>(columns_->dense_names.size());
}
const std::vector<std::string>& Dataset::dense_names() const { return columns_->dense_names; }
const std::vector<DatasetFeature>& Dataset::features() const { return columns_->features; }

void Dataset::read(std::int64_t begin, std::int64_t end, Batch& batch) const {
  if (begin < 0 || begin > end || end > size())
    throw std::out_of_range(
        fmt::format("samples [{}, {}) of a data set of {} were asked for", begin, end, size()));
  batch.first_sample = begin;
  batch.size = end - begin;
  read_labels(columns_->labels, begin, end, batch.labels);
  read_dense(columns_->dense, columns_->dense_names, begin, end, batch.dense);
  batch.features.resize(columns_->features.size());
  for (std::size_t i = 0; i < columns_->features.size(); ++i)
    read_bags(columns_->bags[i], begin, end, batch.features[i]);
}

}  // namespace shardwright
