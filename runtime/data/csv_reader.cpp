#include "runtime/data/csv_reader.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace shardwright {

CsvReader::CsvReader(const std::string& path) : lines_(path) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (!read_record(header_))
    throw InputError(fmt::format("{} is empty, expected a line of column names.", path));
  if (header_.front().starts_with(kByteOrderMark)) header_.front().erase(0, kByteOrderMark.size());
}

std::size_t CsvReader::column(std::initializer_list<std::string_view> names) const {
  const auto found = std::find_first_of(header_.begin(), header_.end(), names.begin(), names.end());
  if (found == header_.end())
    throw InputError(fmt::format("{}:1: no column is named {}; the header is \"{}\".",
                                 lines_.path(), fmt::join(names, " or "), fmt::join(header_, ",")));
  return static_cast<std::size_t>(found - header_.begin());
}

bool CsvReader::next() {
  if (!read_record(fields_)) return false;
  if (fields_.size() != header_.size())
    throw InputError(fmt::format(
        "{}:{}: the line has {} fields, expected {} as in the header \"{}\".", lines_.path(),
        first_line_, fields_.size(), header_.size(), fmt::join(header_, ",")));
  return true;
}

Cell CsvReader::cell(std::size_t column) const {
  return {lines_.path(), first_line_, static_cast<std::int64_t>(column) + 1, header_[column],
          fields_[column]};
}

bool CsvReader::read_record(std::vector<std::string>& fields) {
  fields.assign(1, {});
  std::string_view line;
  if (!lines_.next(line)) return false;
  first_line_ = lines_.line_number();
  bool quoted = false;
  add_line(line, fields, quoted);
  while (quoted) {
    if (!lines_.next(line))
      throw InputError(fmt::format("{}:{}:{}: the quote that opens this field is never closed.",
                                   lines_.path(), first_line_, fields.size()));
    if (fields.back().size() > LineReader::kLongestLine)
      throw InputError(fmt::format(
          "{}:{}:{}: this field has more than {} bytes; is the quote that opens it closed?",
          lines_.path(), first_line_, fields.size(), LineReader::kLongestLine));
    fields.back() += '\n';
    add_line(line, fields, quoted);
  }
  return true;
}

// Splits one line; `quoted` says whether it begins, and then ends, inside quotes.
void CsvReader::add_line(std::string_view line, std::vector<std::string>& fields,
                         bool& quoted) const {
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool doubled = c == '"' && i + 1 < line.size() && line[i + 1] == '"';
    if (quoted && doubled) {
      fields.back() += '"';
      ++i;
    } else if (quoted && c == '"') {
      quoted = false;
      if (i + 1 < line.size() && line[i + 1] != ',')
        throw InputError(fmt::format(
            "{}:{}:{}: a closing quote is followed by {}, expected a comma; a quote inside quotes "
            "is written twice.",
            lines_.path(), lines_.line_number(), fields.size(), quote(line.substr(i + 1))));
    } else if (!quoted && c == '"' && fields.back().empty()) {
      quoted = true;
    } else if (!quoted && c == ',') {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
}

}  // namespace shardwright
