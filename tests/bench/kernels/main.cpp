// Times the embedding operator on synthetic ids that peers can read: peers.py runs both in turns.

#include "costmodel/errors.hpp"
#include "runtime/data/splitmix.hpp"
#include "runtime/data/zipf_rows.hpp"
#include "runtime/embedding/sharded_embeddings.hpp"
#include "runtime/profile/solo_communicator.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

namespace {

using namespace shardwright;

struct Arguments {
  std::vector<std::int64_t> rows;
  std::vector<std::int64_t> pooling;
  std::int64_t dim = 128;
  std::int64_t batch_size = 2048;
  std::int64_t batches = 4;
  std::int64_t threads = 1;
  double zipf = 1.05;
  std::string optimizer = "rowwise_adagrad";
  std::string dtype = "fp32";
  std::string ids;
  bool cpu_time = false;
};

Plan plan_of(const Arguments& arguments) {
  Plan plan;
  plan.topology.ranks.resize(1);
  plan.workload.batch_size = arguments.batch_size;
  for (std::size_t t = 0; t < arguments.rows.size(); ++t) {
    Table& table = plan.workload.tables.emplace_back();
    table.name = fmt::format("t{}", t);
    table.rows = arguments.rows[t];
    table.dim = arguments.dim;
    table.optimizer = parse_optimizer(arguments.optimizer);
    table.dtype = parse_data_type(arguments.dtype);
    table.features = {table.name};
    plan.shards.push_back(
        {TableId::of(t), ShardingType::table_wise, 0, table.rows, 0, table.dim, RankId{0}});
  }
  return plan;
}

/// Bags of a fixed length in every table: docs/data_format.md, "Ids".
Batch draw_batch(const Arguments& arguments, std::uint64_t number) {
  Batch batch;
  batch.size = batch.global_size = arguments.batch_size;
  SplitMix64 random(SplitMix64::mix(number));
  for (std::size_t t = 0; t < arguments.rows.size(); ++t) {
    const ZipfRows rows(arguments.rows[t], arguments.zipf);
    Bags& bags = batch.features.emplace_back();
    const auto length = static_cast<std::int32_t>(arguments.pooling[t]);
    bags.lengths.assign(static_cast<std::size_t>(batch.size), length);
    bags.ids.resize(static_cast<std::size_t>(batch.size * length));
    for (std::int64_t& id : bags.ids) id = rows.row(random.uniform());
  }
  return batch;
}

/// [batch][table][sample][position] as 64-bit integers.
void write_ids(const std::vector<Batch>& batches, const std::string& file) {
  std::ofstream out(file, std::ios::binary);
  for (const Batch& batch : batches) {
    for (const Bags& bags : batch.features) {
      out.write(reinterpret_cast<const char*>(bags.ids.data()),
                static_cast<std::streamsize>(bags.ids.size() * sizeof(std::int64_t)));
    }
  }
  if (!out.flush()) throw EnvironmentError("The ids cannot be written to " + file + ".");
}

/// For every line on the standard input: one pass over a batch, and a line with the milliseconds of
/// the look-up and of the update.
void serve(const Arguments& arguments) {
  std::vector<Batch> batches;
  for (std::int64_t b = 0; b < arguments.batches; ++b) {
    batches.push_back(draw_batch(arguments, static_cast<std::uint64_t>(b)));
  }
  if (!arguments.ids.empty()) write_ids(batches, arguments.ids);
  SoloCommunicator comm(arguments.cpu_time ? ProfileClock::cpu : ProfileClock::wall);
  EmbeddingOptions options;
  options.threads = arguments.threads;
  ShardedEmbeddings embeddings(plan_of(arguments), comm, options);
  std::vector<float> pooled(
      static_cast<std::size_t>(arguments.batch_size * embeddings.pooled_columns()));
  std::vector<float> gradient = pooled;
  for (float& value : gradient) value = 1e-3F;
  std::puts("ready");
  std::fflush(stdout);
  std::string line;
  for (std::size_t pass = 0; std::getline(std::cin, line); ++pass) {
    embeddings.forward(batches[pass % batches.size()], pooled);
    embeddings.backward(gradient, 0.01F);
    const EmbeddingPhases& phases = embeddings.phases();
    fmt::print("{:.4f} {:.4f}\n", phases.lookup_ms, phases.update_ms);
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Times the embedding operator: a pass for every line on the standard input");
  app.add_option("--rows", arguments.rows, "Of each table")->required()->delimiter(',');
  app.add_option("--pooling", arguments.pooling, "Ids per sample of each table")
      ->required()
      ->delimiter(',');
  app.add_option("--dim", arguments.dim)->capture_default_str();
  app.add_option("--batch-size", arguments.batch_size)->capture_default_str();
  app.add_option("--batches", arguments.batches, "Different ones, in turns")->capture_default_str();
  app.add_option("--threads", arguments.threads)->capture_default_str();
  app.add_option("--zipf", arguments.zipf)->capture_default_str();
  app.add_option("--optimizer", arguments.optimizer)->capture_default_str();
  app.add_option("--dtype", arguments.dtype, "Of the weights")->capture_default_str();
  app.add_option("--ids", arguments.ids, "File to write the ids to");
  app.add_flag("--cpu-time", arguments.cpu_time, "Of one thread, in place of time passed");
  CLI11_PARSE(app, argc, argv);
  if (arguments.pooling.size() != arguments.rows.size()) {
    std::fputs("--rows and --pooling must have the same length\n", stderr);
    return 2;
  }
  try {
    serve(arguments);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
  return 0;
}
