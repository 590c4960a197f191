#pragma once

#include "costmodel/json/json_view.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace shardwright {

/// What a training job tells of itself while it runs, and where; docs/metrics.md.
struct MetricsOptions {
  std::int64_t every = 1;            ///< steps from one report to the next; at least 1
  std::string file;                  ///< in Prometheus' text format; empty: none
  std::optional<std::int64_t> port;  ///< of GET /metrics; 0: one that is free; unset: not served
  std::string tensorboard;           ///< folder for event files; empty: none
  std::string bind = "127.0.0.1";    ///< the address of this host that is served
};

/// Sets the fields that `settings` has, as metrics_every, metrics_file, … Throws InputError.
void apply_metrics_settings(const JsonView& settings, MetricsOptions& options);
/// Takes paths from a config file as relative to its folder.
void resolve_metrics_paths(const std::filesystem::path& folder, MetricsOptions& options);
/// The same values as a config file would hold them.
nlohmann::json metrics_options_to_json(const MetricsOptions& options);

}  // namespace shardwright
