#include "runtime/data/data_folder_writer.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/json/write_file.hpp"
#include "planner/readable_json.hpp"
#include "planner/spec/tables_json.hpp"
#include "runtime/data/batch_reuse.hpp"
#include "runtime/data/data_layout.hpp"

#include <fmt/format.h>

namespace shardwright {
namespace {

constexpr std::array kPartFolders = {kTrainFolder, kTestFolder};

std::vector<DatasetFeature> features_of(const std::vector<Table>& tables) {
  std::vector<DatasetFeature> features;
  for (const Table& table : tables)
    for (const std::string& feature : table.features)
      features.push_back({feature, table.name, table.weighted});
  return features;
}

}  // namespace

DataFolderWriter::DataFolderWriter(ConversionOptions options,
                                   const std::vector<std::string>& dense_names,
                                   std::vector<Table> tables)
    : options_(std::move(options)), staged_(options_.folder) {
  const std::vector<DatasetFeature> features = features_of(tables);
  for (std::size_t part = 0; part < writers_.size(); ++part)
    writers_[part] = std::make_unique<DatasetWriter>(
        fmt::format("{}/{}", staged_.path(), kPartFolders[part]), dense_names, features);
  train_ids_.resize(features.size());
  summary_.folder = options_.folder;
  summary_.workload = {std::move(tables), options_.batch_size};
}

void DataFolderWriter::add(Part part, const Sample& sample) {
  const auto index = static_cast<std::size_t>(part);
  writers_[index]->add(sample);
  summary_.parts[index].samples += 1;
  summary_.parts[index].positives += sample.label > 0.5F ? 1 : 0;
  if (part != Part::train) return;
  for (std::size_t i = 0; i < train_ids_.size(); ++i)
    train_ids_[i] += static_cast<std::int64_t>(sample.ids[i].size());
}

void DataFolderWriter::add_input(const std::string& file, const std::string& hash) {
  options_.made_by.inputs[file] = hash;
}

nlohmann::json DataFolderWriter::made_by_json() const {
  return {{"command", options_.made_by.command},
          {"version", options_.made_by.version},
          {"seed", options_.seed},
          {"inputs", options_.made_by.inputs}};
}

void DataFolderWriter::measure_tables() {
  std::vector<Table>& tables = summary_.workload.tables;
  const auto samples = static_cast<double>(summary_.parts[0].samples);
  std::size_t feature = 0;
  for (Table& table : tables) {
    std::int64_t ids = 0;
    for (std::size_t i = 0; i < table.features.size(); ++i) ids += train_ids_[feature++];
    table.pooling = static_cast<double>(ids) / samples;
    table.reuse.reset();
    table.reuse_batch_size.reset();
  }
  const Dataset train(fmt::format("{}/{}", staged_.path(), kTrainFolder));
  measure_batch_reuse(train, options_.batch_size, tables);
}

DataSummary DataFolderWriter::finish(std::vector<std::string> remarks,
                                     std::optional<double> auc_ceiling) {
  for (std::size_t part = 0; part < writers_.size(); ++part)
    if (summary_.parts[part].samples == 0)
      throw InputError(
          fmt::format("The {} part would hold no samples (train {}, test {}). Give more "
                      "data, or another share of test samples.",
                      kPartFolders[part], summary_.parts[0].samples, summary_.parts[1].samples));
  summary_.remarks = std::move(remarks);
  summary_.auc_ceiling = auc_ceiling;
  nlohmann::json meta = {{"made_by", made_by_json()}, {"about", summary_.remarks}};
  if (auc_ceiling) meta["auc_ceiling"] = *auc_ceiling;
  for (auto& writer : writers_) writer->finish(meta);
  measure_tables();

  nlohmann::json document = tables_to_json(summary_.workload);
  document["made_by"] = made_by_json();
  write_file(fmt::format("{}/{}", staged_.path(), kTablesFile), readable_json(document));
  staged_.publish();
  return std::move(summary_);
}

}  // namespace shardwright
