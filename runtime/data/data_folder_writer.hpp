#pragma once

#include "costmodel/table.hpp"
#include "planner/plan.hpp"
#include "runtime/data/dataset_writer.hpp"
#include "runtime/data/staged_folder.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shardwright {

enum class Part { train = 0, test = 1 };

/// What every converter is told.
struct ConversionOptions {
  std::string folder;              ///< output
  std::int64_t batch_size = 1024;  ///< global; written to tables.json, and reuse is measured on it
  std::uint64_t seed = 1;
  MadeBy made_by;  ///< command and version; converters add the inputs
};

struct PartSummary {
  std::int64_t samples = 0;
  std::int64_t positives = 0;
};

/// What a converter made.
struct DataSummary {
  std::string folder;
  std::array<PartSummary, 2> parts;  ///< by Part
  Workload workload;                 ///< as in tables.json
  std::vector<std::string> remarks;  ///< how samples were split and encoded: full sentences
  std::optional<double> auc_ceiling;
};

/// Writes a whole data folder (tables.json, train/, test/), which appears at finish() in one step.
/// Features stand in the order of the tables, then of each table's features. Memory: write buffers.
/// Throws as DatasetWriter does.
class DataFolderWriter {
 public:
  DataFolderWriter(ConversionOptions options, const std::vector<std::string>& dense_names,
                   std::vector<Table> tables);
  void add(Part part, const Sample& sample);

  /// Measures pooling and reuse on the training part and publishes. Throws InputError if a part has
  /// no samples.
  DataSummary finish(std::vector<std::string> remarks, std::optional<double> auc_ceiling = {});

  /// To name what was read: file and hash.
  void add_input(const std::string& file, const std::string& hash);

 private:
  void measure_tables();
  nlohmann::json made_by_json() const;

  ConversionOptions options_;
  StagedFolder staged_;
  std::array<std::unique_ptr<DatasetWriter>, 2> writers_;  ///< by Part
  std::vector<std::int64_t> train_ids_;                    ///< per feature
  DataSummary summary_;
};

}  // namespace shardwright
