#include "launch/timing_files.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>

namespace shardwright {
namespace {

bool is_wanted(const TimingFiles& files, const CommSetting& setting) {
  return (files.only_hardware.empty() || setting.hardware == files.only_hardware) &&
         (files.only_library.empty() || setting.library == files.only_library) &&
         (files.only_link.empty() || setting.link == files.only_link);
}

}  // namespace

void add_timing_options(CLI::App& command, TimingFiles& files) {
  command
      .add_option("TIMINGS", files.files,
                  "Timings: the schema of docs/timings.md, nccl-tests output (text or -J), or CSV "
                  "with its columns; - is standard input")
      ->required();
  command.add_option("--operation", files.operation,
                     "Operation of nccl-tests output that does not name it");
  command.add_option("--hardware", files.settings.hardware, "Name of the hardware, for all rows");
  command.add_option("--link", files.settings.link, "Name of the link, for all rows");
  command.add_option("--library", files.settings.library,
                     "Name and version of the library, for all rows");
  command.add_option("--only-hardware", files.only_hardware, "Use the rows of this hardware only");
  command.add_option("--only-library", files.only_library, "Use the rows of this library only");
  command.add_option("--only-link", files.only_link, "Use the rows of this link only");
  command.add_flag(
      "--least-of-repeats", files.least_of_repeats,
      "Timings of computation: of several runs of the same batches, on a machine that\n"
      "others use too, the least times");
}

InputFile read_timing_file(TimingFiles& files, const std::string& file) {
  if (file != "-") return read_input_file(file);
  if (!files.standard_input) files.standard_input = read_input_file(file);
  return *files.standard_input;
}

LoadedTimings load_timings(TimingFiles& files) {
  if (files.least_of_repeats) {
    throw UsageError("--least-of-repeats is for timings of computation; these are of collectives.");
  }
  ImportSettings settings = files.settings;
  if (!files.operation.empty()) settings.operation = parse_collective(files.operation);
  LoadedTimings loaded;
  std::string bytes;
  for (const std::string& file : files.files) {
    const InputFile input = read_timing_file(files, file);
    bytes += input.content;
    CommTimings timings = parse_comm_timings(input.content, input.name, settings);
    for (const std::string& sentence : describe_drops(timings, input.name)) {
      fmt::print(stderr, "{}\n", sentence);
    }
    loaded.timings.metadata.merge(timings.metadata);
    for (CommTiming& row : timings.rows) {
      if (is_wanted(files, row.setting)) loaded.timings.rows.push_back(std::move(row));
    }
  }
  if (loaded.timings.rows.empty()) {
    throw InputError(fmt::format(
        "No timing is of hardware '{}', library '{}' and link '{}'. Check --only-hardware, "
        "--only-library and --only-link against the timings.",
        files.only_hardware.empty() ? "any" : files.only_hardware,
        files.only_library.empty() ? "any" : files.only_library,
        files.only_link.empty() ? "any" : files.only_link));
  }
  loaded.fingerprint = fingerprint(bytes);
  return loaded;
}

}  // namespace shardwright
