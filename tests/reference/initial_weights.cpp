#include "initial_weights.hpp"

namespace reference {
namespace {

constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;

std::uint64_t fnv(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return hash;
}

std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

std::vector<float> initial_weights(std::uint64_t seed, const std::string& name, std::int64_t rows,
                                   std::int64_t columns, float scale) {
  std::vector<float> weights;
  weights.reserve(static_cast<std::size_t>(rows * columns));
  const std::uint64_t named = mix(seed ^ fnv(name));
  for (std::uint64_t row = 1; row <= static_cast<std::uint64_t>(rows); ++row) {
    const std::uint64_t in_row = mix(named + row * kGolden);
    for (std::uint64_t column = 1; column <= static_cast<std::uint64_t>(columns); ++column) {
      const std::uint64_t hash = mix(in_row + column * kGolden);
      const float unit = static_cast<float>(hash >> 40) / 16777216.0F;
      weights.push_back((2.0F * unit - 1.0F) * scale);
    }
  }
  return weights;
}

}  // namespace reference
