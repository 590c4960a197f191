#include "tests/runtime/metrics/read_events.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace shardwright {
namespace {

void require(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(what);
}

/// Takes bytes from the front.
struct Input {
  std::string_view left;

  std::string_view bytes(std::uint64_t size) {
    require(size <= left.size(), "cut short");
    const std::string_view taken = left.substr(0, size);
    left.remove_prefix(size);
    return taken;
  }
  template <class Value>
  Value value() {
    Value value;  // the machine that tests run on is little endian, as the format
    std::memcpy(&value, bytes(sizeof value).data(), sizeof value);
    return value;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = value_of_byte();
      value |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80U) return value;
    }
  }
  unsigned value_of_byte() { return static_cast<unsigned char>(bytes(1).front()); }
};

/// By long division, bit by bit.
std::uint32_t checksum(std::string_view bytes) {
  std::uint32_t crc = 0xffffffffU;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc % 2 != 0 ? 0x82f63b78U : 0U) ^ (crc / 2);
  }
  crc ^= 0xffffffffU;
  return ((crc >> 15U) | (crc << 17U)) + 0xa282ead8U;
}

void read_scalar(Input value, ReadEvent& event) {
  std::string tag;
  float number = 0;
  while (!value.left.empty()) {
    const std::uint64_t key = value.varint();
    require(key == (1 << 3 | 2) || key == (2 << 3 | 5), "unknown field of a value");
    if (key == (1 << 3 | 2)) tag = value.bytes(value.varint());
    if (key == (2 << 3 | 5)) number = value.value<float>();
  }
  event.scalars[tag] = number;
}

void read_summary(Input summary, ReadEvent& event) {
  while (!summary.left.empty()) {
    require(summary.varint() == (1 << 3 | 2), "unknown field of a summary");
    read_scalar({summary.bytes(summary.varint())}, event);
  }
}

ReadEvent read_event(Input input) {
  ReadEvent event;
  while (!input.left.empty()) {
    const std::uint64_t key = input.varint();
    switch (key) {
      case 1 << 3 | 1:
        event.wall_time = input.value<double>();
        break;
      case 2 << 3 | 0:
        event.step = static_cast<std::int64_t>(input.varint());
        break;
      case 3 << 3 | 2:
        event.file_version = input.bytes(input.varint());
        break;
      case 5 << 3 | 2:
        read_summary({input.bytes(input.varint())}, event);
        break;
      default:
        throw std::runtime_error("unknown field of an event");
    }
  }
  return event;
}

}  // namespace

std::vector<ReadEvent> read_event_records(std::string_view bytes) {
  std::vector<ReadEvent> events;
  for (Input file{bytes}; !file.left.empty();) {
    const std::string_view length = file.left.substr(0, 8);
    const auto size = file.value<std::uint64_t>();
    require(file.value<std::uint32_t>() == checksum(length), "wrong checksum of a length");
    const std::string_view record = file.bytes(size);
    require(file.value<std::uint32_t>() == checksum(record), "wrong checksum of a record");
    events.push_back(read_event({record}));
  }
  return events;
}

std::vector<ReadEvent> read_event_folder(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files.push_back(entry.path());
  }
  EXPECT_EQ(files.size(), 1U);
  EXPECT_TRUE(files.at(0).filename().string().starts_with("events.out.tfevents."));
  std::ostringstream content;
  content << std::ifstream(files.at(0), std::ios::binary).rdbuf();
  return read_event_records(content.str());
}

}  // namespace shardwright
