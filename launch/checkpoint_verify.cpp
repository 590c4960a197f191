#include "costmodel/bytes.hpp"
#include "costmodel/errors.hpp"
#include "launch/checkpoint_options.hpp"
#include "runtime/checkpoint/safetensors.hpp"
#include "runtime/checkpoint/saved_index.hpp"

#include <fmt/format.h>

#include <memory>
#include <vector>

namespace shardwright {
namespace {

using nlohmann::json;

struct VerifyArguments {
  std::string path;
  bool json = false;
};

struct Findings {
  std::vector<std::string> problems;
  std::size_t files = 0;
  std::int64_t bytes = 0;
};

template <class Check>
void note(Findings& findings, Check check) {
  try {
    check();
  } catch (const InputError& error) {
    findings.problems.emplace_back(error.what());
  }
}

/// That the file is as it was written, and what it was written to be.
void verify(const std::string& folder, const SavedFile& file, Findings& findings) {
  note(findings, [&] {
    verify_file(folder, file);
    const SafetensorsReader reader(folder + "/" + file.file);
    ++findings.files;
    findings.bytes += file.record.bytes;
  });
}

Findings verify(const std::string& folder) {
  Findings findings;
  note(findings, [&] {
    const SavedIndex index = read_saved_index(folder);
    for (const SavedFile& file : index.files) verify(folder, file, findings);
  });
  return findings;
}

void print(const std::string& folder, const Findings& findings, bool as_json) {
  if (as_json) {
    const json document = {{"folder", folder},
                           {"valid", findings.problems.empty()},
                           {"problems", findings.problems},
                           {"sound_files", findings.files},
                           {"sound_bytes", findings.bytes}};
    fmt::print("{}\n", document.dump(1));
    return;
  }
  for (const std::string& problem : findings.problems) fmt::print("{}\n", problem);
  if (!findings.problems.empty()) return;
  fmt::print("{} is sound: {} files of {} have the checksums of its index.\n", folder,
             findings.files, format_bytes(Bytes(findings.bytes)));
}

void run(const VerifyArguments& arguments) {
  const std::string folder = saved_folder(arguments.path);
  const Findings findings = verify(folder);
  print(folder, findings, arguments.json);
  if (findings.problems.empty()) return;
  throw Error(ExitCode::check_failed,
              fmt::format("{} has {} problem{}.", folder, findings.problems.size(),
                          findings.problems.size() == 1 ? "" : "s"));
}

}  // namespace

void add_checkpoint_verify(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "verify", "Read a saved model or checkpoint whole and compare it with its checksums");
  command->footer(
      "Examples:\n"
      "  shardwright checkpoint verify out\n"
      "  shardwright checkpoint verify out/model --json && echo sound\n"
      "Exits with 7 if anything is damaged.");
  const auto arguments = std::make_shared<VerifyArguments>();
  add_saved_folder(*command, arguments->path);
  command->add_flag("--json", arguments->json, "Print one JSON document");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace shardwright
