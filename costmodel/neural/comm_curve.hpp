#pragma once

#include "costmodel/neural/comm_model.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace shardwright {

/// A straight line over bytes that does not fall.
struct CommLine {
  double ms = 0;  ///< at 0 bytes
  double ms_per_byte = 0;
};

/// The times of one collective over its bytes, for fixed ranks and nodes: predict_us() without its
/// look-ups, for searches.
class CommCurve {
 public:
  /// Of a collective that takes no time.
  CommCurve() = default;
  /// `model` knows one machine. Copies what it needs of it; no time on fewer than two ranks. On
  /// cores that `probe` was taken of (unknown: as the model's reference).
  CommCurve(const CommModel& model, CollectiveKind operation, std::int64_t ranks,
            std::int64_t nodes, const MachineProbe& probe = {});

  /// `bytes` as CollectiveCall counts them; 0 for no bytes, as no rank then calls it.
  double milliseconds(double bytes) const;
  /// Of a rank that exchanges `bytes` while the ranks' mean is `mean_bytes`, more than 0 if bytes
  /// is.
  double milliseconds(double bytes, double mean_bytes) const;

  /// Of the lines that no number of bytes above 0 lies below, the highest at `bytes`; nothing where
  /// times depend on the mean too.
  std::optional<CommLine> line_below(double bytes) const;
  /// The same of lines that are 0 at 0 bytes: the least ms per byte.
  std::optional<double> ray_below() const;

 private:
  struct Point {
    double bytes;
    double ms;
  };
  std::vector<Point> rising_points() const;
  double last_slope() const;
  double between_knots(double bytes, double unevenness) const;

  std::vector<double> knots_;     // bytes
  std::vector<double> times_ms_;  // at each knot
  std::vector<double> slopes_;    // of ln time over log2 of the evenness; empty if all are 0
};

}  // namespace shardwright
