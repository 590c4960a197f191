#include "launch/commands.hpp"
#include "launch/print_json.hpp"
#include "runtime/device/cuda.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <string>

namespace shardwright {
namespace {

constexpr bool kHasRuntime = SHARDWRIGHT_HAS_RUNTIME;

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

std::string cuda_version(int code) { return fmt::format("{}.{}", code / 1000, code % 1000 / 10); }

std::string nccl_version(int code) {
  return fmt::format("{}.{}.{}", code / 10000, code % 10000 / 100, code % 100);
}

// Two versions of NCCL: the one compiled against, and the one this process has loaded.
std::string cuda_line(const CudaReport& cuda) {
  return fmt::format("CUDA {}, NCCL {} (loaded: {}), {}", cuda_version(cuda.compiled_cuda_version),
                     nccl_version(cuda.compiled_nccl_version),
                     nccl_version(cuda.runtime_nccl_version),
                     cuda.problem.empty() ? fmt::format("{} devices", cuda.devices) : cuda.problem);
}

nlohmann::json cuda_json(const CudaReport& cuda) {
  if (!cuda.built) return nullptr;
  nlohmann::json document = {{"compiled_version", cuda_version(cuda.compiled_cuda_version)},
                             {"driver_version", cuda_version(cuda.driver_cuda_version)},
                             {"nccl_compiled_version", nccl_version(cuda.compiled_nccl_version)},
                             {"nccl_loaded_version", nccl_version(cuda.runtime_nccl_version)},
                             {"devices", cuda.devices}};
  if (!cuda.problem.empty()) document["problem"] = cuda.problem;
  return document;
}

void run(bool json) {
  const CudaReport cuda = report_cuda();
  if (!json) {
    fmt::print("shardwright {} ({}; {})\n", SHARDWRIGHT_VERSION, compiler(),
               kHasRuntime ? "planning and training" : "planning only");
    if (cuda.built) fmt::print("{}\n", cuda_line(cuda));
    return;
  }
  const nlohmann::json document = {
      {"version", SHARDWRIGHT_VERSION},
      {"compiler", compiler()},
      {"features",
       {{"runtime", kHasRuntime}, {"cuda", cuda.built}, {"assertions", with_assertions()}}},
      {"cuda", cuda_json(cuda)}};
  print_json(document);
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
