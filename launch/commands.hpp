#pragma once

#include <CLI/CLI.hpp>

namespace shardwright {

// One function per subcommand, each in the file of its name: adds the subcommand, its options and
// its callback to `app`. Callbacks throw Error (errors.hpp); main() prints it and returns its exit
// code. Without the runtime, data, train, bench, checkpoint, launch, profile and fit exist and say
// so (runtime_stub.cpp).
void add_plan_command(CLI::App& app);
void add_rate_command(CLI::App& app);
void add_check_command(CLI::App& app);
void add_explain_command(CLI::App& app);
void add_report_command(CLI::App& app);
void add_diff_command(CLI::App& app);
void add_sweep_command(CLI::App& app);
void add_export_command(CLI::App& app);
void add_import_command(CLI::App& app);
void add_models_command(CLI::App& app);
void add_evaluate_command(CLI::App& app);
void add_version_command(CLI::App& app);
void add_data_command(CLI::App& app);
void add_train_command(CLI::App& app);
void add_bench_command(CLI::App& app);
void add_checkpoint_command(CLI::App& app);
void add_launch_command(CLI::App& app);
void add_doctor_command(CLI::App& app);
void add_fit_command(CLI::App& app);
void add_profile_command(CLI::App& app);

}  // namespace shardwright
