#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace shardwright {

// The subcommands of `shardwright checkpoint`, each in the file of its name.
void add_checkpoint_inspect(CLI::App& app);
void add_checkpoint_verify(CLI::App& app);
void add_checkpoint_reshard(CLI::App& app);
void add_checkpoint_export(CLI::App& app);

/// The argument FOLDER of all of them, for saved_folder().
void add_saved_folder(CLI::App& command, std::string& path);

/// The folder that a user means: a saved model or checkpoint itself, or the latest checkpoint of an
/// output folder or of its checkpoints/. Throws InputError if there is none.
std::string saved_folder(const std::string& path);

}  // namespace shardwright
