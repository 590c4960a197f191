#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

/// A JSON value and where it stands, so that every complaint names file, path, value and what was
/// expected: `tables.json: tables[3].rows is -5, expected an integer from 1 to …`. Borrows the
/// value: the document must outlive it. All accessors throw InputError.
class JsonView {
 public:
  JsonView(const nlohmann::json& value, std::string file, std::string path = "")
      : value_(&value), file_(std::move(file)), path_(std::move(path)) {}

  JsonView at(std::string_view key) const;                   ///< required member
  std::optional<JsonView> find(std::string_view key) const;  ///< absent or null gives nothing
  std::vector<JsonView> elements() const;                    ///< of an array
  /// Refuses members that are not in `keys`, suggesting the nearest one. Keys that start with "_"
  /// are comments and allowed.
  void allow_keys(std::initializer_list<std::string_view> keys) const;

  std::int64_t integer(std::int64_t least = std::numeric_limits<std::int64_t>::min(),
                       std::int64_t most = std::numeric_limits<std::int64_t>::max()) const;
  double number(double least = std::numeric_limits<double>::lowest(),
                double most = std::numeric_limits<double>::max()) const;  ///< finite
  std::string string() const;
  bool boolean() const;

  [[noreturn]] void fail(std::string_view expected) const;
  const nlohmann::json& raw() const { return *value_; }
  const std::string& file() const { return file_; }
  const std::string& path() const { return path_; }

 private:
  const nlohmann::json* value_;
  std::string file_;
  std::string path_;
};

/// Reads a document ("-": standard input) of at most 1 GiB and 100 levels. Faults: line and column.
nlohmann::json read_json(const std::string& file);
nlohmann::json parse_json(std::string_view text, const std::string& file);

/// Checks `"schema": "shardwright.<kind>/1"`; says which kind was found instead.
void expect_schema(const JsonView& document, std::string_view kind);

/// The candidate nearest to `word` by edit distance, or "" if none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace shardwright
