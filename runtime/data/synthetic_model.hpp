#pragma once

#include "costmodel/table.hpp"
#include "runtime/data/dataset_writer.hpp"
#include "runtime/data/splitmix.hpp"
#include "runtime/data/zipf_rows.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace shardwright {

/// A logistic model with known weights, from which labels are drawn.
///   dense x_d        uniform in [−1, 1)
///   bag of a feature round(pooling / features of the table) ids, always that many; below 1, one id
///                    with that probability; rows by ZipfRows; weights, if any, uniform in
///                    [0.5, 1.5)
///   effect of a row  uniform in [−√3, √3), by a hash of seed, table and row: variance 1
///   effect of a bag  Σ weight · effect / √ids
///   logit z          2 · (Σ_d a_d · √3 · x_d + Σ_f bag_f) / √(dense + features), a_d as a row's
///                    effect
///   P(label = 1)     (1 − noise) · σ(z) + noise / 2: with probability `noise` a fair coin decides
class SyntheticModel {
 public:
  SyntheticModel(const std::vector<Table>& tables, std::int64_t num_dense, double zipf,
                 double label_noise, std::uint64_t seed);

  /// Fills `sample` from a generator of its own and returns the logit, which ranks samples as the
  /// true probability does.
  double draw(SplitMix64 random, Sample& sample) const;

 private:
  struct Feature {
    ZipfRows rows;
    double bag_size;
    bool weighted;
    std::uint64_t effect_seed;  ///< of the table: features that share it share effects
  };
  double draw_bag(const Feature& feature, SplitMix64& random, std::vector<std::int64_t>& ids,
                  std::vector<float>& weights) const;

  std::vector<Feature> features_;
  std::vector<double> dense_effects_;
  double label_noise_;
};

}  // namespace shardwright
