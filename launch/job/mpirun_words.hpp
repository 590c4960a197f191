#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace shardwright {

// What lines of mpirun's standard error say about the end of a job.

/// The rank that has died, or nothing.
std::optional<std::int64_t> dead_rank(const std::string& line);

/// The host whose daemon mpirun has lost, with all ranks on it, or nothing.
std::optional<std::string> lost_host(const std::string& line);

/// Whether no rank does anything useful any more after this line. mpirun then ends within a moment,
/// unless a host is gone: it waits for that one without end.
bool tells_end(const std::string& line);

}  // namespace shardwright
