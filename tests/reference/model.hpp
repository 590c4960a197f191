#pragma once

#include "data_folder.hpp"
#include "settings.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace reference {

struct LearningRates {
  double embeddings = 0;
  double dense = 0;
};

/// An unsharded DLRM or DCNv2 of LibTorch's own parts: embedding_bag, Linear, autograd,
/// torch::optim. No LibTorch type appears here, so that one file alone pays for its headers.
class Model {
 public:
  /// `data` gives the features and the number of dense columns.
  Model(const Settings& settings, const DataFolder& data);
  ~Model();

  /// One training step on samples [begin, end); returns the mean loss before the update.
  double step(const DataFolder& data, std::int64_t begin, std::int64_t end,
              const LearningRates& rates);

  /// Probabilities of a positive label of samples [begin, end).
  std::vector<float> predict(const DataFolder& data, std::int64_t begin, std::int64_t end);

  /// All weights, row-major: tables by their names, dense parameters as `bottom.0.weight` ….
  std::map<std::string, std::vector<float>> weights() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace reference
