#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace shardwright {

/// Where the other ranks of a host find a rank's SharedFloats. Sent as it stands.
struct SharedPlace {
  std::int64_t process = 0;
  std::int64_t descriptor = 0;
  std::int64_t serial = 0;  ///< no two of a process are the same; 0: none
  std::int64_t floats = 0;
};

/// Memory mapped from a file.
class MappedFloats {
 public:
  MappedFloats() = default;
  /// Throws EnvironmentError. Leaves the file open.
  MappedFloats(int descriptor, std::size_t size);
  ~MappedFloats();
  MappedFloats(MappedFloats&& other) noexcept;
  MappedFloats& operator=(MappedFloats&& other) noexcept;
  MappedFloats(const MappedFloats&) = delete;
  MappedFloats& operator=(const MappedFloats&) = delete;

  std::span<float> values() const { return values_; }

 private:
  std::span<float> values_;
};

/// Floats of this rank that other processes of its host and user can map. Their file has no name
/// and lies in no folder: nothing is left of it when the processes end, however they do.
class SharedFloats {
 public:
  SharedFloats() = default;
  ~SharedFloats();
  SharedFloats(const SharedFloats&) = delete;
  SharedFloats& operator=(const SharedFloats&) = delete;

  /// Where it needs more memory, the same file grows and its place gets a new serial: who has
  /// mapped the old one sees as much of it as before. All memory is there at once, or this throws
  /// EnvironmentError.
  void resize(std::size_t size);
  std::span<float> values() const { return mapped_.values().first(size_); }
  /// Valid until the next resize() that needs more memory.
  const SharedPlace& place() const { return place_; }

 private:
  void allocate(std::size_t size);

  int descriptor_ = -1;
  MappedFloats mapped_;
  SharedPlace place_;
  std::size_t size_ = 0;
};

/// Another rank's SharedFloats.
class PeerFloats {
 public:
  /// Maps what is at a place, unless it has it already. Throws EnvironmentError.
  void map(const SharedPlace& place);
  /// All that there is room for; empty before map().
  std::span<float> values() const { return mapped_.values(); }

 private:
  MappedFloats mapped_;
  SharedPlace place_;
};

}  // namespace shardwright
