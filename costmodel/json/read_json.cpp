#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <set>

namespace shardwright {
namespace {

using nlohmann::json;

constexpr int kMostJsonLevels = 100;  // arrays and objects in each other; ours need a dozen
// The index of a checkpoint with a million shards has some 300 MB.
constexpr std::size_t kMostJsonBytes = std::size_t{1} << 30;

// Where a byte stands in a text, counted from 1, and the text around it.
struct Place {
  std::size_t line;
  std::size_t column;
  std::string excerpt;
};

Place place_of(std::string_view text, std::size_t offset) {
  constexpr std::size_t kAround = 30;
  offset = std::min(offset, text.size());
  const std::string_view before = text.substr(0, offset);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t line_begin = before.rfind('\n') + 1;  // npos + 1 = 0: the first line
  const std::size_t line_end = std::min(text.find('\n', offset), text.size());
  const std::size_t from = std::max(line_begin, offset - std::min(offset, kAround));
  const std::size_t to = std::min(line_end, offset + kAround);
  return {static_cast<std::size_t>(line), offset - line_begin + 1,
          std::string(text.substr(from, to > from ? to - from : 0))};
}

// A message may become part of a JSON document, whatever bytes it quotes.
std::string valid_utf8(const std::string& text) {
  const json::error_handler_t handler = json::error_handler_t::replace;
  return json::parse(json(text).dump(-1, ' ', false, handler)).get<std::string>();
}

[[noreturn]] void fail_at(std::string_view text, std::size_t offset, const std::string& file,
                          std::string_view cause) {
  const Place place = place_of(text, offset);
  const std::string near = place.excerpt.empty() ? "" : fmt::format(" (near `{}`)", place.excerpt);
  throw InputError(fmt::format("{}: line {}, column {}: {}. Expected a well-formed JSON document.",
                               file, place.line, place.column,
                               valid_utf8(std::string(cause) + near)));
}

// The part of the parser's message that follows its own position.
std::string cause_of(const json::parse_error& error) {
  const std::string message = error.what();
  const std::size_t position = message.find(", column ");
  const std::size_t colon = message.find(": ", position == std::string::npos ? 0 : position);
  return colon == std::string::npos ? message : message.substr(colon + 2);
}

// The number in "… number overflow parsing '1e999'".
std::string overflowing_number(const json::out_of_range& error) {
  const std::string message = error.what();
  const std::size_t open = message.find('\'');
  const std::size_t close = message.rfind('\'');
  return open < close ? message.substr(open + 1, close - open - 1) : "";
}

// Refuses what the parser would pass over in silence: an object that names a member twice, and
// values nested so deep that functions which call themselves for each level would run out of stack.
class Refusals {
 public:
  explicit Refusals(const std::string& file) : file_(file) {}

  bool operator()(int depth, json::parse_event_t event, json& value) {
    if (depth > kMostJsonLevels) {
      throw InputError(fmt::format(
          "{}: objects and arrays lie in each other more than {} levels deep, more than "
          "any document of this program.",
          file_, kMostJsonLevels));
    }
    if (event == json::parse_event_t::object_start) open_.emplace_back();
    if (event == json::parse_event_t::object_end) open_.pop_back();
    if (event != json::parse_event_t::key) return true;
    const auto key = value.get<std::string>();
    if (!open_.back().insert(key).second) {
      throw InputError(fmt::format(
          "{}: an object has the member \"{}\" twice; remove one of the two.", file_, key));
    }
    return true;
  }

 private:
  const std::string& file_;
  std::vector<std::set<std::string>> open_;
};

// No more than the limit: a device or a pipe may have no end.
std::string read_all(std::FILE* stream, const std::string& file) {
  std::string text;
  std::array<char, 1 << 16> block{};
  while (const std::size_t count = std::fread(block.data(), 1, block.size(), stream)) {
    text.append(block.data(), count);
    if (text.size() <= kMostJsonBytes) continue;
    throw InputError(fmt::format(
        "{} holds more than {} MiB, the most that is read of one document. Is it the right file?",
        file, kMostJsonBytes >> 20));
  }
  return text;
}

std::string read_text(const std::string& file) {
  if (file == "-") return read_all(stdin, "Standard input");
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream(std::fopen(file.c_str(), "rb"),
                                                               &std::fclose);
  errno = stream ? 0 : errno;
  std::string text = stream ? read_all(stream.get(), file) : "";
  if (!stream || std::ferror(stream.get()) != 0) {
    throw InputError(fmt::format("The file {} cannot be read: {}.", file, std::strerror(errno)));
  }
  return text;
}

}  // namespace

json parse_json(std::string_view text, const std::string& file) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    throw InputError(fmt::format("{} is empty. Expected a JSON document.", file));
  }
  try {
    return json::parse(text, Refusals(file));
  } catch (const json::parse_error& error) {
    fail_at(text, error.byte == 0 ? 0 : error.byte - 1, file, cause_of(error));
  } catch (const json::out_of_range& error) {
    const std::string number = overflowing_number(error);
    fail_at(text, text.find(number), file, fmt::format("the number {} is too large", number));
  }
}

json read_json(const std::string& file) {
  return parse_json(read_text(file), file == "-" ? "standard input" : file);
}

void expect_schema(const JsonView& document, std::string_view kind) {
  const std::string expected = fmt::format("shardwright.{}/1", kind);
  const auto schema = document.find("schema");
  if (!schema) {
    throw InputError(fmt::format("{}: the document has no \"schema\". Expected \"schema\": \"{}\".",
                                 document.file(), expected));
  }
  if (schema->string() != expected) schema->fail(fmt::format("\"{}\"", expected));
}

}  // namespace shardwright
