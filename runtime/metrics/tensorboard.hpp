#pragma once

#include "runtime/metrics/event_encoding.hpp"
#include "runtime/metrics/step_metrics.hpp"
#include "runtime/trainer/binary_metrics.hpp"
#include "runtime/trainer/stopwatch.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace shardwright {

/// A job's scalars in a TensorBoard event file of its own (docs/metrics.md). Throws
/// EnvironmentError where it cannot be made or written; afterwards it does nothing.
class TensorBoard {
 public:
  /// Makes the folder, if there is none, and events.out.tfevents.… in it.
  explicit TensorBoard(const std::string& folder);
  ~TensorBoard();
  TensorBoard(const TensorBoard&) = delete;
  TensorBoard& operator=(const TensorBoard&) = delete;

  void add(const StepMetrics& metrics);
  /// After `steps` steps.
  void add(std::int64_t steps, const BinaryMetrics& test);
  /// Brings what was added to the file: at most once a second, unless it is the `last`.
  void write(bool last);

 private:
  void add(std::int64_t step, std::span<const Scalar> scalars);
  [[noreturn]] void give_up(int error);

  std::string path_;
  int descriptor_ = -1;
  std::string pending_;
  Stopwatch since_write_;
};

/// What is charted of a report.
std::vector<Scalar> scalars_of(const StepMetrics& metrics);

}  // namespace shardwright
