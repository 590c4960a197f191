#include "runtime/checkpoint/staged_model.hpp"

#include "costmodel/errors.hpp"
#include "runtime/checkpoint/model_folder.hpp"
#include "runtime/checkpoint/publish_folder.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

namespace shardwright {
namespace {

namespace fs = std::filesystem;

void write_and_publish(const std::string& partial, const std::string& folder,
                       const std::function<SavedIndex(const std::string&)>& write) {
  fs::remove_all(partial);
  fs::create_directories(partial);
  write_index(partial, write(partial));
  require_model_folder(folder);  // somebody may have used the time
  publish_folder(partial, folder);
}

}  // namespace

void write_staged(const std::string& folder,
                  const std::function<SavedIndex(const std::string&)>& write) {
  const std::string target = fs::absolute(folder).lexically_normal().string();
  const std::string partial = target + ".partial";
  require_model_folder(target);
  std::error_code ignored;  // the first failure is the one to report
  try {
    write_and_publish(partial, target, write);
  } catch (const fs::filesystem_error& error) {
    fs::remove_all(partial, ignored);
    throw EnvironmentError(
        fmt::format("{} cannot be written: {}.", partial, error.code().message()));
  } catch (...) {
    fs::remove_all(partial, ignored);
    throw;
  }
}

}  // namespace shardwright
