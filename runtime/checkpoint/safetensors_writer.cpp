#include "costmodel/bytes.hpp"
#include "runtime/checkpoint/safetensors.hpp"

#include <nlohmann/json.hpp>

#include <bit>
#include <cstdint>
#include <stdexcept>

namespace shardwright {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian");

std::int64_t bytes_of(const TensorShape& tensor) {
  std::int64_t bytes = sizeof(float);
  for (const std::int64_t extent : tensor.shape) {
    bytes = checked_product(bytes, extent, "bytes of tensor " + tensor.name);
  }
  return bytes;
}

/// The header, padded with spaces so that the data starts at a multiple of 8.
std::string header_of(std::span<const TensorShape> tensors) {
  nlohmann::json header = {{"__metadata__", {{"format", "pt"}}}};
  std::int64_t offset = 0;
  for (const TensorShape& tensor : tensors) {
    const std::int64_t end = offset + bytes_of(tensor);
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

SafetensorsWriter::SafetensorsWriter(const std::string& file, std::span<const TensorShape> tensors)
    : output_(file) {
  const std::string header = header_of(tensors);
  const auto header_size = static_cast<std::uint64_t>(header.size());
  output_.write(std::as_bytes(std::span(&header_size, 1)));
  output_.write(std::as_bytes(std::span(header)));
}

FileRecord write_safetensors(const std::string& file, std::span<const NamedTensor> tensors) {
  std::vector<TensorShape> shapes;
  shapes.reserve(tensors.size());
  for (const NamedTensor& tensor : tensors) shapes.push_back({tensor.name, tensor.shape});
  SafetensorsWriter writer(file, shapes);
  for (const NamedTensor& tensor : tensors) writer.write(tensor.values);
  return writer.finish();
}

}  // namespace shardwright
