#include "runtime/profile/device_operator_timer.hpp"

#include "costmodel/errors.hpp"
#include "runtime/data/splitmix.hpp"
#include "runtime/device/cuda.hpp"
#include "runtime/device/device_facts.hpp"
#include "runtime/device/device_sums.hpp"
#include "runtime/device/device_tables.hpp"
#include "runtime/device/initial_values.cuh"
#include "runtime/profile/synthetic_bags.cuh"

#include <fmt/format.h>

namespace shardwright {
namespace {

constexpr std::size_t kFlushed = std::size_t{1} << 26;  // floats: several times the largest cache

std::vector<SyntheticTable> laws_of(const TableSet::Variant& variant) {
  std::vector<SyntheticTable> laws;
  for (const MeasuredTable& table : variant.tables) {
    laws.push_back(synthetic_table(table.rows, table.pooling, table.skew));
  }
  return laws;
}

class DeviceTimer {
 public:
  DeviceTimer(const TableSet& set, std::uint64_t seed)
      : plan_(plan_of(set)),
        layout_(make_layout(plan_)),
        tables_(layout_, plan_.workload, settings_, RankId{0}, seed, stream_.get()),
        flushed_(stream_.get(), "memory that empties the cache"),
        seed_(seed) {
    flushed_.resize(kFlushed);
  }

  OperatorTiming time(const TableSet::Variant& variant, const TimingEffort& effort) {
    SyntheticBags bags(laws_of(variant), stream_.get());
    pass(bags, variant.batch_size);
    std::vector<double> forward;
    std::vector<double> backward;
    OperatorTiming timing;
    bool precise = false;
    while (timing.passes < effort.most_passes && !precise) {
      pass(bags, variant.batch_size);
      forward.push_back(looked_up_.ms_since(start_));
      backward.push_back(updated_.ms_since(gradients_));
      ++timing.passes;
      if (timing.passes < effort.least_passes) continue;
      timing.forward = median_of(forward);
      timing.backward = median_of(backward);
      precise = timing.forward.ci <= effort.precision && timing.backward.ci <= effort.precision;
    }
    return timing;
  }

 private:
  void pass(SyntheticBags& bags, std::int64_t batch_size) {
    const DeviceBags batch = bags.draw(SplitMix64::mix(seed_ + ++passes_), batch_size);
    flush();
    start_.record(stream_.get());
    tables_.look_up(batch);
    looked_up_.record(stream_.get());
    const DeviceMatrix matrix = tables_.matrix();
    scale_values(matrix.data, 1e-3F, static_cast<std::size_t>(matrix.rows * matrix.columns),
                 matrix.data, stream_.get());
    flush();
    gradients_.record(stream_.get());
    tables_.group_rows();
    tables_.update({.learning_rate = 0.01F, .gradient_scale = 1, .step = ++step_});
    updated_.record(stream_.get());
    updated_.wait();
  }

  void flush() {
    launch_fill(flushed_.data(), static_cast<std::int64_t>(kFlushed), 1.0F, stream_.get());
  }

  Plan plan_;
  ExchangeLayout layout_;
  OptimizerSettings settings_;
  OwnedStream stream_;
  DeviceTables tables_;
  DeviceArray<float> flushed_;
  std::uint64_t seed_;
  std::uint64_t passes_ = 0;
  std::int64_t step_ = 0;
  DeviceEvent start_;
  DeviceEvent looked_up_;
  DeviceEvent gradients_;
  DeviceEvent updated_;
};

}  // namespace

std::vector<OperatorTiming> time_operator_on_device(const TableSet& set, std::uint64_t seed,
                                                    const TimingEffort& effort) {
  DeviceTimer timer(set, seed);
  std::vector<OperatorTiming> timings;
  for (const TableSet::Variant& variant : set.variants) {
    timings.push_back(timer.time(variant, effort));
  }
  return timings;
}

std::string profiled_device_name() {
  const CudaReport report = report_cuda();
  if (report.devices == 0) throw EnvironmentError("--device cuda: " + report.problem);
  return device_name();
}

std::map<std::string, std::string> probe_device() {
  const OwnedStream stream;
  const CudaReport report = report_cuda();
  return {{"probe_copy_gb_s", fmt::format("{:.1f}", device_copy_gb_per_s(stream.get()))},
          {"cuda_driver", std::to_string(report.driver_cuda_version)},
          {"cuda", std::to_string(report.compiled_cuda_version)}};
}

}  // namespace shardwright
