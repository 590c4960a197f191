#include "runtime/trainer/progress.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace shardwright {

Progress::Progress(ProgressOptions options, std::int64_t epochs, std::int64_t steps)
    : options_(std::move(options)), epochs_(epochs), steps_(steps) {}

void Progress::add(const ProgressStep& step) {
  samples_ += step.samples;
  seconds_ += step.seconds;
  loss_sum_ += step.loss;
  ++losses_;
  if (!options_.write || !is_due(step.step)) return;
  const std::string text = line(step);
  options_.write(options_.rewrite_line ? fmt::format("\r{}\x1b[K", text)
                                       : fmt::format("{}\n", text));
  line_open_ = options_.rewrite_line;
  since_line_ = Stopwatch();
  loss_sum_ = 0;
  losses_ = 0;
}

void Progress::say(const std::string& sentence) {
  if (!options_.write) return;
  end_line();
  options_.write(sentence + "\n");
}

bool Progress::is_due(std::int64_t step) const {
  if (step + 1 == steps_) return true;
  if (options_.steps_between > 0) return (step + 1) % options_.steps_between == 0;
  return since_line_.seconds() >= options_.seconds_between;
}

std::string Progress::line(const ProgressStep& step) const {
  const std::int64_t done = step.step + 1;
  const double left =
      seconds_ / static_cast<double>(done - first_) * static_cast<double>(steps_ - done);
  return fmt::format("epoch {}/{}  step {}/{}  {:.0f} samples/s  loss {:.5f}  ETA {}",
                     step.epoch + 1, epochs_, done, steps_,
                     seconds_ > 0 ? static_cast<double>(samples_) / seconds_ : 0.0,
                     loss_sum_ / static_cast<double>(losses_), format_duration(left));
}

void Progress::end_line() {
  if (std::exchange(line_open_, false)) options_.write("\n");
}

std::string format_duration(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace shardwright
