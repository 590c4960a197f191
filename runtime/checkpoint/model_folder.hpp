#pragma once

#include <string>

namespace shardwright {

// The names that a saved model (saved_model.hpp) gives its files.
inline constexpr const char* kModelIndexFile = "index.json";
inline constexpr const char* kModelDenseFile = "dense.safetensors";
std::string model_rank_file(std::size_t rank);  ///< rank-00000.safetensors

/// Whether a saved model or checkpoint may have a file of this name.
bool is_saved_file(const std::string& name);

/// Saving a model as FOLDER replaces what stands there, so that may be nothing but a model: throws
/// UsageError naming the path in the way unless each of FOLDER, FOLDER.partial and FOLDER.old is
/// absent or a folder of files with the names above. Throws EnvironmentError if one cannot be read.
void require_model_folder(const std::string& folder);

}  // namespace shardwright
