#include "runtime/checkpoint/checkpoint_folders.hpp"

#include "costmodel/errors.hpp"
#include "runtime/checkpoint/model_folder.hpp"
#include "runtime/checkpoint/output_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string_view>

namespace shardwright {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "step-";
constexpr std::string_view kRemoved = ".old";

std::optional<std::int64_t> step_of(std::string_view name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  std::int64_t step = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), step);
  if (error != std::errc() || end != name.data() + name.size() || step < 0) return std::nullopt;
  return step;
}

bool is_leftover(std::string_view name) {
  for (const std::string_view suffix : {std::string_view(".partial"), kRemoved}) {
    if (name.ends_with(suffix) && step_of(name.substr(0, name.size() - suffix.size()))) return true;
  }
  return false;
}

template <class Operation>
auto on_disk(Operation operation) {
  try {
    return operation();
  } catch (const fs::filesystem_error& error) {
    throw EnvironmentError(fmt::format("{} cannot be read or changed: {}.", error.path1().string(),
                                       error.code().message()));
  }
}

/// The folder's files, if they are a checkpoint's; then the folder, if it is empty.
void remove_files(const fs::path& folder) {
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (is_saved_file(entry.path().filename().string())) fs::remove(entry.path());
  }
  if (fs::is_empty(folder)) fs::remove(folder);
}

}  // namespace

std::string checkpoint_folder(const std::string& folder, std::int64_t step) {
  return fmt::format("{}/{}{:012}", folder, kPrefix, step);
}

std::vector<std::int64_t> checkpoint_steps(const std::string& folder) {
  return on_disk([&] {
    std::vector<std::int64_t> steps;
    if (!fs::is_directory(folder)) return steps;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
      const auto step = step_of(entry.path().filename().string());
      if (step && entry.path() == checkpoint_folder(folder, *step)) steps.push_back(*step);
    }
    std::sort(steps.begin(), steps.end());
    return steps;
  });
}

void remove_checkpoint(const std::string& folder, std::int64_t step) {
  on_disk([&] {
    const fs::path whole = checkpoint_folder(folder, step);
    const fs::path removed = whole.string() + std::string(kRemoved);
    fs::rename(whole, removed);
    sync_folder(folder);
    remove_files(removed);
  });
}

void remove_leftovers(const std::string& folder) {
  on_disk([&] {
    if (!fs::is_directory(folder)) return;
    std::vector<fs::path> leftovers;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
      if (is_leftover(entry.path().filename().string())) leftovers.push_back(entry.path());
    }
    for (const fs::path& leftover : leftovers) remove_files(leftover);
  });
}

}  // namespace shardwright
