#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"
#include "planner/exchange/import.hpp"
#include "planner/list_some.hpp"
#include "planner/spec/spec_entry.hpp"

#include <fmt/format.h>

#include <map>

namespace shardwright {
namespace {

using nlohmann::json;

constexpr std::int64_t kWidthStep = 4;

// "fp32" of "F32"; empty for what no table is of.
std::string dtype_of(const std::string& name) {
  static const std::map<std::string, std::string> names = {
      {"F32", "fp32"}, {"F16", "fp16"}, {"BF16", "bf16"}};
  const auto found = names.find(name);
  return found == names.end() ? "" : found->second;
}

// "model.bags.user" of "model.bags.user.weight".
std::string without_weight(const std::string& tensor) {
  constexpr std::string_view kEnding = ".weight";
  const bool ends = tensor.size() > kEnding.size() && tensor.ends_with(kEnding);
  return ends ? tensor.substr(0, tensor.size() - kEnding.size()) : tensor;
}

std::string last_part(const std::string& path) { return path.substr(path.rfind('.') + 1); }

bool within(const std::string& tensor, const std::optional<std::string>& module) {
  return !module || module->empty() || tensor.starts_with(*module + ".");
}

struct Found {
  std::string path;  // without ".weight"
  json table;        // without a name
};

std::optional<Found> table_from(const std::string& name, const JsonView& tensor) {
  const std::string dtype = dtype_of(tensor.at("dtype").string());
  const auto shape = tensor.at("shape").elements();
  if (dtype.empty() || shape.size() != 2) return {};
  const std::int64_t rows = shape[0].integer(0);
  const std::int64_t dim = shape[1].integer(0);
  if (rows == 0 || dim == 0 || dim % kWidthStep != 0) return {};
  return Found{without_weight(name), {{"rows", rows}, {"dim", dim}, {"dtype", dtype}}};
}

// By the last part of its path, or by the whole path where others end alike.
std::vector<SpecEntry> named(const std::vector<Found>& tables) {
  std::map<std::string, std::size_t> alike;
  for (const Found& found : tables) ++alike[last_part(found.path)];
  std::vector<SpecEntry> entries;
  for (const Found& found : tables) {
    const std::string last = last_part(found.path);
    entries.push_back({found.table, fmt::format("tensor '{}'", found.path)});
    entries.back().table["name"] = alike[last] == 1 ? last : found.path;
  }
  return entries;
}

std::string left_out(const std::vector<std::string>& names) {
  return fmt::format(
      "{} of no table's form (two dimensions, columns a multiple of 4, F32, F16 or BF16): {}.",
      names.size() == 1 ? "A tensor is" : "Tensors are",
      list_some(names, [](const std::string& name) { return name; }));
}

std::vector<std::string> losses_of(const std::vector<std::string>& others, bool all_modules) {
  std::vector<std::string> losses;
  if (!others.empty()) losses.push_back(left_out(others));
  if (all_modules) {
    losses.emplace_back(
        "Which tensors are embedding tables is not in the file: all of two dimensions are taken, "
        "also those of dense layers (--module PATH takes those below a path).");
  }
  losses.emplace_back(
      "The file does not say pooling, features or optimizers: 1 id per sample and rowwise_adagrad "
      "are assumed.");
  return losses;
}

}  // namespace

ImportedTables import_safetensors(const json& header, const std::string& file,
                                  const std::optional<std::string>& module) {
  if (!header.is_object()) JsonView(header, file).fail("an object");
  std::vector<Found> tables;
  std::vector<std::string> others;
  for (const auto& [name, value] : header.items()) {
    if (name == "__metadata__" || !within(name, module)) continue;
    if (auto found = table_from(name, JsonView(value, file, name))) {
      tables.push_back(std::move(*found));
    } else {
      others.push_back(name);
    }
  }
  if (tables.empty()) {
    throw InputError(
        fmt::format("{}: no tensor{} is of a table's form: two dimensions, columns a multiple of "
                    "4, F32, F16 or BF16.",
                    file, module ? fmt::format(" of '{}'", *module) : ""));
  }
  ImportedTables result;
  result.workload.tables = tables_of(named(tables), file);
  result.losses = losses_of(others, !module);
  return result;
}

}  // namespace shardwright
