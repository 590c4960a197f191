#include "runtime/profile/growing_file.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <iterator>

namespace shardwright {

std::string GrowingFile::content_of(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

GrowingFile::GrowingFile(const std::string& file, std::size_t keep) : file_(file) {
  std::error_code error;
  if (std::filesystem::exists(file, error) && std::filesystem::file_size(file, error) > keep) {
    std::filesystem::resize_file(file, keep, error);
  }
  if (error)
    throw EnvironmentError(fmt::format("{} cannot be written: {}.", file, error.message()));
  stream_.open(file, std::ios::binary | std::ios::app);
  append("");
}

void GrowingFile::append(const std::string& lines) {
  stream_ << lines << std::flush;
  if (!stream_) {
    throw EnvironmentError(
        fmt::format("{} cannot be written: check the folder and the space left.", file_));
  }
}

}  // namespace shardwright
