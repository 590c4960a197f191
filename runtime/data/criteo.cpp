#include "runtime/data/criteo.hpp"

#include "costmodel/errors.hpp"
#include "runtime/data/criteo_line.hpp"
#include "runtime/data/line_reader.hpp"
#include "runtime/data/splitmix.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace shardwright {
namespace {

void check_rows(const std::vector<std::int64_t>& rows) {
  const auto least = std::min_element(rows.begin(), rows.end());
  if (rows.size() != kCriteoIds || *least < 1)
    throw UsageError(
        fmt::format("The rows of the tables are {}: expected {} numbers of 1 or more, one per "
                    "table, or one for "
                    "all.",
                    fmt::join(rows, ","), kCriteoIds));
}

std::vector<Table> make_tables(const CriteoOptions& options) {
  std::vector<Table> tables;
  for (std::size_t i = 0; i < kCriteoIds; ++i) {
    Table table;
    table.name = criteo_id_names()[i];
    table.rows = options.rows[i];
    table.dim = options.embedding_dim;
    table.features = {table.name};
    tables.push_back(std::move(table));
  }
  return tables;
}

// Adds every line of a file; `choose()` says to which part.
template <class Choose>
void convert_file(const std::string& file, const std::vector<std::int64_t>& rows,
                  DataFolderWriter& writer, const Choose& choose) {
  LineReader lines(file);
  std::string_view line;
  Sample sample;
  while (lines.next(line)) {
    parse_criteo_line(line, lines.path(), lines.line_number(), rows, sample);
    writer.add(choose(), sample);
  }
  writer.add_input(file, lines.hash());
}

std::string describe_split(const CriteoOptions& options) {
  if (!options.test_inputs.empty())
    return fmt::format("The test part is {}. Samples stay in file order.",
                       fmt::join(options.test_inputs, ", "));
  return fmt::format(
      "Split at random: each line falls into the test part with probability {} (seed {}). Samples "
      "stay in file order.",
      options.test_share, options.output.seed);
}

}  // namespace

DataSummary convert_criteo(const CriteoOptions& options) {
  check_rows(options.rows);
  const auto names = criteo_integer_names();
  DataFolderWriter writer(options.output, {names.begin(), names.end()}, make_tables(options));
  SplitMix64 random(options.output.seed);
  const bool split = options.test_inputs.empty();
  for (const std::string& file : options.inputs)
    convert_file(file, options.rows, writer, [&] {
      return split && random.uniform() < options.test_share ? Part::test : Part::train;
    });
  for (const std::string& file : options.test_inputs)
    convert_file(file, options.rows, writer, [] { return Part::test; });
  return writer.finish({describe_split(options),
                        "An integer x of 0 or more became ln(x + 1), a negative or empty one 0; an "
                        "id became row 1 + "
                        "mix(id) mod (rows - 1), an empty one row 0."});
}

}  // namespace shardwright
