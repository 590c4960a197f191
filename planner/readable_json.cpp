#include "planner/readable_json.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstddef>
#include <vector>

namespace shardwright {
namespace {

using nlohmann::json;

constexpr std::size_t kColumns = 160;
constexpr std::size_t kIndent = 2;

std::string text_of(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// The elements of an array or members of an object, each as text that begins in column `indent`.
template <class Write>
std::vector<std::string> parts_of(const json& value, const Write& write) {
  std::vector<std::string> parts;
  for (const auto& [key, part] : value.items()) {
    parts.push_back(value.is_object() ? text_of(key) + ": " + write(part) : write(part));
  }
  return parts;
}

std::string bracketed(const json& value, const std::string& text) {
  return value.is_object() ? fmt::format("{{{}}}", text) : fmt::format("[{}]", text);
}

std::string on_one_line(const json& value) {
  if (!value.is_structured()) return text_of(value);
  return bracketed(value, fmt::format("{}", fmt::join(parts_of(value, on_one_line), ", ")));
}

std::string write(const json& value, std::size_t indent) {
  std::string line = on_one_line(value);
  if (!value.is_structured() || indent + line.size() <= kColumns) return line;
  const std::size_t deeper = indent + kIndent;
  const auto parts = parts_of(value, [&](const json& part) { return write(part, deeper); });
  const std::string between = fmt::format(",\n{:{}}", "", deeper);
  return bracketed(
      value, fmt::format("\n{:{}}{}\n{:{}}", "", deeper, fmt::join(parts, between), "", indent));
}

}  // namespace

std::string readable_json(const nlohmann::json& json) { return write(json, 0) + "\n"; }

}  // namespace shardwright
