// Look-ups and updates of one rank's tables on a GPU: milliseconds, GB/s by the bytes of
// docs/definitions.md, and their share of a copy within the GPU's memory measured in the same run.
// A line of JSON per case.
//   device_operator_bench [--quick]

#include "runtime/device/cuda.hpp"
#include "runtime/device/device_facts.hpp"
#include "runtime/device/device_sums.hpp"
#include "runtime/device/device_tables.hpp"
#include "runtime/profile/median.hpp"
#include "runtime/profile/synthetic_bags.cuh"

#include <fmt/format.h>

#include <cstring>
#include <string>
#include <vector>

namespace shardwright {
namespace {

constexpr int kPasses = 9;

struct Case {
  std::int64_t tables = 8;
  std::int64_t rows = 0;
  std::int64_t dim = 128;
  std::int64_t pooling = 20;
  std::int64_t batch = 16384;
  double skew = 0;  ///< 0: uniform
  OptimizerKind optimizer = OptimizerKind::rowwise_adagrad;
  DataType dtype = DataType::fp32;
};

Plan plan_of(const Case& c) {
  Plan plan;
  plan.topology.ranks.resize(1);
  plan.workload.batch_size = c.batch;
  for (std::int64_t t = 0; t < c.tables; ++t) {
    Table& table = plan.workload.tables.emplace_back();
    table.name = fmt::format("t{}", t);
    table.rows = c.rows;
    table.dim = c.dim;
    table.pooling = static_cast<double>(c.pooling);
    table.optimizer = c.optimizer;
    table.dtype = c.dtype;
    table.features = {table.name};
    plan.shards.push_back({TableId(t), ShardingType::table_wise, 0, c.rows, 0, c.dim, RankId{0}});
  }
  return plan;
}

struct Bytes {
  double forward = 0;
  double backward = 0;
};

/// Of docs/definitions.md, with the bytes of the weights' format and of the optimizer's state.
Bytes bytes_of(const Case& c, std::int64_t ids, std::int64_t rows) {
  const auto l = static_cast<double>(ids);
  const auto d = static_cast<double>(c.dim);
  const auto bags = static_cast<double>(c.batch * c.tables);
  const auto element = static_cast<double>(bytes_per_element(c.dtype));
  const auto state = static_cast<double>(optimizer_bytes(c.optimizer, 1, c.dim).value());
  return {8 * l + element * d * l + 4 * d * bags,
          8 * l + 4 * d * bags + 2 * (element * d + state) * static_cast<double>(rows)};
}

class Bench {
 public:
  explicit Bench(const Case& c)
      : case_(c),
        plan_(plan_of(c)),
        layout_(make_layout(plan_)),
        tables_(layout_, plan_.workload, settings_, RankId{0}, 1, stream_.get()),
        bags_(std::vector<SyntheticTable>(
                  static_cast<std::size_t>(c.tables),
                  synthetic_table(c.rows, static_cast<double>(c.pooling), c.skew)),
              stream_.get()) {}

