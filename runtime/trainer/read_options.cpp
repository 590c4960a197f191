#include "runtime/trainer/read_options.hpp"

namespace shardwright {

void apply_read_settings(const JsonView& settings, ReadOptions& options) {
  if (const auto value = settings.find("shuffle")) options.shuffle = value->boolean();
  if (const auto value = settings.find("read_ahead"))
    options.ahead.batches = value->integer(0, kMostReadAhead);
  if (const auto value = settings.find("read_threads"))
    options.ahead.threads = value->integer(1, kMostReadThreads);
}

void add_read_settings(const ReadOptions& options, nlohmann::json& json) {
  if (options.shuffle) json["shuffle"] = true;
  json["read_ahead"] = options.ahead.batches;
  json["read_threads"] = options.ahead.threads;
}

}  // namespace shardwright
