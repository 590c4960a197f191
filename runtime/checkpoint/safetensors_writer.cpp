#include "runtime/checkpoint/safetensors.hpp"

#include <nlohmann/json.hpp>

#include <bit>
#include <cstdint>
#include <stdexcept>

namespace shardwright {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian");

/// The header, padded with spaces so that the data starts at a multiple of 8.
std::string header_of(std::span<const NamedTensor> tensors) {
  nlohmann::json header = {{"__metadata__", {{"format", "pt"}}}};
  std::size_t offset = 0;
  for (const NamedTensor& tensor : tensors) {
    const std::size_t end = offset + tensor.values.size_bytes();
    const nlohmann::json entry = {
        {"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {offset, end}}};
    if (!header.emplace(tensor.name, entry).second) {
      throw std::logic_error("two tensors are named " + tensor.name);
    }
    offset = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

}  // namespace

FileRecord write_safetensors(const std::string& file, std::span<const NamedTensor> tensors) {
  const std::string header = header_of(tensors);
  const auto header_size = static_cast<std::uint64_t>(header.size());
  OutputFile output(file);
  output.write(std::as_bytes(std::span(&header_size, 1)));
  output.write(std::as_bytes(std::span(header)));
  for (const NamedTensor& tensor : tensors) output.write(std::as_bytes(tensor.values));
  return output.finish();
}

}  // namespace shardwright
