#include "planner/text_table.hpp"

#include <algorithm>
#include <string_view>

namespace shardwright {
namespace {

constexpr std::size_t kLineWidth = 120;
constexpr std::size_t kGap = 2;
constexpr std::size_t kLeastWrapped = 20;

bool begins_code_point(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_code_point));
}

// The bytes of the first `width` code points.
std::size_t prefix_bytes(std::string_view text, std::size_t width) {
  std::size_t end = 0;
  for (std::size_t seen = 0; end < text.size(); ++end) {
    if (begins_code_point(text[end]) && seen++ == width) break;
  }
  return end;
}

std::string cut(const std::string& text, std::size_t most) {
  if (width_of(text) <= most) return text;
  return text.substr(0, prefix_bytes(text, most - 1)) + "…";
}

std::string padded(const std::string& text, std::size_t width, bool to_right) {
  const std::string blanks(width - std::min(width, width_of(text)), ' ');
  return to_right ? blanks + text : text + blanks;
}

// Lines of at most `width`, broken at blanks where there are any.
std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  while (width_of(text) > width) {
    std::size_t end = prefix_bytes(text, width);
    const std::size_t blank = text.rfind(' ', end);
    if (blank != std::string_view::npos && blank > 0) end = blank;
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
    while (text.starts_with(' ')) text.remove_prefix(1);
  }
  lines.emplace_back(text);
  return lines;
}

// A name may hold a line break, or what a terminal obeys.
void mask_control(std::string& text) {
  std::replace_if(
      text.begin(), text.end(),
      [](char byte) { return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F; }, '?');
}

std::vector<std::size_t> widths_of(const TextTable& table) {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    std::size_t width = width_of(table.columns[i].title);
    for (const auto& row : table.rows) width = std::max(width, width_of(row[i]));
    widths.push_back(std::min(width, table.columns[i].most));
  }
  return widths;
}

std::string format_row(const TextTable& table, const std::vector<std::size_t>& widths,
                       const std::vector<std::string>& cells) {
  const std::size_t last = widths.size() - 1;
  std::string line;
  for (std::size_t i = 0; i < last; ++i) {
    const auto& column = table.columns[i];
    line += padded(cut(cells[i], widths[i]), widths[i], column.to_right) + std::string(kGap, ' ');
  }
  const std::size_t begin = width_of(line);
  const std::size_t free = kLineWidth - std::min(begin, kLineWidth - kLeastWrapped);
  const auto lines = wrapped(cells[last], std::min(free, table.columns[last].most));
  const std::size_t width = std::min(free, widths[last]);
  std::string text;
  for (const std::string& part : lines) {
    line = (text.empty() ? line : std::string(begin, ' ')) +
           padded(part, width, table.columns[last].to_right);
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

}  // namespace

std::string format_table(TextTable table) {
  for (auto& row : table.rows) std::for_each(row.begin(), row.end(), mask_control);
  const auto widths = widths_of(table);
  std::vector<std::string> titles;
  for (const auto& column : table.columns) titles.push_back(column.title);
  std::string text = format_row(table, widths, titles);
  for (const auto& row : table.rows) text += format_row(table, widths, row);
  return text;
}

}  // namespace shardwright
