#include "runtime/profile/profile_compute.hpp"

#include "runtime/comm/collectives.hpp"
#include "runtime/data/splitmix.hpp"
#include "runtime/profile/device_operator_timer.hpp"
#include "runtime/profile/machine_probe.hpp"
#include "runtime/profile/processor_name.hpp"
#include "runtime/profile/timing_file.hpp"
#include "runtime/trainer/gather.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <memory>
#include <vector>

namespace shardwright {
namespace {

class Profile {
 public:
  Profile(Communicator& comm, const ComputeProfileOptions& options)
      : comm_(comm), options_(options) {
    run_together(comm_, [&] {
      hardware_ = on_device() ? profiled_device_name() : processor_name();
      if (is_first())
        file_ = std::make_unique<TimingFile>(options_.output, [&] { return metadata(); });
    });
    const std::int64_t next =
        file_ ? file_->next_set(options_.seed, comm_.size(), options_.repeat) : 0;
    set_ = gather(comm_, next).front();
    first_set_ = set_;
    together_.start = [this] { comm_.barrier(); };
    together_.all = [this](bool mine) {
      const std::vector<std::int64_t> votes = gather(comm_, std::int64_t{mine});
      return std::find(votes.begin(), votes.end(), 0) == votes.end();
    };
  }

  void run(const std::function<void(const ComputeProfileProgress&)>& progress) {
    while (!finished()) {
      const TableSet set = draw_table_set(options_.ranges, options_.seed, set_, options_.variants);
      const std::vector<OperatorTiming> mine = time_set(set);
      const std::string lines = lines_of(set, mean_over_ranks(mine));
      run_together(comm_, [&] {
        if (file_) file_->append(lines);
      });
      rows_ += options_.variants;
      ++set_;
      if (is_first()) progress(state());
    }
  }

 private:
  bool on_device() const { return options_.device == ProfiledDevice::cuda; }
  bool is_first() const { return comm_.rank() == RankId{0}; }

  double spent_seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

  bool finished() {
    const bool mine = spent_seconds() >= options_.budget_seconds ||
                      (options_.most_sets > 0 && set_ >= options_.most_sets);
    return gather(comm_, std::int64_t{mine}).front() != 0;
  }

  ComputeProfileProgress state() const {
    ComputeProfileProgress state{set_, rows_, spent_seconds(),
                                 options_.budget_seconds - spent_seconds()};
    if (options_.most_sets > 0) {
      const double per_set = state.spent_seconds / static_cast<double>(set_ - first_set_);
      state.left_seconds =
          std::min(state.left_seconds, per_set * static_cast<double>(options_.most_sets - set_));
    }
    state.left_seconds = std::max(state.left_seconds, 0.0);
    return state;
  }

  std::map<std::string, std::string> metadata() const {
    std::map<std::string, std::string> result =
        on_device() ? probe_device() : probe_metadata(probe_machine());
    result["command"] = options_.command;
    result["date"] = fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::time(nullptr)));
    result["operator"] = on_device() ? "runtime/device of shardwright"
                                     : "runtime/embedding of shardwright, one thread";
    result["version"] = options_.version;
    result["compiler"] = __VERSION__;
    result["clock"] = on_device()                            ? "device"
                      : options_.clock == ProfileClock::wall ? "wall"
                                                             : "cpu";
    return result;
  }

  std::vector<OperatorTiming> time_set(const TableSet& set) {
    const std::uint64_t ids =
        SplitMix64::mix(options_.seed + static_cast<std::uint64_t>(comm_.rank().value()) +
                        static_cast<std::uint64_t>(1000 * set_ + options_.repeat));
    if (on_device()) return time_operator_on_device(set, ids, options_.effort);
    if (!disturbance_) disturbance_ = std::make_unique<Disturbance>();
    return time_operator(set, ids, options_.clock, options_.effort, *disturbance_, together_);
  }

  std::vector<OperatorTiming> mean_over_ranks(const std::vector<OperatorTiming>& mine) {
    std::vector<OperatorTiming> means;
    const double share = 1.0 / static_cast<double>(comm_.size());
    for (const OperatorTiming& timing : mine) {
      OperatorTiming& mean = means.emplace_back();
      std::vector<MachineProbe> probes;
      for (const OperatorTiming& one : gather(comm_, timing)) {
        mean.forward.ms += share * one.forward.ms;
        mean.backward.ms += share * one.backward.ms;
        probes.push_back(one.probe);
        mean.forward.ci = std::max(mean.forward.ci, one.forward.ci);
        mean.backward.ci = std::max(mean.backward.ci, one.backward.ci);
        mean.forward.outliers += one.forward.outliers + one.backward.outliers;
        mean.passes = one.passes;
      }
      mean.probe = mean_probe(probes);
    }
    return means;
  }

  std::string lines_of(const TableSet& set, const std::vector<OperatorTiming>& timings) const {
    std::string lines;
    for (std::size_t i = 0; i < timings.size(); ++i) {
      ComputeTiming row;
      row.hardware = hardware_;
      row.seed = options_.seed;
      row.set = set_;
      row.variant = static_cast<std::int64_t>(i);
      row.repeat = options_.repeat;
      row.batch_size = set.variants[i].batch_size;
      row.dtype = set.dtype;
      row.optimizer = set.optimizer;
      row.busy_ranks = comm_.size();
      row.tables = set.variants[i].tables;
      row.forward_ms = timings[i].forward.ms;
      row.backward_ms = timings[i].backward.ms;
      row.forward_ci = timings[i].forward.ci;
      row.backward_ci = timings[i].backward.ci;
      row.passes = timings[i].passes;
      row.outliers = static_cast<std::int64_t>(timings[i].forward.outliers);
      row.probe = timings[i].probe;
      lines += compute_timing_line(row);
    }
    return lines;
  }

  Communicator& comm_;
  const ComputeProfileOptions& options_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::string hardware_;
  std::unique_ptr<TimingFile> file_;  // rank 0 only
  std::int64_t set_ = 0;
  std::int64_t first_set_ = 0;
  std::int64_t rows_ = 0;
  Together together_;
  std::unique_ptr<Disturbance> disturbance_;  // of the processor
};

}  // namespace

void profile_compute(Communicator& comm, const ComputeProfileOptions& options,
                     const std::function<void(const ComputeProfileProgress&)>& progress) {
  Profile(comm, options).run(progress);
}

}  // namespace shardwright
