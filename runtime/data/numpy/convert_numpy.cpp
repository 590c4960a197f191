#include "runtime/data/numpy/convert_numpy.hpp"

#include "costmodel/bytes.hpp"
#include "costmodel/errors.hpp"
#include "runtime/data/splitmix.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace shardwright {
namespace {

struct Runs {
  std::vector<NumpyFiles> train;
  std::vector<NumpyFiles> test;
};

bool is_same_file(const std::string& a, const std::string& b) {
  std::error_code ignored;  // both were there a moment ago
  return std::filesystem::equivalent(a, b, ignored);
}

Runs find_runs(const NumpyOptions& options) {
  Runs runs{find_numpy_files(options.inputs), find_numpy_files(options.test_inputs)};
  std::erase_if(runs.train, [&](const NumpyFiles& files) {
    return std::any_of(runs.test.begin(), runs.test.end(), [&](const NumpyFiles& test) {
      return is_same_file(files.labels, test.labels);
    });
  });
  if (runs.train.empty())
    throw UsageError("All samples are in the test part: name others to train on.");
  return runs;
}

// What all runs must have as the first has it.
struct Shape {
  std::vector<std::string> features;
  std::int64_t num_dense = 0;
};

Shape shape_of(const NumpySamples& samples) {
  return {samples.feature_names(), samples.num_dense()};
}

Shape find_shape(const Runs& runs) {
  Shape first = shape_of(NumpySamples(runs.train.front()));
  const auto check = [&](const NumpyFiles& files) {
    const Shape shape = shape_of(NumpySamples(files));
    if (shape.features != first.features)
      throw InputError(fmt::format("{} has the features {}, but {} has {}.", files.ids,
                                   fmt::join(shape.features, ","), runs.train.front().ids,
                                   fmt::join(first.features, ",")));
    if (shape.num_dense != first.num_dense)
      throw InputError(fmt::format("Beside {} are {} dense features, but beside {} {}.",
                                   files.labels, shape.num_dense, runs.train.front().labels,
                                   first.num_dense));
  };
  for (const NumpyFiles& files : runs.train) check(files);
  for (const NumpyFiles& files : runs.test) check(files);
  return first;
}

// A pass over the ids of all runs.
std::vector<std::int64_t> find_rows(const NumpyOptions& options, const Runs& runs,
                                    std::size_t num_features) {
  std::vector<std::int64_t> rows(num_features, 1);
  std::vector<std::vector<std::int64_t>> bags;
  const auto scan = [&](const NumpyFiles& files) {
    NumpyBags ids(files.ids);
    for (std::int64_t n = 0; n < ids.samples(); ++n) {
      ids.next(options.ids, bags);
      for (std::size_t i = 0; i < num_features; ++i)
        for (const std::int64_t id : bags[i]) rows[i] = std::max(rows[i], id + 1);
    }
  };
  for (const NumpyFiles& files : runs.train) scan(files);
  for (const NumpyFiles& files : runs.test) scan(files);
  return rows;
}

std::vector<std::int64_t> choose_rows(const NumpyOptions& options, const Runs& runs,
                                      std::size_t num_features) {
  const std::vector<std::int64_t>& given = options.ids.rows;
  if (given.empty()) return find_rows(options, runs, num_features);
  if (given.size() == 1) return std::vector<std::int64_t>(num_features, given.front());
  if (given.size() == num_features) return given;
  throw UsageError(
      fmt::format("--rows has {} numbers, expected {}, one for each feature, or one "
                  "for all.",
                  given.size(), num_features));
}

std::vector<Table> make_tables(const std::vector<std::string>& names,
                               const std::vector<std::int64_t>& rows, std::int64_t dim) {
  std::vector<Table> tables;
  for (std::size_t i = 0; i < names.size(); ++i) {
    checked_product(rows[i], dim * 4, "bytes of table " + names[i]);
    Table table;
    table.name = names[i];
    table.rows = rows[i];
    table.dim = dim;
    table.features = {table.name};
    tables.push_back(std::move(table));
  }
  return tables;
}

std::vector<std::string> dense_names(std::int64_t count) {
  std::vector<std::string> names;
  for (std::int64_t i = 1; i <= count; ++i) names.push_back(fmt::format("I{}", i));
  return names;
}

// Adds all samples of a run; `choose()` says to which part.
template <class Choose>
void convert_run(const NumpyFiles& files, const NumpyIdRules& rules, DataFolderWriter& writer,
                 const Choose& choose) {
  NumpySamples samples(files);
  Sample sample;
  for (std::int64_t n = 0; n < samples.size(); ++n) {
    samples.next(rules, sample);
    writer.add(choose(), sample);
  }
  for (const auto& [file, hash] : samples.hashes()) writer.add_input(file, hash);
}

std::string describe_split(const NumpyOptions& options) {
  if (!options.test_inputs.empty())
    return fmt::format("The test part is {}. Samples keep their order.",
                       fmt::join(options.test_inputs, ", "));
  return fmt::format(
      "Split at random: each sample falls into the test part with probability {} (seed {}). "
      "Samples "
      "keep their order.",
      options.test_share, options.output.seed);
}

std::string describe_ids(const NumpyOptions& options) {
  std::string text = options.ids.rows.empty() ? "Tables have as many rows as their largest id asks"
                     : options.ids.wrap       ? "Ids were taken modulo the rows of their table"
                                              : "Ids are rows as they are";
  if (options.ids.padding_id)
    text += fmt::format("; ids of {} were left out as padding", *options.ids.padding_id);
  return text + ".";
}

}  // namespace

DataSummary convert_numpy(const NumpyOptions& options) {
  const Runs runs = find_runs(options);
  const Shape shape = find_shape(runs);
  NumpyIdRules rules = options.ids;
  rules.rows = choose_rows(options, runs, shape.features.size());
  DataFolderWriter writer(options.output, dense_names(shape.num_dense),
                          make_tables(shape.features, rules.rows, options.embedding_dim));
  SplitMix64 random(options.output.seed);
  const bool split = runs.test.empty();
  for (const NumpyFiles& files : runs.train)
    convert_run(files, rules, writer, [&] {
      return split && random.uniform() < options.test_share ? Part::test : Part::train;
    });
  for (const NumpyFiles& files : runs.test)
    convert_run(files, rules, writer, [] { return Part::test; });
  return writer.finish({describe_split(options), describe_ids(options)});
}

}  // namespace shardwright
