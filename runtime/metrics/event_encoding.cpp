#include "runtime/metrics/event_encoding.hpp"

#include "runtime/metrics/crc32c.hpp"

#include <bit>

namespace shardwright {
namespace {

enum class WireType : unsigned { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

// Fields of Event, of its Summary and of a Value in that.
constexpr unsigned kWallTime = 1;
constexpr unsigned kStep = 2;
constexpr unsigned kFileVersion = 3;
constexpr unsigned kSummary = 5;
constexpr unsigned kSummaryValue = 1;
constexpr unsigned kTag = 1;
constexpr unsigned kSimpleValue = 2;

template <class Bits>
void append_little_endian(std::string& text, Bits bits) {
  for (std::size_t i = 0; i < sizeof bits; ++i) {
    text += static_cast<char>(static_cast<unsigned char>(bits >> (8 * i)));
  }
}

void append_varint(std::string& text, std::uint64_t value) {
  constexpr std::uint64_t kMore = 0x80;
  for (; value >= kMore; value >>= 7U) text += static_cast<char>((value & 0x7fU) | kMore);
  text += static_cast<char>(value);
}

void append_key(std::string& text, unsigned field, WireType type) {
  append_varint(text, (field << 3U) | static_cast<unsigned>(type));
}

void append_bytes(std::string& text, unsigned field, std::string_view bytes) {
  append_key(text, field, WireType::bytes);
  append_varint(text, bytes.size());
  text += bytes;
}

std::string begin_event(double wall_time) {
  std::string event;
  append_key(event, kWallTime, WireType::fixed64);
  append_little_endian(event, std::bit_cast<std::uint64_t>(wall_time));
  return event;
}

std::string encode(const Scalar& scalar) {
  std::string value;
  append_bytes(value, kTag, scalar.tag);
  append_key(value, kSimpleValue, WireType::fixed32);
  append_little_endian(value, std::bit_cast<std::uint32_t>(static_cast<float>(scalar.value)));
  return value;
}

/// A checksum over bytes that hold checksums would say little: theirs are turned and moved.
std::uint32_t masked(std::uint32_t crc) { return std::rotr(crc, 15) + 0xa282ead8U; }

}  // namespace

std::string version_event(double wall_time) {
  std::string event = begin_event(wall_time);
  append_bytes(event, kFileVersion, "brain.Event:2");
  return event;
}

std::string scalars_event(double wall_time, std::int64_t step, std::span<const Scalar> scalars) {
  std::string summary;
  for (const Scalar& scalar : scalars) append_bytes(summary, kSummaryValue, encode(scalar));
  std::string event = begin_event(wall_time);
  append_key(event, kStep, WireType::varint);
  append_varint(event, static_cast<std::uint64_t>(step));
  append_bytes(event, kSummary, summary);
  return event;
}

std::string framed_record(std::string_view bytes) {
  std::string record;
  append_little_endian(record, std::uint64_t{bytes.size()});
  append_little_endian(record, masked(crc32c(record)));
  record += bytes;
  append_little_endian(record, masked(crc32c(bytes)));
  return record;
}

}  // namespace shardwright
