#pragma once

#include "runtime/data/data_folder_writer.hpp"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

// What the subcommands of `shardwright data` share. Each stands in the file of its name.
void add_data_movielens(CLI::App& data);
void add_data_criteo(CLI::App& data);
void add_data_synthetic(CLI::App& data);
void add_data_numpy(CLI::App& data);
void add_data_throughput(CLI::App& data);

struct DataOutputArguments {
  ConversionOptions options;
  std::int64_t seed = 1;
  bool json = false;
};

/// Adds -o, --seed, --json and --batch-size; returns the last.
CLI::Option* add_data_output(CLI::App& command, DataOutputArguments& output);

/// Adds --embedding-dim, which must be a multiple of 4.
void add_embedding_dim(CLI::App& command, std::int64_t& dim);

/// A number between two limits; unlike CLI::Range it refuses NaN, and can leave out the limits.
CLI::Validator number_between(double low, double high, bool limits_too);
/// A multiple of 4 from 4 to 2^20: what table specs allow as dim.
CLI::Validator embedding_width();

/// Options for a converter, whose made_by names a command that makes the same folder again:
/// `shardwright data`, `command`, the `specific` words, seed and batch size.
ConversionOptions conversion_options(const DataOutputArguments& output, std::string_view command,
                                     const std::vector<std::string>& specific);

/// Prints what was made to standard output, and remarks to standard error.
void report_data(const DataSummary& summary, bool json);

}  // namespace shardwright
