#include "costmodel/errors.hpp"
#include "launch/data_options.hpp"
#include "planner/readable_json.hpp"
#include "runtime/data/read_throughput.hpp"

#include <fmt/format.h>

#include <limits>
#include <memory>

namespace shardwright {
namespace {

struct ThroughputArguments {
  std::string folder;
  std::string part = "train";
  ReadThroughputOptions options;
  bool shuffle = false;
  std::uint64_t seed = 1;
  bool json = false;
};

std::string to_text(const ReadThroughput& result) {
  constexpr double kMega = 1e6;
  return fmt::format(
      "{} samples in {} batches, {:.3f} s: {:.0f} samples/s, {:.0f} ids/s, {:.0f} "
      "MB/s\n",
      result.samples, result.batches, result.seconds, result.samples_per_s(),
      static_cast<double>(result.ids) / result.seconds,
      static_cast<double>(result.bytes) / result.seconds / kMega);
}

nlohmann::json to_json(const ReadThroughput& result) {
  return {{"samples", result.samples}, {"batches", result.batches},
          {"ids", result.ids},         {"bytes", result.bytes},
          {"seconds", result.seconds}, {"samples_per_s", result.samples_per_s()}};
}

void run_throughput(const ThroughputArguments& arguments) {
  ReadThroughputOptions options = arguments.options;
  if (arguments.shuffle) options.shuffle_seed = arguments.seed;
  const Dataset dataset(fmt::format("{}/{}", arguments.folder, arguments.part));
  const ReadThroughput result = measure_reading(dataset, options);
  fmt::print("{}", arguments.json ? readable_json(to_json(result)) : to_text(result));
}

}  // namespace

void add_data_throughput(CLI::App& data) {
  CLI::App* command = data.add_subcommand("throughput", "Read batches alone, and say how fast");
  command->footer(
      "Examples:\n"
      "  shardwright data throughput out/criteo --batch-size 8192\n"
      "  shardwright data throughput out/criteo --shuffle --read-ahead 0");
  const auto arguments = std::make_shared<ThroughputArguments>();
  ReadThroughputOptions& options = arguments->options;
  constexpr std::int64_t kMany = std::int64_t{1} << 40;
  const auto number = [&](const char* flag, std::int64_t& value, std::int64_t least,
                          std::int64_t most, const char* description) {
    command->add_option(flag, value, description)
        ->check(CLI::Range(least, most))
        ->capture_default_str();
  };
  command->add_option("DIR", arguments->folder, "Folder made by `shardwright data`")->required();
  command->add_option("--part", arguments->part, "train | test")
      ->check(CLI::IsMember({"train", "test"}))
      ->capture_default_str();
  number("--batch-size", options.batch_size, 1, kMany, "Samples of a batch");
  number("--batches", options.batches, 0, kMany, "How many; 0: those of one epoch");
  number("--read-ahead", options.ahead.batches, 0, kMostReadAhead, "Batches that are read ahead");
  number("--read-threads", options.ahead.threads, 1, kMostReadThreads, "Threads that do so");
  command->add_flag("--shuffle", arguments->shuffle, "In the order of `train --shuffle`");
  command->add_option("--seed", arguments->seed, "Of that order")->capture_default_str();
  command->add_flag("--json", arguments->json, "Print one JSON document");
  command->callback([arguments] { run_throughput(*arguments); });
}

}  // namespace shardwright
