#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>

struct CUevent_st;
struct CUstream_st;

namespace shardwright {

/// A queue of work for the GPU: what is put into one runs in order; cudaStream_t, without its
/// header.
using DeviceStream = CUstream_st*;

/// Memory of the current GPU, freed in the order of a stream. Throws EnvironmentError that names
/// the purpose and the size if there is none left.
class DeviceMemory {
 public:
  DeviceMemory() = default;
  DeviceMemory(std::size_t bytes, DeviceStream stream, const char* purpose);
  ~DeviceMemory();
  DeviceMemory(DeviceMemory&& other) noexcept;
  DeviceMemory& operator=(DeviceMemory&& other) noexcept;

  void* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }

 private:
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
  DeviceStream stream_ = nullptr;
};

/// An array in device memory that grows as needed and keeps its room. Its values are not
/// initialised and are lost when it grows.
template <class T>
class DeviceArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  DeviceArray() = default;
  DeviceArray(DeviceStream stream, const char* purpose) : stream_(stream), purpose_(purpose) {}

  void resize(std::size_t size) {
    if (size * sizeof(T) > memory_.bytes()) {
      memory_ = DeviceMemory();  // first free, then take
      memory_ = DeviceMemory(size * sizeof(T), stream_, purpose_);
    }
    size_ = size;
  }
  T* data() const { return static_cast<T*>(memory_.data()); }
  std::size_t size() const { return size_; }

 private:
  DeviceMemory memory_;
  std::size_t size_ = 0;
  DeviceStream stream_ = nullptr;
  const char* purpose_ = "";
};

/// Page-locked host memory. take_pinned() throws EnvironmentError.
void* take_pinned(std::size_t bytes);
void free_pinned(void* data);

/// An array in page-locked host memory, which the GPU copies from and to without a detour. Grows as
/// needed; its values are lost then.
template <class T>
class PinnedArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  void resize(std::size_t size) {
    if (size > room_) {
      data_.reset();
      data_.reset(static_cast<T*>(take_pinned(size * sizeof(T))));
      room_ = size;
    }
    size_ = size;
  }
  std::span<T> values() { return {data_.get(), size_}; }

 private:
  struct Free {
    void operator()(T* data) const { free_pinned(data); }
  };
  std::unique_ptr<T, Free> data_;
  std::size_t room_ = 0;
  std::size_t size_ = 0;
};

void set_to_zero(void* memory, std::size_t bytes, DeviceStream stream);
/// Copies `bytes` bytes, in the order of the stream; host memory must stay as it is until then.
void copy_to_device(void* to, const void* from, std::size_t bytes, DeviceStream stream);
void copy_to_host(void* to, const void* from, std::size_t bytes, DeviceStream stream);
/// Blocks until all work of the stream is done. Throws EnvironmentError if any of it failed.
void wait_for(DeviceStream stream);

/// `values` (a vector) in an array of their own. Waits, so that they may go away.
template <class Values>
auto uploaded(const Values& values, DeviceStream stream, const char* purpose) {
  DeviceArray<typename Values::value_type> array(stream, purpose);
  array.resize(values.size());
  copy_to_device(array.data(), values.data(), values.size() * sizeof(values[0]), stream);
  wait_for(stream);
  return array;
}

/// A moment in a stream's work.
class DeviceEvent {
 public:
  DeviceEvent();
  ~DeviceEvent();
  DeviceEvent(const DeviceEvent&) = delete;
  DeviceEvent& operator=(const DeviceEvent&) = delete;

  void record(DeviceStream stream);
  /// Blocks until the stream has come to where this was last recorded; not at all if it never was.
  void wait() const;
  /// Milliseconds of the device from `start` to this, both recorded. Blocks until they are past.
  double ms_since(const DeviceEvent& start) const;

 private:
  CUevent_st* event_ = nullptr;
};

/// A stream of its own.
class OwnedStream {
 public:
  OwnedStream();
  ~OwnedStream();
  OwnedStream(const OwnedStream&) = delete;
  OwnedStream& operator=(const OwnedStream&) = delete;
  DeviceStream get() const { return stream_; }

 private:
  DeviceStream stream_ = nullptr;
};

}  // namespace shardwright
