#include "launch/compute_timing_files.hpp"

#include "costmodel/compute/compute_model_json.hpp"
#include "costmodel/compute/compute_slices.hpp"
#include "costmodel/compute/shipped_compute_models.hpp"
#include "costmodel/errors.hpp"
#include "costmodel/neural/pretrained.hpp"
#include "costmodel/timings/least_of_repeats.hpp"
#include "planner/input_file.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <utility>

namespace shardwright {
namespace {

// Of TimingFiles, what does nothing to timings of computation.
struct IdleOption {
  std::string_view name;
  std::string_view value;
  std::string_view does;
};

void refuse_idle_options(const TimingFiles& files) {
  constexpr std::string_view kNames = "names what timings of collectives may leave unsaid";
  constexpr std::string_view kChooses = "chooses among timings of collectives";
  const std::array<IdleOption, 6> options = {{{"--operation", files.operation, kNames},
                                              {"--hardware", files.settings.hardware, kNames},
                                              {"--link", files.settings.link, kNames},
                                              {"--library", files.settings.library, kNames},
                                              {"--only-library", files.only_library, kChooses},
                                              {"--only-link", files.only_link, kChooses}}};
  for (const IdleOption& option : options) {
    if (option.value.empty()) continue;
    throw UsageError(fmt::format("{} {}, and these timings are of computation: leave it out.",
                                 option.name, option.does));
  }
}

}  // namespace

bool are_compute_timings(TimingFiles& files) {
  if (files.files.empty()) return false;
  return is_compute_timings(read_timing_file(files, files.files.front()).content);
}

LoadedComputeTimings load_compute_timings(TimingFiles& files) {
  std::vector<ComputeTiming> rows;
  std::string bytes;
  for (const std::string& file : files.files) {
    const InputFile input = read_timing_file(files, file);
    bytes += input.content;
    ComputeTimings timings = parse_compute_timings(input.content, input.name);
    for (const DroppedRows& dropped : timings.dropped) {
      fmt::print(stderr, "{}: {} row(s) left out for {} (first: line {}).\n", input.name,
                 dropped.count, dropped.reason, dropped.first_line);
    }
    for (ComputeTiming& row : timings.rows) {
      if (files.only_hardware.empty() || row.hardware == files.only_hardware)
        rows.push_back(std::move(row));
    }
  }
  refuse_idle_options(files);
  if (rows.empty()) throw InputError("There is no usable timing of computation in the files.");
  if (files.least_of_repeats) rows = least_of_repeats(std::move(rows));
  return {make_examples(std::move(rows)), fingerprint(bytes)};
}

bool names_compute_model(const std::string& name_or_file) {
  if (is_shipped_compute_model(name_or_file)) return true;
  if (!name_or_file.ends_with(".json")) return false;
  return is_compute_model(read_input_file(name_or_file).content);
}

ComputeModel load_compute_model(const std::string& name_or_file) {
  if (is_shipped_compute_model(name_or_file)) return load_shipped_compute_model(name_or_file);
  if (is_pretrained(name_or_file)) {
    throw UsageError(fmt::format(
        "{} is a model of collectives, and the timings are of computation: name a compute model.",
        name_or_file));
  }
  const InputFile input = read_input_file(name_or_file);
  return parse_compute_model(input.content, input.name);
}

std::vector<ErrorSlice> compute_errors(const ComputeModel& model, const ComputeExamples& examples) {
  std::vector<ErrorSlice> slices = slice_compute_errors(examples, predict_times(model, examples));
  for (const auto& [name, constants] : model.rivals) {
    slices.push_back(
        rival_slice(name + ", fitted", examples, predict_rival(name, model, examples)));
  }
  return slices;
}

}  // namespace shardwright
