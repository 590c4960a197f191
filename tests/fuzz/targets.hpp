#pragma once

#include <span>
#include <string_view>

namespace shardwright::fuzz {

// Every reader of what comes from outside, each given bytes as they stand in a file. A reader may
// answer with InputError or UsageError; any other exception, and what sanitizers see, is a defect.
// Plain values in, nothing out: what the readers return is put to the uses that the program makes
// of it first, so that a value which no check refused is seen where it does harm.

void read_json_document(std::string_view input);
void read_words(std::string_view input);
void read_tables_json(std::string_view input);
void read_tables_csv(std::string_view input);
void read_constraints(std::string_view input);
void read_topology_json(std::string_view input);
void read_plan_file(std::string_view input);
void read_certificate(std::string_view input);
void read_foreign_plans(std::string_view input);
void read_compute_model_json(std::string_view input);
void read_comm_model_json(std::string_view input);
void read_comm_timings(std::string_view input);
void read_compute_timings(std::string_view input);
void read_train_settings(std::string_view input);
void read_criteo_lines(std::string_view input);
void read_movielens_files(std::string_view input);
void read_dataset_meta(std::string_view input);
void read_dataset_columns(std::string_view input);
void read_npy_array(std::string_view input);
void read_npz_bags(std::string_view input);
void read_safetensors_file(std::string_view input);
void read_checkpoint_index(std::string_view input);
void read_training_progress(std::string_view input);
void read_host_lists(std::string_view input);
void read_run_metrics(std::string_view input);

/// One reader, under the name of its folder in corpus/.
struct Target {
  std::string_view name;
  void (*read)(std::string_view input);
  bool is_json;  ///< inputs are changed as trees too, not only as bytes
};
std::span<const Target> targets();

/// The target called `name`, or null.
const Target* find_target(std::string_view name);

/// Runs a reader; false if it refused the input. Lets pass what is no answer to bad input.
bool accepts(const Target& target, std::string_view input);

}  // namespace shardwright::fuzz
