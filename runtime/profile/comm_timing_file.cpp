#include "runtime/profile/comm_timing_file.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/timings/csv.hpp"
#include "costmodel/timings/row_reader.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace shardwright {
namespace {

constexpr std::string_view kMoreColumns =
    ",rank,send_bytes,receive_bytes,ranks_per_node,seed,call,ci,passes,outliers";

std::string name_of(std::string_view hardware, std::string_view link, std::string_view library,
                    std::int64_t ranks, std::int64_t nodes, std::int64_t seed,
                    std::int64_t repeat) {
  return fmt::format("{}|{}|{}|{}|{}|{}|{}", hardware, link, library, ranks, nodes, seed, repeat);
}

// A call's lines stand together: as many as there are ranks if they name their rank, else one.
struct CallLines {
  std::string run;
  std::int64_t call = -1;
  std::int64_t missing = 0;
  std::size_t begin = 0;  // in the content
};

void require_header(const std::string& content, const std::string& header,
                    const std::string& file) {
  const std::string columns = header.substr(header.find("\nhardware"));
  const bool ours = content.starts_with(header.substr(0, header.find('\n'))) &&
                    content.find("\n# kind: comm\n") != std::string::npos;
  if (ours && content.find(columns) != std::string::npos) return;
  throw InputError(fmt::format(
      "{} is not a file of `profile comm` of this version, so that it cannot be gone on with: "
      "begin a new one (fit takes several).",
      file));
}

std::map<std::string, std::size_t> columns_of(const std::string& header) {
  std::map<std::string, std::size_t> columns;
  const CsvLine line = parse_csv(header).front();
  for (std::size_t i = 0; i < line.cells.size(); ++i) columns.emplace(line.cells[i], i);
  return columns;
}

// Follows the lines from call to call.
class Reader {
 public:
  Reader(std::string file, const std::string& header)
      : file_(std::move(file)), columns_(columns_of(header)) {}

  void read(const CsvLine& line, std::size_t begin,
            std::map<std::string, std::set<std::int64_t>>& calls) {
    if (line.cells.size() != columns_.size()) {
      throw InputError(fmt::format("{}: line {} has {} cells, the header has {}.", file_,
                                   line.number, line.cells.size(), columns_.size()));
    }
    const RowReader row(file_, columns_, line);
    if (open_.missing == 0) open_ = begin_call(row, begin);
    if (--open_.missing == 0) calls[open_.run].insert(open_.call);
  }

  /// Of the last call's first line if the call is not whole, else nothing.
  std::optional<std::size_t> begin_of_open_call() const {
    return open_.missing > 0 ? std::optional(open_.begin) : std::nullopt;
  }

 private:
  static std::int64_t whole(const RowReader& row, std::string_view column) {
    constexpr std::int64_t kMost = std::int64_t{1} << 53;
    const auto value = row.integer(column, 0, kMost);
    if (!value) row.fail(column, "a whole number");
    return *value;
  }

  static CallLines begin_call(const RowReader& row, std::size_t begin) {
    CallLines lines;
    const std::int64_t ranks = whole(row, "ranks");
    lines.run = name_of(row.text("hardware"), row.text("link"), row.text("library"), ranks,
                        whole(row, "nodes"), whole(row, "seed"), whole(row, "repeat"));
    lines.call = whole(row, "call");
    lines.missing = row.text("rank").empty() ? 1 : ranks;
    lines.begin = begin;
    return lines;
  }

  std::string file_;
  std::map<std::string, std::size_t> columns_;
  CallLines open_;
};

}  // namespace

CommTimingFile::CommTimingFile(
    const std::string& file,
    const std::function<std::map<std::string, std::string>()>& make_metadata) {
  const std::string content = GrowingFile::content_of(file);
  if (content.empty()) {
    file_.emplace(file, 0);
    append(comm_timings_header(make_metadata(), kMoreColumns));
    return;
  }
  const std::string header = comm_timings_header({}, kMoreColumns);
  require_header(content, header, file);
  std::size_t keep = content.rfind('\n') + 1;
  Reader reader(file, header);
  bool is_row = false;
  const std::string_view kept = std::string_view(content).substr(0, keep);
  std::size_t number = 0;
  for (const std::string_view line : split_lines(kept)) {
    ++number;
    if (is_row && !line.empty() && !line.starts_with('#')) {
      CsvLine cells = parse_csv(line).front();
      cells.number = number;
      reader.read(cells, static_cast<std::size_t>(line.data() - content.data()), calls_);
    }
    is_row = is_row || line.starts_with("hardware,");
  }
  file_.emplace(file, reader.begin_of_open_call().value_or(keep));
}

std::set<std::int64_t> CommTimingFile::calls_of(const CommProfileRun& run) const {
  const auto found =
      calls_.find(name_of(run.setting.hardware, run.setting.link, run.setting.library, run.ranks,
                          run.nodes, static_cast<std::int64_t>(run.seed), run.repeat));
  return found == calls_.end() ? std::set<std::int64_t>{} : found->second;
}

}  // namespace shardwright
