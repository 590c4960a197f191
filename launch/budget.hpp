#pragma once

#include <string>

namespace shardwright {

/// Seconds of "90s", "20min", "2h": what --budget takes. Throws UsageError.
double parse_budget(const std::string& text);

}  // namespace shardwright
