#include "runtime/trainer/job_identity.hpp"

#include "costmodel/json/json_view.hpp"
#include "planner/input_file.hpp"
#include "runtime/comm/collectives.hpp"
#include "runtime/comm/same_program.hpp"
#include "runtime/data/data_layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

namespace shardwright {
namespace {

using nlohmann::json;

/// Contents alone, so that hosts may keep their copies where they like.
json data_identity(const std::string& folder, std::string_view part) {
  const std::string file = fmt::format("{}/{}/{}", folder, part, kMetaFile);
  const json document = read_json(file);
  const JsonView meta(document, file);
  json identity;
  for (const char* key : {"samples", "dense", "features"}) identity[key] = meta.at(key).raw();
  const auto made_by = meta.find("made_by");
  const auto seed = made_by ? made_by->find("seed") : std::nullopt;
  const auto inputs = made_by ? made_by->find("inputs") : std::nullopt;
  identity["seed"] = seed ? seed->raw() : json();
  std::vector<json> sources;
  if (inputs) sources.insert(sources.end(), inputs->raw().begin(), inputs->raw().end());
  std::sort(sources.begin(), sources.end());
  identity["sources"] = sources;
  return identity;
}

std::string value_at(const json& flat, const std::string& key) {
  return flat.contains(key) ? flat[key].dump() : "missing";
}

/// "batch_size is 32 on rank 0 but 64 on rank 3", of the first key that differs.
std::string difference(const json& first, const json& other, std::size_t rank) {
  const json a = first.flatten();
  const json b = other.flatten();
  json keys = a;
  keys.update(b);
  for (const auto& [key, value] : keys.items()) {
    if (value_at(a, key) == value_at(b, key)) continue;
    return fmt::format("{} is {} on rank 0 but {} on rank {}", key.substr(1), value_at(a, key),
                       value_at(b, key), rank);
  }
  return fmt::format("ranks 0 and {} differ", rank);
}

}  // namespace

json job_identity(const TrainConfig& config, const TrainingInputs& inputs) {
  json identity = train_config_to_json(config);
  for (const char* key :
       {"data", "plan", "threads", "wait_limit_s", "progress_every", "metrics_every",
        "metrics_file", "metrics_port", "metrics_bind", "tensorboard", "allow_shared_gpu",
        "checkpoint_every", "checkpoint_keep", "resume", "overlap", "communication_thread",
        "read_ahead", "read_threads"})
    identity.erase(key);
  for (const char* key : {"trace", "trace_steps", "record_timings", "compare_every"})
    identity.erase(key);
  identity["output"] = config.output.empty() ? "none" : "given";
  identity["batch_size"] = inputs.batch_size;
  identity["plan_id"] = inputs.plan_id;
  if (!config.dense_torchscript.empty()) {
    identity["dense_torchscript"] = fingerprint(read_input_file(config.dense_torchscript).content);
  }
  identity["train"] = data_identity(config.data, kTrainFolder);
  identity["test"] = data_identity(config.data, kTestFolder);
  return identity;
}

std::string job_id(const json& identity) { return fingerprint(identity.dump()); }

void require_same_job(Communicator& comm, const json& mine) {
  const std::vector<std::string> all = all_gather(comm, mine.dump());
  std::vector<std::size_t> others;
  for (std::size_t rank = 1; rank < all.size(); ++rank) {
    if (all[rank] != all.front()) others.push_back(rank);
  }
  if (others.empty()) return;
  const std::string what =
      difference(json::parse(all.front()), json::parse(all[others.front()]), others.front());
  throw CollectiveError(
      ExitCode::bad_input,
      fmt::format("The ranks were not started with the same job: {}{}. Give every rank the same "
                  "config, flags, plan and data.",
                  what,
                  others.size() == 1
                      ? ""
                      : fmt::format(" (ranks {} differ from rank 0)", number_list(others))));
}

}  // namespace shardwright
