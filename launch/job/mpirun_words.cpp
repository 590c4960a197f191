#include "launch/job/mpirun_words.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace shardwright {

std::optional<std::int64_t> dead_rank(const std::string& line) {
  constexpr std::string_view kBefore = "noticed that process rank ";
  const std::size_t found = line.find(kBefore);
  if (found == std::string::npos) return std::nullopt;
  const char* begin = line.data() + found + kBefore.size();
  std::int64_t rank = 0;
  const auto [end, error] = std::from_chars(begin, line.data() + line.size(), rank);
  if (error != std::errc() || rank < 0) return std::nullopt;
  return rank;
}

// "  Remote daemon: [[47727,0],2] on node host2"
std::optional<std::string> lost_host(const std::string& line) {
  constexpr std::string_view kBefore = " on node ";
  const std::size_t found = line.find(kBefore);
  if (line.find("Remote daemon: ") == std::string::npos || found == std::string::npos) {
    return std::nullopt;
  }
  const std::string host = line.substr(found + kBefore.size());
  return host.substr(0, host.find_last_not_of(" \t\r") + 1);
}

bool tells_end(const std::string& line) {
  constexpr std::array<std::string_view, 4> kSentences = {
      "MPI_ABORT was invoked on rank", "has lost communication with a remote daemon",
      "unable to reliably start one or more daemons", "noticed that process rank"};
  return std::any_of(kSentences.begin(), kSentences.end(), [&](std::string_view sentence) {
    return line.find(sentence) != std::string::npos;
  });
}

}  // namespace shardwright
