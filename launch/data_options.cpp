#include "launch/data_options.hpp"

#include "planner/readable_json.hpp"
#include "planner/spec/spec_entry.hpp"
#include "runtime/data/describe_data.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <limits>

namespace shardwright {
namespace {

// The whole of `text` as a number; false if it is none.
template <class Number>
bool parse_whole(const std::string& text, Number& number) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end;
}

// A validator for which `allowed` gives true, with no note of its own in the help.
template <class Number, class Allowed>
CLI::Validator accept(const std::string& expected, const Allowed& allowed) {
  const auto check = [=](std::string& text) -> std::string {
    Number number{};
    if (parse_whole(text, number) && allowed(number)) return "";
    return fmt::format("'{}' is not allowed, expected {}", text, expected);
  };
  return {check, ""};
}

}  // namespace

CLI::Validator number_between(double low, double high, bool limits_too) {
  const std::string expected = limits_too
                                   ? fmt::format("a number from {} to {}", low, high)
                                   : fmt::format("a number above {} and below {}", low, high);
  return accept<double>(expected, [=](double value) {
    return limits_too ? value >= low && value <= high : value > low && value < high;
  });
}

CLI::Validator embedding_width() {
  constexpr std::int64_t kMostColumns = std::int64_t{1} << 20;
  return accept<std::int64_t>(
      fmt::format("a multiple of 4 from 4 to {}", kMostColumns),
      [](std::int64_t value) { return value > 0 && value <= kMostColumns && value % 4 == 0; });
}

CLI::Option* add_data_output(CLI::App& command, DataOutputArguments& output) {
  command.add_option("-o,--output", output.options.folder, "Data folder to write")->required();
  command.add_option("--seed", output.seed, "For all that is drawn")
      ->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()))
      ->capture_default_str();
  command.add_flag("--json", output.json, "Print the summary as one JSON document");
  return command
      .add_option("--batch-size", output.options.batch_size,
                  "Global batch, for tables.json; row reuse is measured on it")
      ->check(CLI::Range(std::int64_t{1}, kMostSamples))
      ->capture_default_str();
}

void add_embedding_dim(CLI::App& command, std::int64_t& dim) {
  command.add_option("--embedding-dim", dim, "Columns of every table")
      ->check(embedding_width())
      ->capture_default_str();
}

ConversionOptions conversion_options(const DataOutputArguments& output, std::string_view command,
                                     const std::vector<std::string>& specific) {
  ConversionOptions options = output.options;
  options.seed = static_cast<std::uint64_t>(output.seed);
  options.made_by = {
      fmt::format("shardwright data {} {} --seed {} --batch-size {} -o {}", command,
                  fmt::join(specific, " "), options.seed, options.batch_size, options.folder),
      SHARDWRIGHT_VERSION,
      {}};
  return options;
}

void report_data(const DataSummary& summary, bool json) {
  for (const std::string& remark : summary.remarks) fmt::print(stderr, "{}\n", remark);
  fmt::print("{}", json ? readable_json(data_summary_to_json(summary)) : describe_data(summary));
  fmt::print(stderr, "Wrote {0}/tables.json, {0}/train and {0}/test.\n", summary.folder);
}

}  // namespace shardwright
