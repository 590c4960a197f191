#include "planner/readable_json.hpp"

#include <cstddef>
#include <vector>

namespace shardwright {
namespace {

using nlohmann::json;

constexpr std::size_t kColumns = 120;
constexpr std::size_t kIndent = 2;

// The elements of an array or members of an object, each as text that begins in column `indent`.
template <class Write>
std::vector<std::string> parts_of(const json& value, const Write& write) {
  std::vector<std::string> parts;
  for (const auto& [key, part] : value.items()) {
    parts.push_back(value.is_object() ? json(key).dump() + ": " + write(part) : write(part));
  }
  return parts;
}

std::string join(const std::vector<std::string>& parts, const std::string& separator) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : separator) + part;
  return text;
}

std::string on_one_line(const json& value) {
  if (!value.is_structured()) return value.dump();
  const std::string text = join(parts_of(value, on_one_line), ", ");
  return value.is_object() ? "{" + text + "}" : "[" + text + "]";
}

std::string write(const json& value, std::size_t indent) {
  std::string line = on_one_line(value);
  if (!value.is_structured() || indent + line.size() <= kColumns) return line;
  const std::string margin = "\n" + std::string(indent + kIndent, ' ');
  const auto parts =
      parts_of(value, [&](const json& part) { return write(part, indent + kIndent); });
  const std::string text = margin + join(parts, "," + margin) + "\n" + std::string(indent, ' ');
  return value.is_object() ? "{" + text + "}" : "[" + text + "]";
}

}  // namespace

std::string readable_json(const nlohmann::json& json) { return write(json, 0) + "\n"; }

}  // namespace shardwright
