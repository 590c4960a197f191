#include "runtime/data/dataset.hpp"

#include "costmodel/bytes.hpp"
#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"
#include "runtime/data/bag_column.hpp"
#include "runtime/data/column.hpp"
#include "runtime/data/data_layout.hpp"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <system_error>

namespace shardwright {
namespace {

constexpr std::int64_t kMostSamples = std::int64_t{1} << 48;

std::string find_meta(const std::string& folder) {
  std::error_code ignored;  // what cannot be looked at is not there for us
  if (!std::filesystem::exists(folder, ignored))
    throw InputError(fmt::format(
        "There is no data folder {}. Make one with `shardwright data`, whose -o DIR holds "
        "DIR/train and DIR/test.",
        folder));
  std::string file = fmt::format("{}/{}", folder, kMetaFile);
  if (!std::filesystem::exists(file, ignored))
    throw InputError(fmt::format(
        "{} holds no {}, so it is not a data set folder. Give the train or test folder of what "
        "`shardwright data` made.",
        folder, kMetaFile));
  return file;
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

// The values of samples [begin, end), of which each has `width`.
std::span<const float> part_of(const MappedFile& file, std::int64_t begin, std::int64_t end,
                               std::size_t width) {
  return file.as<float>().subspan(static_cast<std::size_t>(begin) * width,
                                  static_cast<std::size_t>(end - begin) * width);
}

void append_labels(const MappedFile& file, std::int64_t begin, std::int64_t end,
                   std::vector<float>& labels) {
  const auto range = part_of(file, begin, end, 1);
  for (std::size_t i = 0; i < range.size(); ++i)
    if (range[i] != 0.0F && range[i] != 1.0F)
      fail_column(file.path(), fmt::format("the label of sample {} is {}, expected 0 or 1",
                                           begin + static_cast<std::int64_t>(i), range[i]));
  labels.insert(labels.end(), range.begin(), range.end());
}

void append_dense(const MappedFile& file, const std::vector<std::string>& names, std::int64_t begin,
                  std::int64_t end, std::vector<float>& dense) {
  const auto range = part_of(file, begin, end, names.size());
  for (std::size_t i = 0; i < range.size(); ++i)
    if (!std::isfinite(range[i]))
      fail_column(
          file.path(),
          fmt::format("{} of sample {} is {}, expected a finite number", names[i % names.size()],
                      begin + static_cast<std::int64_t>(i / names.size()), range[i]));
  dense.insert(dense.end(), range.begin(), range.end());
}

void clear(std::size_t num_features, Batch& batch) {
  batch.labels.clear();
  batch.dense.clear();
  batch.shuffled.clear();
  batch.features.resize(num_features);
  for (Bags& bags : batch.features) {
    bags.lengths.clear();
    bags.ids.clear();
    bags.weights.clear();
  }
}

}  // namespace

struct Dataset::Columns {
  std::int64_t size = 0;
  std::vector<std::string> dense_names;
  std::vector<DatasetFeature> features;
  MappedFile labels;
  MappedFile dense;
  std::vector<BagColumn> bags;
};

Dataset::Dataset(const std::string& folder) : columns_(std::make_unique<Columns>()) {
  const std::string file = find_meta(folder);
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
                          checked_product(c.size, num_dense(), "the dense values of " + folder),
                          sizeof(float),
                          fmt::format("{} samples of {} dense features", c.size, num_dense()));
  for (std::size_t i = 0; i < c.features.size(); ++i)
    c.bags.emplace_back(folder, i, c.size, c.features[i].weighted);
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

void Dataset::require_within(std::int64_t begin, std::int64_t end) const {
  if (begin < 0 || begin > end || end > size())
    throw std::out_of_range(
        fmt::format("samples [{}, {}) of a data set of {} were asked for", begin, end, size()));
}

void Dataset::read(std::int64_t begin, std::int64_t end, Batch& batch) const {
  require_within(begin, end);
  clear(columns_->bags.size(), batch);
  batch.first_sample = begin;
  batch.size = end - begin;
  append(begin, end, batch);
}

void Dataset::read(std::span<const std::int64_t> samples, Batch& batch) const {
  clear(columns_->bags.size(), batch);
  batch.size = std::ssize(samples);
  batch.shuffled.assign(samples.begin(), samples.end());
  for (const std::int64_t sample : samples) require_within(sample, sample + 1);
  append(samples, batch);
}

void Dataset::append(std::int64_t begin, std::int64_t end, Batch& batch) const {
  append_labels(columns_->labels, begin, end, batch.labels);
  append_dense(columns_->dense, columns_->dense_names, begin, end, batch.dense);
  for (std::size_t i = 0; i < columns_->bags.size(); ++i)
    columns_->bags[i].append(begin, end, batch.features[i]);
}

// Column by column: the places of many samples are then on their way from memory at once.
void Dataset::append(std::span<const std::int64_t> samples, Batch& batch) const {
  for (const std::int64_t sample : samples)
    append_labels(columns_->labels, sample, sample + 1, batch.labels);
  for (const std::int64_t sample : samples)
    append_dense(columns_->dense, columns_->dense_names, sample, sample + 1, batch.dense);
  for (std::size_t i = 0; i < columns_->bags.size(); ++i)
    columns_->bags[i].append(samples, batch.features[i]);
}

}  // namespace shardwright
