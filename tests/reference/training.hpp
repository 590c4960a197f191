#pragma once

#include "data_folder.hpp"
#include "model.hpp"
#include "settings.hpp"

#include <cstdint>
#include <vector>

namespace reference {

struct TrainingResult {
  std::vector<double> losses;  ///< one per step, before its update
  double auc = 0;              ///< on the test part, after the last step
  double log_loss = 0;
  double samples_per_s = 0;
};

/// Trains `model` as the settings say and evaluates it on `test`; talks to stderr.
TrainingResult train(Model& model, const Settings& settings, const DataFolder& train_part,
                     const DataFolder& test_part);

}  // namespace reference
