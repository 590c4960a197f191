#include "runtime/checkpoint/model_folder.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

namespace shardwright {
namespace {

namespace fs = std::filesystem;

bool is_rank_file(std::string_view name) {
  constexpr std::string_view kPrefix = "rank-";
  constexpr std::string_view kSuffix = ".safetensors";
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return false;
  if (name.size() <= kPrefix.size() + kSuffix.size()) return false;
  const std::string_view number =
      name.substr(kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size());
  return number.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_model_file(const fs::directory_entry& entry) {
  return fs::is_regular_file(entry.symlink_status()) &&
         is_saved_file(entry.path().filename().string());
}

[[noreturn]] void refuse(const fs::path& folder, const std::string& why) {
  throw UsageError(
      fmt::format("{} stands where the model is to be saved and would be replaced, but {}. Move it "
                  "away, choose "
                  "another folder with --output, or train with --no-save-model.",
                  folder.string(), why));
}

void require_model_or_nothing(const fs::path& folder) {
  if (!fs::exists(fs::symlink_status(folder))) return;
  if (!fs::is_directory(folder)) refuse(folder, "it is not a folder");
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (is_model_file(entry)) continue;
    refuse(folder,
           fmt::format("{} in it is no file of a saved model", entry.path().filename().string()));
  }
}

}  // namespace

std::string model_rank_file(std::size_t rank) {
  return fmt::format("rank-{:05}.safetensors", rank);
}

bool is_saved_file(const std::string& name) {
  return name == kModelIndexFile || name == kModelDenseFile || is_rank_file(name);
}

void require_model_folder(const std::string& folder) {
  try {
    for (const char* stage : {"", ".partial", ".old"}) require_model_or_nothing(folder + stage);
  } catch (const fs::filesystem_error& error) {
    throw EnvironmentError(
        fmt::format("{} cannot be read: {}.", error.path1().string(), error.code().message()));
  }
}

}  // namespace shardwright
