#include "runtime/trainer/train_config.hpp"

#include "costmodel/names.hpp"
#include "runtime/checkpoint/checkpoint_interval.hpp"

#include <filesystem>

namespace shardwright {
namespace {

constexpr Names<BadIdPolicy, 3> kBadIdPolicies = {
    {{BadIdPolicy::error, "error"}, {BadIdPolicy::clip, "clip"}, {BadIdPolicy::skip, "skip"}}};

constexpr std::int64_t kWidest = 1 << 20;
constexpr std::int64_t kMany = std::int64_t{1} << 40;

void set(const JsonView& settings, std::string_view key, std::string& field) {
  if (const auto value = settings.find(key)) field = value->string();
}

void set(const JsonView& settings, std::string_view key, std::int64_t& field, std::int64_t least,
         std::int64_t most) {
  if (const auto value = settings.find(key)) field = value->integer(least, most);
}

void set(const JsonView& settings, std::string_view key, std::vector<std::int64_t>& field,
         std::int64_t least, std::int64_t most) {
  const auto value = settings.find(key);
  if (!value) return;
  field.clear();
  for (const JsonView& number : value->elements()) field.push_back(number.integer(least, most));
}

void set_optional(const JsonView& settings, std::string_view key,
                  std::optional<std::int64_t>& field, std::int64_t most) {
  if (const auto value = settings.find(key)) field = value->integer(1, most);
}

std::string parse_model(const JsonView& value) {
  if (value.string() != "dlrm" && value.string() != "dcnv2") {
    value.fail("\"dlrm\" or \"dcnv2\"");
  }
  return value.string();
}

/// A name's meaning; a complaint says where the name stands.
template <class Parse>
auto parse_named(const JsonView& value, Parse parse) {
  try {
    return parse(value.string());
  } catch (const InputError& error) {
    throw InputError(fmt::format("{}: {}: {}", value.file(), value.path(), error.what()));
  }
}

void set_checkpointing(const JsonView& settings, TrainConfig& config) {
  if (const auto value = settings.find("checkpoint_every")) {
    parse_named(*value, parse_checkpoint_interval);  // throws if it is none
    config.checkpoint_every = value->string();
  }
  set(settings, "checkpoint_keep", config.checkpoint_keep, 1, kMany);
  set(settings, "resume", config.resume);
}

void set_watch(const JsonView& settings, WatchOptions& watch) {
  constexpr std::int64_t kMostTraced = 1'000'000;
  set(settings, "trace", watch.trace);
  set(settings, "trace_steps", watch.trace_steps, 1, kMostTraced);
  set(settings, "record_timings", watch.record_timings);
  set(settings, "compare_every", watch.compare_every, 0, kMany);
}

void resolve(const std::filesystem::path& folder, std::string& path) {
  if (!path.empty()) path = (folder / path).string();
}

}  // namespace

void apply_train_settings(const JsonView& settings, TrainConfig& config) {
  settings.allow_keys({"schema",
                       "data",
                       "plan",
                       "output",
                       "save_model",
                       "model",
                       "embedding_dim",
                       "bottom_mlp",
                       "top_mlp",
                       "batch_size",
                       "rank_batch_sizes",
                       "epochs",
                       "max_steps",
                       "optimizer",
                       "learning_rate",
                       "warmup_steps",
                       "seed",
                       "shuffle",
                       "read_ahead",
                       "read_threads",
                       "on_bad_id",
                       "threads",
                       "overlap",
                       "communication_thread",
                       "wait_limit_s",
                       "progress_every",
                       "metrics_every",
                       "metrics_file",
                       "metrics_port",
                       "metrics_bind",
                       "tensorboard",
                       "checkpoint_every",
                       "checkpoint_keep",
                       "resume",
                       "device",
                       "allow_shared_gpu",
                       "pooled_wire",
                       "gradient_wire",
                       "dense_optimizer",
                       "decay_start",
                       "decay_steps",
                       "weight_decay",
                       "momentum",
                       "beta1",
                       "beta2",
                       "eps",
                       "initial_accumulator",
                       "ftrl_beta",
                       "ftrl_l1",
                       "ftrl_l2",
                       "dense_learning_rate",
                       "dense_weight_decay",
                       "dense_momentum",
                       "dense_beta1",
                       "dense_beta2",
                       "dense_eps",
                       "dense_initial_accumulator",
                       "gradient_clip_norm",
                       "decay_power",
                       "end_learning_rate",
                       "cross_layers",
                       "cross_rank",
                       "trace",
                       "trace_steps",
                       "record_timings",
                       "compare_every"});
  set(settings, "data", config.data);
  set(settings, "plan", config.plan);
  set(settings, "output", config.output);
  if (const auto value = settings.find("save_model")) config.save_model = value->boolean();
  if (const auto value = settings.find("model")) config.model = parse_model(*value);
  set(settings, "embedding_dim", config.embedding_dim, 0, kWidest);
  set(settings, "bottom_mlp", config.bottom_mlp, 1, kWidest);
  set(settings, "top_mlp", config.top_mlp, 1, kWidest);
  set_optional(settings, "cross_layers", config.cross_layers, 1000);
  set_optional(settings, "cross_rank", config.cross_rank, kWidest);
  set(settings, "batch_size", config.batch_size, 0, kMany);
  set(settings, "rank_batch_sizes", config.rank_batch_sizes, 0, kMostSamples);
  set(settings, "epochs", config.epochs, 0, kMany);
  if (const auto value = settings.find("max_steps")) config.max_steps = value->integer(0, kMany);
  if (const auto value = settings.find("optimizer")) {
    config.optimizer = parse_named(*value, parse_optimizer);
  }
  if (const auto value = settings.find("learning_rate")) config.learning_rate = value->number(0.0);
  set(settings, "warmup_steps", config.warmup_steps, 0, kMany);
  apply_optimizer_keys(settings, config.optimizer_keys);
  if (const auto value = settings.find("seed")) {
    config.seed = static_cast<std::uint64_t>(value->integer(0));
  }
  if (const auto value = settings.find("on_bad_id")) {
    config.on_bad_id = parse_named(*value, parse_bad_id_policy);
  }
  if (const auto value = settings.find("pooled_wire")) {
    config.wire.pooled = parse_named(*value, parse_data_type);
  }
  if (const auto value = settings.find("gradient_wire")) {
    config.wire.gradients = parse_named(*value, parse_data_type);
  }
  if (const auto value = settings.find("device")) {
    config.backend.backend = parse_named(*value, parse_backend);
  }
  if (const auto value = settings.find("allow_shared_gpu")) {
    config.backend.allow_shared_gpu = value->boolean();
  }
  set(settings, "threads", config.threads, 1, 4096);
  if (const auto value = settings.find("overlap")) config.overlap = value->boolean();
  if (const auto value = settings.find("communication_thread")) {
    config.communication_thread = parse_named(*value, parse_communication_thread);
  }
  if (const auto value = settings.find("wait_limit_s")) config.wait_limit_s = value->number(0.0);
  set(settings, "progress_every", config.progress_every, 0, kMany);
  apply_metrics_settings(settings, config.metrics);
  apply_read_settings(settings, config.reading);
  set_checkpointing(settings, config);
  set_watch(settings, config.watch);
}

TrainConfig read_train_config(const std::string& file) {
  const nlohmann::json document = read_json(file);
  const JsonView settings(document, file);
  expect_schema(settings, "train");
  TrainConfig config;
  apply_train_settings(settings, config);
  const std::filesystem::path folder = std::filesystem::path(file).parent_path();
  for (std::string* path : {&config.data, &config.plan, &config.output, &config.watch.trace,
                            &config.watch.record_timings}) {
    resolve(folder, *path);
  }
  if (names_folder(config.resume)) resolve(folder, config.resume);
  resolve_metrics_paths(folder, config.metrics);
  return config;
}

bool names_folder(std::string_view resume) { return resume != "auto" && resume != "never"; }

nlohmann::json train_config_to_json(const TrainConfig& config) {
  nlohmann::json json = {{"schema", "shardwright.train/1"},
                         {"data", config.data},
                         {"plan", config.plan},
                         {"output", config.output},
                         {"save_model", config.save_model},
                         {"model", config.model},
                         {"embedding_dim", config.embedding_dim},
                         {"bottom_mlp", config.bottom_mlp},
                         {"top_mlp", config.top_mlp},
                         {"batch_size", config.batch_size},
                         {"epochs", config.epochs},
                         {"learning_rate", config.learning_rate},
                         {"warmup_steps", config.warmup_steps},
                         {"seed", config.seed},
                         {"pooled_wire", to_string(config.wire.pooled)},
                         {"gradient_wire", to_string(config.wire.gradients)},
                         {"on_bad_id", to_string(config.on_bad_id)},
                         {"device", to_string(config.backend.backend)},
                         {"allow_shared_gpu", config.backend.allow_shared_gpu},
                         {"threads", config.threads},
                         {"overlap", config.overlap},
                         {"communication_thread", to_string(config.communication_thread)},
                         {"wait_limit_s", config.wait_limit_s},
                         {"progress_every", config.progress_every},
                         {"checkpoint_every", config.checkpoint_every},
                         {"checkpoint_keep", config.checkpoint_keep},
                         {"resume", config.resume},
                         {"trace", config.watch.trace},
                         {"trace_steps", config.watch.trace_steps},
                         {"record_timings", config.watch.record_timings},
                         {"compare_every", config.watch.compare_every}};
  if (config.max_steps) json["max_steps"] = *config.max_steps;
  if (config.optimizer) json["optimizer"] = to_string(*config.optimizer);
  if (config.cross_layers) json["cross_layers"] = *config.cross_layers;
  if (config.cross_rank) json["cross_rank"] = *config.cross_rank;
  add_optimizer_keys(config.optimizer_keys, json);
  if (!config.rank_batch_sizes.empty()) json["rank_batch_sizes"] = config.rank_batch_sizes;
  add_read_settings(config.reading, json);
  json.update(metrics_options_to_json(config.metrics));
  return json;
}

std::string_view to_string(BadIdPolicy policy) { return name_of(policy, kBadIdPolicies); }

BadIdPolicy parse_bad_id_policy(std::string_view text) {
  return value_of(text, kBadIdPolicies, "policy for bad ids");
}

}  // namespace shardwright
