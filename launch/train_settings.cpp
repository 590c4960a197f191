#include "launch/train_settings.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace shardwright {
namespace {

using ArgumentsPtr = std::shared_ptr<TrainArguments>;

/// A flag for one key of the config file: embedding_dim is --embedding-dim. The last one wins.
template <class Value>
CLI::Option* add_setting(CLI::App& command, const ArgumentsPtr& arguments, const std::string& key,
                         const std::string& description) {
  std::string flag = "--" + key;
  std::replace(flag.begin(), flag.end(), '_', '-');
  const auto keep = [arguments, key](const Value& value) { arguments->flags[key] = value; };
  return command.add_option_function<Value>(flag, keep, description)->take_last();
}

/// A flag without a value for one that is true or false: `flags` as CLI11 writes them,
/// "--overlap,!--no-overlap".
void add_switch(CLI::App& command, const ArgumentsPtr& arguments, const std::string& key,
                const std::string& flags, const std::string& description) {
  const auto keep = [arguments, key](std::int64_t count) { arguments->flags[key] = count > 0; };
  command.add_flag_function(flags, keep, description);
}

void add_numbers(CLI::App& command, const ArgumentsPtr& arguments, const std::string& key,
                 const std::string& description, const std::string& type) {
  add_setting<std::vector<std::int64_t>>(command, arguments, key, description)
      ->delimiter(',')
      ->take_all()
      ->allow_extra_args(false)
      ->type_name(type);
}

void add_job_settings(CLI::App& command, const ArgumentsPtr& arguments) {
  using Text = std::string;
  using Number = std::int64_t;
  add_setting<Text>(command, arguments, "data", "Folder made by `shardwright data`");
  add_setting<Text>(command, arguments, "plan",
                    "Plan file; without one, whole tables go round robin over the ranks");
  add_setting<Text>(
      command, arguments, "output",
      "Folder for metrics.jsonl, checkpoints/ and model/; without one, nothing is written");
  add_switch(command, arguments, "save_model", "--save-model,!--no-save-model",
             "Whether to save the trained model (default: yes)");
  add_setting<Text>(command, arguments, "pooled_wire",
                    "fp32 | bf16 | fp16: format of pooled values between ranks (default fp32)");
  add_setting<Text>(command, arguments, "gradient_wire",
                    "fp32 | bf16 | fp16: format of their gradients between ranks (default fp32)");
  add_setting<Number>(command, arguments, "seed", "Seed of the initial weights (default 1)");
  add_setting<Text>(command, arguments, "on_bad_id",
                    "error | clip | skip: for ids outside their table (default error)");
  add_setting<Text>(command, arguments, "device", "cpu | cuda (default cpu)");
  add_switch(command, arguments, "allow_shared_gpu", "--allow-shared-gpu",
             "Let several ranks share a GPU: for tests, slow");
  add_setting<Number>(command, arguments, "threads",
                      "Threads per rank, of look-up, update and LibTorch (default 1)");
  add_switch(command, arguments, "overlap", "--overlap,!--no-overlap",
             "Whether ranks exchange while they compute (default: no); the results are the same");
  add_setting<Text>(
      command, arguments, "communication_thread",
      "auto | on | off: with --overlap, a thread for messages alone beside --threads\n"
      "(default auto: where a core is spare)");
  add_setting<double>(command, arguments, "wait_limit_s",
                      "Seconds for which ranks wait for each other (default 1800; 0: for ever)");
  add_setting<Number>(command, arguments, "progress_every",
                      "Steps between progress lines (default: every few seconds)");
}

void add_read_settings(CLI::App& command, const ArgumentsPtr& arguments) {
  add_switch(command, arguments, "shuffle", "--shuffle,!--no-shuffle",
             "Take the samples of every epoch in an order of its own, by the seed");
  add_setting<std::int64_t>(command, arguments, "read_ahead",
                            "Batches that are read ahead (default 2; 0: none)");
  add_setting<std::int64_t>(command, arguments, "read_threads",
                            "Threads per rank that do so (default 1)");
}

void add_metrics_settings(CLI::App& command, const ArgumentsPtr& arguments) {
  add_setting<std::int64_t>(command, arguments, "metrics_every",
                            "Steps from one report of the metrics to the next (default 1)");
  add_setting<std::string>(command, arguments, "metrics_file",
                           "Keep the metrics in this file, in Prometheus' text format");
  add_setting<std::int64_t>(
      command, arguments, "metrics_port",
      "Serve them to Prometheus at http://127.0.0.1:PORT/metrics of rank 0's host;\n"
      "0: at a port that is free");
  add_setting<std::string>(command, arguments, "metrics_bind",
                           "Serve them at this address, as 0.0.0.0 (default 127.0.0.1)");
  add_setting<std::string>(command, arguments, "tensorboard",
                           "Folder for TensorBoard's event files");
}

void add_checkpoint_settings(CLI::App& command, const ArgumentsPtr& arguments) {
  add_setting<std::string>(
      command, arguments, "checkpoint_every",
      "When to write checkpoints, as 10min or '1000 steps'; signal: on SIGUSR1\n"
      "and before the end on SIGTERM, which the others do too (default never)");
  add_setting<std::int64_t>(command, arguments, "checkpoint_keep",
                            "How many checkpoints to keep (default 3)");
  add_setting<std::string>(
      command, arguments, "resume",
      "auto: go on from the output's last checkpoint, if there is one; never; or\n"
      "a checkpoint or output folder to go on from (default auto)");
}

void add_watch_settings(CLI::App& command, const ArgumentsPtr& arguments) {
  add_setting<std::string>(command, arguments, "trace",
                           "Write a Chrome trace of the first steps to this file: measured and\n"
                           "predicted phases of every rank");
  add_setting<std::int64_t>(command, arguments, "trace_steps",
                            "How many steps the trace has (default 20)");
  add_setting<std::string>(command, arguments, "record_timings",
                           "Append timings of the job's look-ups and updates to this file, for\n"
                           "`shardwright fit --from`; ranks probe the machine between steps\n"
                           "(a millisecond, 320 MB)");
  add_setting<std::int64_t>(
      command, arguments, "compare_every",
      "Compare with the plan after every so many steps (default: at the end)");
}

void add_model_settings(CLI::App& command, const ArgumentsPtr& arguments) {
  using Text = std::string;
  using Number = std::int64_t;
  add_setting<Text>(command, arguments, "model", "dlrm | dcnv2 (default dlrm)");
  add_setting<Number>(command, arguments, "embedding_dim",
                      "Width of the embeddings (default: that of the tables)");
  for (const char* mlp : {"bottom_mlp", "top_mlp"}) {
    add_numbers(command, arguments, mlp, "Layer widths, as 64,16", "WIDTH,...");
  }
  add_setting<Number>(command, arguments, "cross_layers", "Cross layers of a dcnv2 (default 3)");
  add_setting<Number>(command, arguments, "cross_rank",
                      "Rank of their matrices (default 512, at most half the width)");
  command.add_option(
      "--dense-torchscript", arguments->dense_torchscript,
      "A TorchScript module in place of the model (docs/train.md). It is code, which\n"
      "this option alone loads and runs: take no file from others unread");
  add_setting<Number>(command, arguments, "batch_size",
                      "Samples per step over all ranks (default: the plan's)");
  add_numbers(command, arguments, "rank_batch_sizes",
              "How many of them each rank takes, as 1024,512 (default: even parts)", "N,...");
  add_setting<Number>(command, arguments, "epochs", "Passes over the data (default 1)");
  add_setting<Number>(command, arguments, "max_steps", "Stop after so many steps");
}

void add_embedding_optimizer(CLI::App& command, const ArgumentsPtr& arguments) {
  add_setting<std::string>(
      command, arguments, "optimizer",
      "sgd | adagrad | rowwise_adagrad | adam | rowwise_adam | ftrl (default: each table's own)");
  const auto number = [&](const char* key, const char* description) {
    add_setting<double>(command, arguments, key, description);
  };
  number("weight_decay", "Of the embedding rows that a step touches (default 0)");
  number("momentum", "Of sgd (default 0)");
  number("beta1", "Of adam and rowwise_adam (default 0.9)");
  number("beta2", "Of adam and rowwise_adam (default 0.999)");
  number("eps", "Of the adagrads and adams (default 1e-8)");
  number("initial_accumulator", "Of the adagrads and ftrl (default 0)");
  number("ftrl_beta", "Default 0");
  number("ftrl_l1", "Default 0");
  number("ftrl_l2", "Default 0");
}

void add_dense_optimizer(CLI::App& command, const ArgumentsPtr& arguments) {
  add_setting<std::string>(command, arguments, "dense_optimizer",
                           "sgd | adagrad | adam, of the dense part (default: sgd with sgd, else "
                           "adagrad)");
  const auto number = [&](const char* key, const char* description) {
    add_setting<double>(command, arguments, key, description);
  };
  number("dense_learning_rate", "Of the dense part (default: learning_rate)");
  number("dense_weight_decay", "Default 0");
  number("dense_momentum", "Of sgd (default 0)");
  number("dense_beta1", "Of adam (default 0.9)");
  number("dense_beta2", "Of adam (default 0.999)");
  number("dense_eps", "Of adagrad and adam (default 1e-8)");
  number("dense_initial_accumulator", "Of adagrad (default 0)");
}

void add_learning_rate(CLI::App& command, const ArgumentsPtr& arguments) {
  using Number = std::int64_t;
  add_setting<double>(command, arguments, "learning_rate", "Default 0.01");
  add_setting<Number>(command, arguments, "warmup_steps",
                      "Steps over which the learning rate rises from 0 (default 0)");
  add_setting<Number>(command, arguments, "decay_start",
                      "Step at which it begins to fall (default: after the warm-up)");
  add_setting<Number>(command, arguments, "decay_steps",
                      "Steps over which it falls (default: it does not)");
  add_setting<double>(command, arguments, "decay_power", "Of the share that is left (default 2)");
  add_setting<double>(command, arguments, "end_learning_rate",
                      "Below which it does not fall (default 0)");
  add_setting<double>(command, arguments, "gradient_clip_norm",
                      "Most that the norm of all gradients may be (default: any)");
}

}  // namespace

void add_train_settings(CLI::App& command, const ArgumentsPtr& arguments) {
  add_job_settings(command, arguments);
  add_read_settings(command, arguments);
  add_metrics_settings(command, arguments);
  add_checkpoint_settings(command, arguments);
  add_watch_settings(command, arguments);
  add_model_settings(command, arguments);
  add_embedding_optimizer(command, arguments);
  add_dense_optimizer(command, arguments);
  add_learning_rate(command, arguments);
}

}  // namespace shardwright
