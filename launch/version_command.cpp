#include "launch/commands.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

namespace shardwright {
namespace {

constexpr bool kHasRuntime = SHARDWRIGHT_HAS_RUNTIME;
constexpr bool kHasCuda = SHARDWRIGHT_HAS_CUDA;

std::string compiler() {
#if defined(__clang__)
  return "Clang " __clang_version__;
#else
  return "GCC " __VERSION__;
#endif
}

bool with_assertions() {
#ifdef NDEBUG
  return false;
#else
  return true;
#endif
}

void run(bool json) {
  if (!json) {
    fmt::print("shardwright {} ({}; {})\n", SHARDWRIGHT_VERSION, compiler(),
               kHasRuntime ? "planning and training" : "planning only");
    return;
  }
  const nlohmann::json document = {
      {"version", SHARDWRIGHT_VERSION},
      {"compiler", compiler()},
      {"features",
       {{"runtime", kHasRuntime}, {"cuda", kHasCuda}, {"assertions", with_assertions()}}}};
  fmt::print("{}\n", document.dump(2));
}

}  // namespace

void add_version_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("version", "Say what this build is");
  command->footer("Examples:\n  shardwright version\n  shardwright version --json");
  const auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "Print one JSON document");
  command->callback([json] { run(*json); });
}

}  // namespace shardwright
