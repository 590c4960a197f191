#pragma once

#include "runtime/data/random_file.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace shardwright {

/// Unpacks a deflated part of a file from its begin to its end, 64 KiB at a time. Move-only.
class Inflater {
 public:
  /// The `bytes` from `offset` on; `name` is what complaints call them.
  Inflater(std::shared_ptr<const RandomFile> file, std::string name, std::int64_t offset,
           std::int64_t bytes);
  ~Inflater();
  Inflater(Inflater&&) noexcept;
  Inflater& operator=(Inflater&&) noexcept;

  /// Unpacks into `out`; the number of bytes written, fewer than asked for only at the end. Throws
  /// InputError (name, file, place, cause) if they are no deflated bytes or end too early.
  std::size_t read(std::span<std::byte> out);

 private:
  struct State;
  void refill();
  void step();
  [[noreturn]] void fail(const std::string& complaint) const;

  std::shared_ptr<const RandomFile> file_;
  std::string name_;
  std::int64_t next_;  ///< in the file: the first byte not read yet
  std::int64_t end_;
  std::unique_ptr<State> state_;
};

}  // namespace shardwright
