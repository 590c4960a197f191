#include "runtime/profile/timing_file.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace shardwright {

TimingFile::TimingFile(const std::string& file,
                       const std::function<std::map<std::string, std::string>()>& make_metadata) {
  const std::string content = GrowingFile::content_of(file);
  if (content.empty()) {
    const std::string header = compute_timings_header(make_metadata());
    file_.emplace(file, 0);
    append(header);
    return;
  }
  before_ = parse_compute_timings(content, file);
  const std::string header = compute_timings_header({});
  if (content.find(header.substr(header.find("\nhardware"))) == std::string::npos) {
    throw InputError(fmt::format(
        "{} has other columns than this version writes: begin a new file (fit takes several).",
        file));
  }
  file_.emplace(file, content.rfind('\n') + 1);
}

std::int64_t TimingFile::next_set(std::uint64_t seed, std::int64_t busy_ranks,
                                  std::int64_t repeat) const {
  std::int64_t next = 0;
  for (const ComputeTiming& row : before_.rows) {
    if (row.seed != seed || row.busy_ranks != busy_ranks || row.repeat != repeat) continue;
    next = std::max(next, row.set + 1);
  }
  return next;
}

std::int64_t TimingFile::next_repeat(std::uint64_t seed, std::int64_t batch_size) const {
  std::int64_t next = 1;
  for (const ComputeTiming& row : before_.rows) {
    if (row.seed == seed && row.batch_size == batch_size) next = std::max(next, row.repeat + 1);
  }
  return next;
}

}  // namespace shardwright
