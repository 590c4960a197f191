#include "runtime/metrics/metrics_options.hpp"

namespace shardwright {

void apply_metrics_settings(const JsonView& settings, MetricsOptions& options) {
  constexpr std::int64_t kMostSteps = std::int64_t{1} << 40;
  constexpr std::int64_t kLastPort = 65535;
  if (const auto value = settings.find("metrics_every")) {
    options.every = value->integer(1, kMostSteps);
  }
  if (const auto value = settings.find("metrics_file")) options.file = value->string();
  if (const auto value = settings.find("metrics_port")) options.port = value->integer(0, kLastPort);
  if (const auto value = settings.find("tensorboard")) options.tensorboard = value->string();
  if (const auto value = settings.find("metrics_bind")) options.bind = value->string();
}

void resolve_metrics_paths(const std::filesystem::path& folder, MetricsOptions& options) {
  for (std::string* path : {&options.file, &options.tensorboard}) {
    if (!path->empty()) *path = (folder / *path).string();
  }
}

nlohmann::json metrics_options_to_json(const MetricsOptions& options) {
  nlohmann::json json = {{"metrics_every", options.every},
                         {"metrics_file", options.file},
                         {"metrics_bind", options.bind},
                         {"tensorboard", options.tensorboard}};
  if (options.port) json["metrics_port"] = *options.port;
  return json;
}

}  // namespace shardwright
