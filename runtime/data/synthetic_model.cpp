#include "runtime/data/synthetic_model.hpp"

#include "runtime/data/fnv.hpp"

#include <cmath>
#include <numbers>

namespace shardwright {
namespace {

constexpr double kSignal = 2;  // standard deviation of the logit

std::uint64_t named_seed(std::uint64_t seed, const std::string& name) {
  Fnv hash;
  hash.add(name);
  return SplitMix64::mix(seed ^ hash.value());
}

double effect(std::uint64_t seed, std::int64_t row) {
  SplitMix64 random(SplitMix64::mix(seed + static_cast<std::uint64_t>(row)));
  return random.uniform(-std::numbers::sqrt3, std::numbers::sqrt3);
}

// Whole, or below 1 the probability of one id.
double bag_size(const Table& table) {
  const double mean = table.pooling / static_cast<double>(table.features.size());
  return mean < 1 ? mean : std::round(mean);
}

std::int64_t draw_length(double bag_size, SplitMix64& random) {
  if (bag_size >= 1) return static_cast<std::int64_t>(bag_size);
  return random.uniform() < bag_size ? 1 : 0;
}

}  // namespace

SyntheticModel::SyntheticModel(const std::vector<Table>& tables, std::int64_t num_dense,
                               double zipf, double label_noise, std::uint64_t seed)
    : label_noise_(label_noise) {
  for (const Table& table : tables)
    for (std::size_t i = 0; i < table.features.size(); ++i)
      features_.push_back({ZipfRows(table.rows, zipf), bag_size(table), table.weighted,
                           named_seed(seed, table.name)});
  const std::uint64_t dense_seed = named_seed(seed, "dense features");
  for (std::int64_t d = 0; d < num_dense; ++d) dense_effects_.push_back(effect(dense_seed, d));
}

double SyntheticModel::draw_bag(const Feature& feature, SplitMix64& random,
                                std::vector<std::int64_t>& ids, std::vector<float>& weights) const {
  ids.clear();
  weights.clear();
  const std::int64_t length = draw_length(feature.bag_size, random);
  double sum = 0;
  for (std::int64_t i = 0; i < length; ++i) {
    ids.push_back(feature.rows.row(random.uniform()));
    double contribution = effect(feature.effect_seed, ids.back());
    if (feature.weighted) {
      weights.push_back(static_cast<float>(random.uniform(0.5, 1.5)));
      contribution *= static_cast<double>(weights.back());
    }
    sum += contribution;
  }
  return length == 0 ? 0 : sum / std::sqrt(static_cast<double>(length));
}

double SyntheticModel::draw(SplitMix64 random, Sample& sample) const {
  double sum = 0;
  sample.dense.clear();
  for (const double weight : dense_effects_) {
    sample.dense.push_back(static_cast<float>(random.uniform(-1, 1)));
    sum += weight * std::numbers::sqrt3 * static_cast<double>(sample.dense.back());
  }
  sample.ids.resize(features_.size());
  sample.weights.resize(features_.size());
  for (std::size_t i = 0; i < features_.size(); ++i)
    sum += draw_bag(features_[i], random, sample.ids[i], sample.weights[i]);
  const auto terms = static_cast<double>(dense_effects_.size() + features_.size());
  const double logit = terms == 0 ? 0 : kSignal * sum / std::sqrt(terms);
  const double probability = (1 - label_noise_) / (1 + std::exp(-logit)) + label_noise_ / 2;
  sample.label = random.uniform() < probability ? 1.0F : 0.0F;
  return logit;
}

}  // namespace shardwright
