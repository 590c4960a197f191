#include "planner/input_file.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <system_error>

namespace shardwright {
namespace {

// Reads to the end, but no more than the limit: a device or a pipe may have none.
std::string read_all(std::istream& stream, const std::string& name) {
  constexpr std::size_t kChunk = 1 << 20;
  std::string content;
  while (stream) {
    const std::size_t before = content.size();
    content.resize(before + kChunk);
    stream.read(content.data() + before, static_cast<std::streamsize>(kChunk));
    content.resize(before + static_cast<std::size_t>(stream.gcount()));
    if (content.size() <= kMostInputBytes) continue;
    throw InputError(fmt::format(
        "{} holds more than {} MiB, the most that is read of one document. Is it the right file?",
        name, kMostInputBytes >> 20));
  }
  if (stream.eof() && !stream.bad()) stream.clear();
  return content;
}

}  // namespace

InputFile read_input_file(const std::string& file) {
  if (file == "-") return {"standard input", read_all(std::cin, "Standard input")};
  std::error_code ignored;  // opening it says what is wrong
  if (std::filesystem::is_directory(file, ignored)) {
    throw InputError(fmt::format("{} is a folder. Expected a file.", file));
  }
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  InputFile input{file, stream ? read_all(stream, file) : ""};
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
