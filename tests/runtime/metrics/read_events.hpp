#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

/// What an event file holds, read by a decoder that shares nothing with its writer.
struct ReadEvent {
  double wall_time = 0;
  std::int64_t step = 0;
  std::string file_version;
  std::map<std::string, float> scalars;  ///< by tag
};

/// The events of a file's bytes; throws std::runtime_error for a wrong checksum, a cut record or a
/// field that events do not have.
std::vector<ReadEvent> read_event_records(std::string_view bytes);

/// The same of the one event file in a folder; fails the test unless there is one.
std::vector<ReadEvent> read_event_folder(const std::string& folder);

}  // namespace shardwright
