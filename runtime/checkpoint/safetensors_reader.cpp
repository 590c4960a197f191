#include "costmodel/bytes.hpp"
#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"
#include "planner/exchange/safetensors_header.hpp"
#include "runtime/checkpoint/safetensors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace shardwright {
namespace {

[[noreturn]] void refuse(const std::string& file, const std::string& why) {
  throw InputError(fmt::format("{} is not a sound safetensors file: {}", file, why));
}

std::int64_t size_of(const std::string& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (error) throw InputError(fmt::format("{} cannot be read: {}.", file, error.message()));
  return static_cast<std::int64_t>(size);
}

void read_at(const std::string& file, std::int64_t position, std::span<std::byte> bytes) {
  std::ifstream stream(file, std::ios::binary);
  stream.seekg(position);
  stream.read(reinterpret_cast<char*>(bytes.data()), std::ssize(bytes));
  if (!stream) {
    throw InputError(fmt::format("{}: {} bytes at position {} cannot be read: {}.", file,
                                 bytes.size(), position, std::strerror(errno)));
  }
}

std::int64_t bytes_per_value(const JsonView& dtype) {
  static constexpr std::array<std::pair<std::string_view, std::int64_t>, 15> kSizes = {
      {{"BOOL", 1},
       {"U8", 1},
       {"I8", 1},
       {"F8_E4M3", 1},
       {"F8_E5M2", 1},
       {"I16", 2},
       {"U16", 2},
       {"F16", 2},
       {"BF16", 2},
       {"I32", 4},
       {"U32", 4},
       {"F32", 4},
       {"I64", 8},
       {"U64", 8},
       {"F64", 8}}};
  const std::string name = dtype.string();
  for (const auto& [known, size] : kSizes) {
    if (known == name) return size;
  }
  dtype.fail("a data type of the format, as F32");
}

SafetensorsReader::Entry read_entry(const std::string& name, const JsonView& json,
                                    std::int64_t data_size) {
  SafetensorsReader::Entry entry{.name = name, .dtype = json.at("dtype").string(), .shape = {}};
  std::int64_t bytes = bytes_per_value(json.at("dtype"));
  for (const JsonView& extent : json.at("shape").elements()) {
    entry.shape.push_back(extent.integer(0));
    bytes = checked_product(bytes, entry.shape.back(), json.file() + ": " + name);
  }
  const std::vector<JsonView> offsets = json.at("data_offsets").elements();
  if (offsets.size() != 2) json.at("data_offsets").fail("two positions");
  entry.begin = offsets[0].integer(0, data_size);
  entry.end = offsets[1].integer(entry.begin, data_size);
  if (entry.end - entry.begin != bytes) {
    refuse(json.file(), fmt::format("tensor {} has {} bytes, but its shape needs {}.", name,
                                    entry.end - entry.begin, bytes));
  }
  return entry;
}

/// The format allows neither overlaps nor holes: tensors follow each other up to the file's end.
void require_gapless(const std::string& file, const std::vector<SafetensorsReader::Entry>& entries,
                     std::int64_t data_size) {
  std::int64_t position = 0;
  for (const SafetensorsReader::Entry& entry : entries) {
    if (entry.begin != position) {
      refuse(file, fmt::format("tensor {} starts at byte {} of the data, where {} was expected.",
                               entry.name, entry.begin, position));
    }
    position = entry.end;
  }
  if (position != data_size) {
    refuse(file, fmt::format("its tensors end at byte {} of the data, which has {}.", position,
                             data_size));
  }
}

}  // namespace

SafetensorsReader::SafetensorsReader(std::string file) : file_(std::move(file)) {
  const std::int64_t file_size = size_of(file_);
  const std::string header = read_safetensors_header(file_);
  data_begin_ = 8 + std::ssize(header);
  const nlohmann::json document = parse_json(header, file_);
  if (!document.is_object()) JsonView(document, file_).fail("an object");
  for (const auto& [name, value] : document.items()) {
    if (name == "__metadata__") continue;
    entries_.push_back(read_entry(name, JsonView(value, file_, name), file_size - data_begin_));
  }
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  require_gapless(file_, entries_, file_size - data_begin_);
}

const SafetensorsReader::Entry& SafetensorsReader::entry(const std::string& name) const {
  for (const Entry& candidate : entries_) {
    if (candidate.name == name) return candidate;
  }
  std::vector<std::string> names;
  for (const Entry& candidate : entries_) names.push_back(candidate.name);
  const std::string guess = nearest(name, names);
  throw InputError(fmt::format("{} has no tensor {}{}", file_, name,
                               guess.empty() ? "." : fmt::format("; did you mean {}?", guess)));
}

std::vector<float> SafetensorsReader::read(const std::string& name) const {
  const Entry& found = entry(name);
  std::vector<float> values(static_cast<std::size_t>(found.end - found.begin) / sizeof(float));
  read_values(found, 0, values);
  return values;
}

void SafetensorsReader::read_values(const Entry& entry, std::int64_t first,
                                    std::span<float> values) const {
  if (entry.dtype != "F32") {
    throw InputError(
        fmt::format("{}: tensor {} is of type {}, expected F32.", file_, entry.name, entry.dtype));
  }
  constexpr std::int64_t kBytes = sizeof(float);
  const std::int64_t count = (entry.end - entry.begin) / kBytes;
  if (first < 0 || std::ssize(values) > count - first) {
    throw std::logic_error(fmt::format("{} values from {} on of tensor {}, which has {}",
                                       values.size(), first, entry.name, count));
  }
  if (values.empty()) return;
  read_at(file_, data_begin_ + entry.begin + first * kBytes, std::as_writable_bytes(values));
}

}  // namespace shardwright
