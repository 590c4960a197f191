#include "tests/fuzz/scratch_folder.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace shardwright::fuzz {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

void write_all(int descriptor, std::string_view content, const std::string& file) {
  while (!content.empty()) {
    const ssize_t count = ::write(descriptor, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(file);
    content.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace

ScratchFolder::ScratchFolder()
    : path_((std::filesystem::temp_directory_path() / "shardwright_fuzz_XXXXXX").string()) {
  if (::mkdtemp(path_.data()) == nullptr) fail(path_);
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string ScratchFolder::write(const std::string& name, std::string_view content) const {
  std::string file = path_ + "/" + name;
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (descriptor < 0) fail(file);
  write_all(descriptor, content, file);
  if (::close(descriptor) != 0) fail(file);
  return file;
}

const ScratchFolder& scratch() {
  static const ScratchFolder folder;
  return folder;
}

}  // namespace shardwright::fuzz
