#include "launch/job/elastic_job.hpp"

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

}  // namespace shardwright
