// Writes the batches that `shardwright bench PLAN` trains on, so that peers train on the same ids.
// In OUT, for every rank R and laid end to end by step: R.ids, 64-bit integers [table's
// feature][sample][position]; with --dense also R.dense [sample][feature] and R.labels [sample],
// 32-bit floats.

#include "costmodel/errors.hpp"
#include "planner/plan_json.hpp"
#include "runtime/bench/synthetic_batches.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdint>
#include <exception>
#include <fstream>
#include <string>
#include <vector>

namespace {

using namespace shardwright;

constexpr std::int64_t kDenseFeatures = 13;  // as bench has

struct Arguments {
  std::string plan;
  std::string out;
  std::int64_t steps = 13;
  double zipf = 1.05;
  std::uint64_t seed = 1;
  bool dense = false;
};

/// A file to which values are appended as they lie in memory.
class ValueFile {
 public:
  explicit ValueFile(std::string name) : name_(std::move(name)), out_(name_, std::ios::binary) {}

  template <class T>
  void write(const std::vector<T>& values) {
    const auto bytes = static_cast<std::streamsize>(values.size() * sizeof(T));
    out_.write(reinterpret_cast<const char*>(values.data()), bytes);
  }

  void close() {
    out_.close();
    if (!out_) throw EnvironmentError(name_ + " cannot be written.");
  }

 private:
  std::string name_;
  std::ofstream out_;
};

void write_rank(const Arguments& arguments, const SyntheticBatches& batches, std::int64_t rank,
                std::int64_t ranks) {
  const std::string prefix = fmt::format("{}/{}", arguments.out, rank);
  ValueFile ids(prefix + ".ids");
  ValueFile dense(prefix + ".dense");
  ValueFile labels(prefix + ".labels");
  for (std::int64_t step = 0; step < arguments.steps; ++step) {
    const Batch batch = batches.make(step, rank, ranks);
    for (const Bags& bags : batch.features) ids.write(bags.ids);
    dense.write(batch.dense);
    labels.write(batch.labels);
  }
  ids.close();
  dense.close();
  labels.close();
}

void write_batches(const Arguments& arguments) {
  const Plan plan = read_plan(arguments.plan);
  const SyntheticBatches batches(plan.workload, arguments.dense ? kDenseFeatures : 0,
                                 arguments.zipf, arguments.seed);
  const std::int64_t ranks = std::ssize(plan.topology.ranks);
  for (std::int64_t rank = 0; rank < ranks; ++rank) write_rank(arguments, batches, rank, ranks);
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Writes the batches that `shardwright bench` trains on");
  app.add_option("PLAN", arguments.plan)->required();
  app.add_option("OUT", arguments.out, "A folder that exists")->required();
  app.add_option("--steps", arguments.steps, "With those of the warm-up")->capture_default_str();
  app.add_option("--zipf", arguments.zipf)->capture_default_str();
  app.add_option("--seed", arguments.seed)->capture_default_str();
  app.add_flag("--dense", arguments.dense, "As bench --dense draws them");
  CLI11_PARSE(app, argc, argv);
  try {
    write_batches(arguments);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
  return 0;
}
