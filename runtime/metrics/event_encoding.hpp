#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace shardwright {

/// One number of a TensorBoard chart.
struct Scalar {
  std::string tag;
  double value = 0;  ///< kept as a float
};

// The few fields of TensorBoard's Event message that scalars need, in protobuf's wire format.

/// The first event of a file, which says that others follow. `wall_time` in seconds since 1970.
std::string version_event(double wall_time);
std::string scalars_event(double wall_time, std::int64_t step, std::span<const Scalar> scalars);

/// A record as event files are made of (TFRecord): length, its checksum, the bytes, their checksum.
std::string framed_record(std::string_view bytes);

}  // namespace shardwright
