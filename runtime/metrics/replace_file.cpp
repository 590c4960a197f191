#include "runtime/metrics/replace_file.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace shardwright {
namespace {

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using Stream = std::unique_ptr<std::FILE, Close>;

bool write_whole(const std::string& path, std::string_view text) {
  Stream stream(std::fopen(path.c_str(), "we"));
  if (!stream) return false;
  if (std::fwrite(text.data(), 1, text.size(), stream.get()) != text.size()) return false;
  return std::fclose(stream.release()) == 0;
}

}  // namespace

void replace_file(const std::string& file, std::string_view text) {
  const std::string partial = file + ".partial";
  if (write_whole(partial, text) && std::rename(partial.c_str(), file.c_str()) == 0) return;
  const int error = errno;
  std::remove(partial.c_str());
  throw EnvironmentError(
      fmt::format("The metrics file {} cannot be written: {}. Make room or "
                  "choose another one with --metrics-file.",
                  file, std::strerror(error)));
}

}  // namespace shardwright
