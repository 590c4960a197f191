#pragma once

#include "runtime/metrics/job_state.hpp"

#include <string>
#include <string_view>

namespace shardwright {

/// The state in Prometheus' text format 0.0.4, names and units as in docs/metrics.md. What is not
/// known yet is left out.
std::string prometheus_text(const JobState& state);

/// A label's value as it stands between quotes: backslash, quote and line end are escaped.
std::string escape_label(std::string_view value);

}  // namespace shardwright
