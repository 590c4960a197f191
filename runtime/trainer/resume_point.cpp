#include "runtime/trainer/resume_point.hpp"

#include "costmodel/errors.hpp"
#include "runtime/checkpoint/shard_loader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace shardwright {
namespace {

using nlohmann::json;

std::string value_at(const json& flat, const std::string& key) {
  return flat.contains(key) ? flat[key].dump() : "missing";
}

bool begins_with_one_of(const std::string& key, std::initializer_list<std::string_view> names) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view name) { return key.starts_with(name); });
}

void require_same_table(const std::string& folder, const SavedTable& saved, const Table& table) {
  if (saved.rows == table.rows && saved.dim == table.dim && saved.optimizer == table.optimizer) {
    return;
  }
  throw InputError(
      fmt::format("{} has table {} with {} rows, dim {} and {}, and this job has it "
                  "with {} rows, dim {} and {}.",
                  folder, saved.name, saved.rows, saved.dim, to_string(saved.optimizer), table.rows,
                  table.dim, to_string(table.optimizer)));
}

void load_shard(ShardLoader& loader, const Plan& plan, ShardedEmbeddings::LocalShard& local) {
  const Shard& shard = local.shard;
  loader.load({.table = plan.workload.table(shard.table).name,
               .row_begin = shard.row_begin,
               .row_end = shard.row_end,
               .col_begin = shard.col_begin,
               .col_end = shard.col_end,
               .weights = local.weights,
               .state = local.state});
}

}  // namespace

void require_resumable(const ResumePoint& point, const TrainingInputs& inputs, const Say& say) {
  const json before = point.index.identity.flatten();
  const json now = inputs.identity.flatten();
  json keys = before;
  keys.update(now);
  for (const auto& [key, unused] : keys.items()) {
    const std::string was = value_at(before, key);
    const std::string is = value_at(now, key);
    // The tables' optimizers are compared below: a plan may have them, or the config.
    if (was == is ||
        begins_with_one_of(key, {"/plan_id", "/rank_batch_sizes", "/epochs", "/max_steps",
                                 "/output", "/save_model", "/optimizer"})) {
      continue;
    }
    const std::string change = fmt::format("{} was {} and is {} now", key.substr(1), was, is);
    if (begins_with_one_of(key, {"/learning_rate", "/warmup_steps", "/on_bad_id", "/decay_",
                                 "/end_learning_rate", "/dense_learning_rate", "/weight_decay",
                                 "/dense_weight_decay", "/gradient_clip_norm"})) {
      say(fmt::format("Going on with a change: {}.", change));
      continue;
    }
    throw InputError(fmt::format(
        "This job cannot go on from {}: {}. Train as before, or start anew with --resume never or "
        "another --output.",
        point.folder, change));
  }
  if (point.index.tables.size() != inputs.plan.workload.tables.size()) {
    throw InputError(fmt::format("{} has {} tables, and this job has {}.", point.folder,
                                 point.index.tables.size(), inputs.plan.workload.tables.size()));
  }
  const ShardLoader loader(point.folder, point.index);
  for (const Table& table : inputs.plan.workload.tables) {
    require_same_table(point.folder, loader.table(table.name), table);
  }
}

void load_model(const ResumePoint& point, const TrainingInputs& inputs, RankModel& model) {
  ShardLoader loader(point.folder, point.index);
  model.restore(
      {.updates = JsonView(point.index.progress, point.folder, "progress").at("step").integer(0),
       .load_shard = [&](auto& shard) { load_shard(loader, inputs.plan, shard); },
       .load_dense = [&](auto& p) { loader.load_dense(p.name, p.values); }});
}

}  // namespace shardwright
