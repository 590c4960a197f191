#pragma once

#include "runtime/data/dataset.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace shardwright {

/// One sample to be written.
struct Sample {
  float label = 0;
  std::vector<float> dense;
  std::vector<std::vector<std::int64_t>> ids;  ///< per feature
  std::vector<std::vector<float>> weights;     ///< per feature; empty for unweighted ones
};

/// Streams samples into a data set folder; holds only write buffers in memory. The folder appears
/// whole at finish(): it is written beside as FOLDER.partial and renamed. Without finish() the
/// partial is removed. Throws EnvironmentError (path, cause), and UsageError if FOLDER exists and
/// holds what no converter writes (see StagedFolder).
class DatasetWriter {
 public:
  DatasetWriter(const std::string& folder, std::vector<std::string> dense_names,
                std::vector<DatasetFeature> features);
  ~DatasetWriter();
  void add(const Sample& sample);
  /// `more` holds further members of meta.json: made_by, about, auc_ceiling.
  void finish(const nlohmann::json& more = nlohmann::json::object());

 private:
  struct Files;
  std::unique_ptr<Files> files_;
};

}  // namespace shardwright
