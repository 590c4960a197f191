#include "planner/spec/dense_sizes_json.hpp"

#include "costmodel/device.hpp"
#include "planner/spec/reserve.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace shardwright {
namespace {

constexpr std::int64_t kWidest = std::int64_t{1} << 20;
constexpr std::int64_t kMostLayers = 1000;

std::vector<std::int64_t> widths_of(const JsonView& config, const char* key,
                                    std::vector<std::int64_t> otherwise) {
  const auto found = config.find(key);
  if (!found || found->elements().empty()) return otherwise;
  std::vector<std::int64_t> widths;
  for (const JsonView& width : found->elements()) widths.push_back(width.integer(1, kWidest));
  return widths;
}

// Sgd and adam where they are asked for, else adagrad.
OptimizerKind optimizer_of(const JsonView& config) {
  for (const char* key : {"dense_optimizer", "optimizer"}) {
    const auto found = config.find(key);
    if (!found) continue;
    const OptimizerKind kind = parse_optimizer(found->string());
    const bool adam = kind == OptimizerKind::adam && std::string_view(key) == "dense_optimizer";
    return kind == OptimizerKind::sgd || adam ? kind : OptimizerKind::adagrad;
  }
  return OptimizerKind::adagrad;
}

void set_cross_layers(const JsonView& config, DenseSizes& sizes) {
  constexpr std::int64_t kLayers = 3;
  constexpr std::int64_t kRank = 512;
  const auto number = [&](const char* key, std::int64_t most, std::int64_t otherwise) {
    const auto found = config.find(key);
    return found ? found->integer(1, most) : otherwise;
  };
  const std::int64_t vectors = sizes.num_features + (sizes.num_dense > 0 ? 1 : 0);
  const std::int64_t half = std::max<std::int64_t>(vectors * sizes.embedding_dim / 2, 1);
  sizes.cross_layers = number("cross_layers", kMostLayers, kLayers);
  sizes.cross_rank = number("cross_rank", kWidest, std::min(kRank, half));
}

}  // namespace

DenseSizes dense_sizes_of(const JsonView& config, const Workload& workload,
                          std::int64_t num_dense) {
  expect_schema(config, "train");
  DenseSizes sizes;
  sizes.num_dense = num_dense;
  for (const Table& table : workload.tables) {
    sizes.num_features += static_cast<std::int64_t>(table.features.size());
    sizes.embedding_dim = std::max(sizes.embedding_dim, table.dim);
  }
  sizes.bottom_mlp = widths_of(config, "bottom_mlp", {64, sizes.embedding_dim});
  sizes.top_mlp = widths_of(config, "top_mlp", {64, 32, 1});
  sizes.optimizer = optimizer_of(config);
  const auto model = config.find("model");
  const std::string name = model ? model->string() : "dlrm";
  if (name == "dcnv2") {
    set_cross_layers(config, sizes);
  } else if (name != "dlrm") {
    model->fail("dlrm or dcnv2");
  }
  return sizes;
}

std::string reserve_dense_part(const DenseSizes& sizes, std::int64_t batch_size,
                               Topology& topology) {
  const std::int64_t samples = (batch_size + topology.size() - 1) / topology.size();
  const Bytes bytes = dense_bytes(sizes, samples, on_cpus(topology));
  reserve_on_every_rank("The dense part", bytes, topology);
  return fmt::format(
      "Dense part: {} parameters and {} samples of {} dense features take {} of every rank, which "
      "are reserved.",
      num_dense_parameters(sizes), samples, sizes.num_dense, format_bytes(bytes));
}

}  // namespace shardwright
