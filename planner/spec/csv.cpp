#include "planner/spec/csv.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

namespace shardwright {
namespace {

std::string stripped(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1));
}

// Cuts a text into records; quoted cells may hold commas, line breaks and doubled quotes.
class Records {
 public:
  explicit Records(const InputFile& input) : input_(input), rest_(input.content) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
  }

  // The next record that is not blank, or one without cells at the end.
  CsvRow next() {
    while (!rest_.empty()) {
      CsvRow row{line_, {}};
      while (!read_cell(row)) {
      }
      if (row.cells.size() > 1 || !row.cells.front().empty()) return row;
    }
    return {line_, {}};
  }

 private:
  // Reads one cell and the comma or line end behind it; true if the record ends there.
  bool read_cell(CsvRow& row) {
    std::string cell = rest_.starts_with('"') ? quoted() : "";
    const std::size_t end = std::min(rest_.find_first_of(",\n"), rest_.size());
    row.cells.push_back(stripped(cell.append(rest_.substr(0, end))));
    const bool last = end == rest_.size() || rest_[end] == '\n';
    if (end < rest_.size() && last) ++line_;
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return last;
  }

  std::string quoted() {
    const std::int64_t opened = line_;
    std::string cell;
    for (rest_.remove_prefix(1); !rest_.empty(); rest_.remove_prefix(1)) {
      if (rest_.front() == '\n') ++line_;
      if (rest_.starts_with("\"\"")) {
        rest_.remove_prefix(1);
      } else if (rest_.front() == '"') {
        rest_.remove_prefix(1);
        return cell;
      }
      cell += rest_.front();
    }
    throw InputError(
        fmt::format("{}: line {}: a quoted cell begins and never ends. Close it with \".",
                    input_.name, opened));
  }

  const InputFile& input_;
  std::string_view rest_;
  std::int64_t line_ = 1;
};

std::vector<std::string> header_of(CsvRow row, const std::string& file) {
  if (row.cells.empty()) {
    throw InputError(fmt::format(
        "{}: the file is empty. Expected a header line such as name,rows,dim,pooling.", file));
  }
  std::set<std::string> seen;
  for (std::string& name : row.cells) {
    for (char& letter : name) {
      letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    }
    if (!seen.insert(name).second) {
      throw InputError(
          fmt::format("{}: line {}: the header names the column '{}' twice. Remove one.", file,
                      row.line, name));
    }
  }
  return std::move(row.cells);
}

}  // namespace

std::optional<std::size_t> CsvDocument::column(std::string_view name) const {
  const auto found = std::find(header.begin(), header.end(), name);
  if (found == header.end()) return {};
  return static_cast<std::size_t>(found - header.begin());
}

CsvDocument parse_csv(const InputFile& input) {
  Records records(input);
  CsvDocument document{header_of(records.next(), input.name), {}};
  for (CsvRow row = records.next(); !row.cells.empty(); row = records.next()) {
    if (row.cells.size() != document.header.size()) {
      throw InputError(fmt::format("{}: line {} has {} cells, expected {} as in the header.",
                                   input.name, row.line, row.cells.size(), document.header.size()));
    }
    document.rows.push_back(std::move(row));
  }
  return document;
}

}  // namespace shardwright