  std::string run() {
    std::vector<double> forward;
    std::vector<double> sort;
    std::vector<double> update;
    std::vector<double> backward;
    DeviceBags batch;
    for (int pass = 0; pass < kPasses + 2; ++pass) {
      batch = bags_.draw(static_cast<std::uint64_t>(pass), case_.batch);
      start_.record(stream_.get());
      tables_.look_up(batch);
      looked_up_.record(stream_.get());
      const DeviceMatrix matrix = tables_.matrix();
      scale_values(matrix.data, 1e-3F, static_cast<std::size_t>(matrix.rows * matrix.columns),
                   matrix.data, stream_.get());
      gradients_.record(stream_.get());
      tables_.group_rows();
      grouped_.record(stream_.get());
      tables_.update({.learning_rate = 0.01F, .gradient_scale = 1, .step = pass + 1});
      updated_.record(stream_.get());
      updated_.wait();
      if (pass < 2) continue;
      forward.push_back(looked_up_.ms_since(start_));
      sort.push_back(grouped_.ms_since(gradients_));
      update.push_back(updated_.ms_since(grouped_));
      backward.push_back(updated_.ms_since(gradients_));
    }
    const std::int64_t rows = tables_.touched_rows();
    const double copy = device_copy_gb_per_s(stream_.get());
    const Bytes bytes = bytes_of(case_, batch.num_ids, rows);
    const double f = median_of(forward).ms;
    const double b = median_of(backward).ms;
    return fmt::format(
        R"({{"optimizer":"{}","dtype":"{}","tables":{},"rows":{},"dim":{},"pooling":{},"batch":{},"skew":{},"ids":{},"unique_share":{:.3f},"forward_ms":{:.4f},"sort_ms":{:.4f},"update_ms":{:.4f},"backward_ms":{:.4f},"forward_gb_s":{:.0f},"backward_gb_s":{:.0f},"copy_gb_s":{:.0f},"forward_share":{:.3f},"backward_share":{:.3f},"forward_ci":{:.3f},"backward_ci":{:.3f}}})",
        to_string(case_.optimizer), to_string(case_.dtype), case_.tables, case_.rows, case_.dim,
        case_.pooling, case_.batch, case_.skew, batch.num_ids,
        static_cast<double>(rows) / static_cast<double>(batch.num_ids), f, median_of(sort).ms,
        median_of(update).ms, b, 1e-6 * bytes.forward / f, 1e-6 * bytes.backward / b, copy,
        1e-6 * bytes.forward / f / copy, 1e-6 * bytes.backward / b / copy, median_of(forward).ci,
        median_of(backward).ci);
  }

 private:
  Case case_;
  Plan plan_;
  ExchangeLayout layout_;
  OptimizerSettings settings_;
  OwnedStream stream_;
  DeviceTables tables_;
  SyntheticBags bags_;
  DeviceEvent start_, looked_up_, gradients_, grouped_, updated_;
};

/// Tables of about 1.2 GB each, about as many values looked up in every case.
Case case_of(std::int64_t dim, std::int64_t pooling, double skew) {
  Case c;
  c.dim = dim;
  c.rows = 320'000'000 / dim;
  c.pooling = pooling;
  c.skew = skew;
  c.batch = 65536 * 20 / pooling / 2;
  return c;
}

std::vector<Case> cases(bool quick) {
  std::vector<Case> all;
  for (const double skew : {0.0, 1.05}) {
    for (const std::int64_t dim : {16, 32, 64, 128, 256}) {
      for (const std::int64_t pooling : {1, 20, 100}) {
        if (quick && (dim != 128 || pooling != 20)) continue;
        all.push_back(case_of(dim, pooling, skew));
      }
    }
  }
  for (const OptimizerKind optimizer :
       {OptimizerKind::sgd, OptimizerKind::adagrad, OptimizerKind::adam}) {
    for (const double skew : {0.0, 1.05}) {
      all.push_back(case_of(128, 20, skew));
      all.back().optimizer = optimizer;
    }
  }
  for (const DataType dtype : {DataType::bf16, DataType::fp16}) {
    all.push_back(case_of(128, 20, 0));
    all.back().dtype = dtype;
  }
  return all;
}

}  // namespace
}  // namespace shardwright

int main(int argc, char** argv) {
  using namespace shardwright;
  const CudaReport report = report_cuda();
  if (report.devices == 0) {
    fmt::print(stderr, "skipped: {}\n", report.problem);
    return 0;
  }
  const bool quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  for (const Case& c : cases(quick)) {
    try {
      fmt::print("{}\n", Bench(c).run());
    } catch (const std::exception& error) {
      fmt::print(stderr, "{} {}: {}\n", to_string(c.optimizer), c.dim, error.what());
      return 1;
    }
  }
}
