#include "tests/fuzz/targets.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/timings/utf8.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

namespace shardwright::fuzz {
namespace {

constexpr std::array kTargets = {
    Target{"json", read_json_document, true},
    Target{"words", read_words, false},
    Target{"tables_json", read_tables_json, true},
    Target{"tables_csv", read_tables_csv, false},
    Target{"constraints", read_constraints, true},
    Target{"topology", read_topology_json, true},
    Target{"plan", read_plan_file, true},
    Target{"certificate", read_certificate, true},
    Target{"foreign_plans", read_foreign_plans, true},
    Target{"compute_model", read_compute_model_json, true},
    Target{"comm_model", read_comm_model_json, true},
    Target{"comm_timings", read_comm_timings, false},
    Target{"compute_timings", read_compute_timings, false},
    Target{"run_metrics", read_run_metrics, false},
#ifdef SHARDWRIGHT_FUZZ_RUNTIME
    Target{"train_config", read_train_settings, true},
    Target{"criteo", read_criteo_lines, false},
    Target{"movielens", read_movielens_files, false},
    Target{"dataset_meta", read_dataset_meta, true},
    Target{"dataset_columns", read_dataset_columns, false},
    Target{"npy", read_npy_array, false},
    Target{"npz", read_npz_bags, false},
    Target{"safetensors", read_safetensors_file, false},
    Target{"checkpoint_index", read_checkpoint_index, true},
    Target{"training_progress", read_training_progress, true},
    Target{"host_lists", read_host_lists, false},
#endif
};

// `check --json` and `checkpoint verify --json` put complaints into JSON documents.
void require_text(const Target& target, const std::string& message) {
  if (target.is_json && !is_utf8(message)) throw std::logic_error("no text: " + message);
}

}  // namespace

std::span<const Target> targets() { return kTargets; }

const Target* find_target(std::string_view name) {
  const auto* found = std::find_if(kTargets.begin(), kTargets.end(),
                                   [&](const Target& target) { return target.name == name; });
  return found == kTargets.end() ? nullptr : found;
}

bool accepts(const Target& target, std::string_view input) {
  try {
    target.read(input);
    return true;
  } catch (const Error& error) {
    const bool answer = error.code() == ExitCode::bad_input || error.code() == ExitCode::usage;
    if (!answer) throw;
    require_text(target, error.what());
    return false;
  }
}

}  // namespace shardwright::fuzz
