#include "runtime/metrics/tensorboard.hpp"

#include "costmodel/errors.hpp"
#include "runtime/comm/host_name.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

namespace shardwright {
namespace {

double seconds_since_1970() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

/// TensorBoard reads files with this beginning, in the order of their names.
std::string file_name(int attempt) {
  return fmt::format("events.out.tfevents.{:010}.{}.{}.{}",
                     static_cast<std::int64_t>(seconds_since_1970()), host_name(), ::getpid(),
                     attempt);
}

/// A file that no other job has.
int open_new(const std::string& folder, std::string& path) {
  constexpr int kAttempts = 100;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    path = folder + "/" + file_name(attempt);
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor >= 0 || errno != EEXIST) return descriptor;
  }
  return -1;
}

}  // namespace

TensorBoard::TensorBoard(const std::string& folder) : path_(folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) give_up(error.value());
  descriptor_ = open_new(folder, path_);
  if (descriptor_ < 0) give_up(errno);
  pending_ = framed_record(version_event(seconds_since_1970()));
}

TensorBoard::~TensorBoard() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void TensorBoard::give_up(int error) {
  pending_.clear();
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  throw EnvironmentError(
      fmt::format("TensorBoard's {} cannot be written: {}. Make room or choose "
                  "another folder with --tensorboard.",
                  path_, std::strerror(error)));
}

void TensorBoard::add(std::int64_t step, std::span<const Scalar> scalars) {
  if (descriptor_ < 0) return;
  pending_ += framed_record(scalars_event(seconds_since_1970(), step, scalars));
}

void TensorBoard::add(const StepMetrics& metrics) {
  add(metrics.last.step + 1, scalars_of(metrics));
}

void TensorBoard::add(std::int64_t steps, const BinaryMetrics& test) {
  std::vector<Scalar> scalars;
  if (test.auc) scalars.push_back({"test/auc", *test.auc});
  if (test.log_loss) scalars.push_back({"test/log_loss", *test.log_loss});
  add(steps, scalars);
}

void TensorBoard::write(bool last) {
  constexpr double kSecondsBetween = 1;
  if (!last && since_write_.seconds() < kSecondsBetween) return;
  since_write_ = Stopwatch();
  std::string_view left = pending_;
  while (!left.empty()) {
    const ssize_t written = ::write(descriptor_, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) give_up(errno);
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  pending_.clear();
}

std::vector<Scalar> scalars_of(const StepMetrics& metrics) {
  std::vector<Scalar> scalars = {{"train/loss", metrics.last.loss},
                                 {"train/loss_mean", metrics.loss_mean},
                                 {"train/learning_rate", metrics.last.learning_rate},
                                 {"train/samples_per_s", metrics.samples_per_s()}};
  for (std::size_t i = 0; i < kStepPhaseNames.size(); ++i) {
    const PhaseSpread ms = spread_of(metrics.sums.phases, static_cast<StepPhase>(i));
    const std::string name(kStepPhaseNames[i]);
    scalars.push_back({"phase_ms_mean/" + name, ms.mean_ms});
    scalars.push_back({"phase_ms_max/" + name, ms.max_ms});
  }
  if (metrics.sums.resident_bytes > 0) {
    const auto bytes = static_cast<double>(metrics.sums.resident_bytes);
    scalars.push_back({"memory/resident_max_bytes", bytes});
  }
  return scalars;
}

}  // namespace shardwright
