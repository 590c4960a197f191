#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace shardwright {

/// A number of bytes. Sums are 64-bit; `checked_product` guards what comes from outside.
class Bytes {
 public:
  constexpr Bytes() = default;
  explicit constexpr Bytes(std::int64_t value) : value_(value) {}
  constexpr std::int64_t value() const { return value_; }
  constexpr Bytes& operator+=(Bytes other) {
    value_ += other.value_;
    return *this;
  }
  constexpr Bytes& operator-=(Bytes other) {
    value_ -= other.value_;
    return *this;
  }
  friend constexpr Bytes operator+(Bytes a, Bytes b) { return a += b; }
  friend constexpr Bytes operator-(Bytes a, Bytes b) { return a -= b; }
  friend constexpr auto operator<=>(Bytes, Bytes) = default;  // NOLINT(modernize-use-nullptr)

 private:
  std::int64_t value_ = 0;
};

/// Reads "16GiB", "80GB", "512 MiB", "4096" (bytes). GB = 1e9, GiB = 2^30.
/// Throws UsageError with the text and what is allowed.
Bytes parse_bytes(std::string_view text);

/// "1.25 GiB", "640 B": three significant digits, binary units.
std::string format_bytes(Bytes bytes);

/// a · b, or an InputError that names `what` if the product leaves 63 bits or a factor is negative.
std::int64_t checked_product(std::int64_t a, std::int64_t b, std::string_view what);

}  // namespace shardwright
