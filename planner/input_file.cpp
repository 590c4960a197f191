#include "planner/input_file.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

namespace shardwright {
namespace {

std::string read_all(std::istream& stream) {
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

}  // namespace

InputFile read_input_file(const std::string& file) {
  if (file == "-") return {"standard input", read_all(std::cin)};
  if (std::filesystem::is_directory(file)) {
    throw InputError(fmt::format("{} is a folder. Expected a file.", file));
  }
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  InputFile input{file, stream ? read_all(stream) : ""};
  if (!stream) {
    throw InputError(fmt::format("The file {} cannot be read: {}.", file,
                                 errno != 0 ? std::strerror(errno) : "the read failed"));
  }
  return input;
}

std::string fingerprint(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char byte : bytes) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
  }
  return fmt::format("{:016x}", hash);
}

}  // namespace shardwright
