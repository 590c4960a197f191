#pragma once

#include "runtime/data/data_folder_writer.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace shardwright {

/// The summary as tables for people: samples and positives per part; per table rows, columns, mean
/// ids per sample and lookups per distinct row of a batch.
std::string describe_data(const DataSummary& summary);

/// The same for programs: {"folder","batch_size","train":{"samples","positives"},"test":{…},
/// "tables":[…] as in tables.json,"remarks":[…],"auc_ceiling"}; the last where it is known.
nlohmann::json data_summary_to_json(const DataSummary& summary);

}  // namespace shardwright
