#include "costmodel/fitted_cost_model.hpp"

#include "costmodel/analytic_pricer.hpp"
#include "costmodel/compute/fitted_pricer.hpp"
#include "costmodel/errors.hpp"
#include "costmodel/neural/comm_pricer.hpp"
#include "costmodel/sum_of_shards.hpp"

#include <fmt/format.h>

#include <utility>

namespace shardwright {
namespace {

template <class Model>
std::string origin(std::string_view what, const std::optional<Model>& model) {
  if (!model) return fmt::format("{}: analytic, not fitted, run `profile`", what);
  return fmt::format("{}: {}, fitted to {} timings, error {:.1f} %", what, model->name,
                     model->training.rows, 100 * model->error.geometric_mean_error);
}

}  // namespace

FittedCostModel::FittedCostModel(FittedParts parts, std::string name)
    : parts_(std::move(parts)), name_(std::move(name)) {
  if (parts_.compute && parts_.compute->architecture != ComputeArchitecture::roofline_residual) {
    throw UsageError(
        fmt::format("{} is of the architecture {}, which `evaluate` compares but plans cannot be "
                    "priced with. Fit one with --architecture roofline_residual.",
                    name_, to_string(parts_.compute->architecture)));
  }
  provenance_ = origin("compute", parts_.compute) + "; " + origin("communication", parts_.comm);
}

std::vector<PhaseTimes> FittedCostModel::price(const Workload& workload, const Topology& topology,
                                               std::span<const Shard> shards) const {
  return price_sums(*rank_pricer(workload, topology), topology, shards);
}

std::unique_ptr<RankPricer> FittedCostModel::rank_pricer(const Workload& workload,
                                                         const Topology& topology) const {
  std::unique_ptr<RankPricer> pricer;
  if (parts_.compute) {
    pricer = std::make_unique<FittedPricer>(*parts_.compute, reuse_, workload, topology);
  } else {
    pricer = make_analytic_pricer(workload, topology);
  }
  if (!parts_.comm) return pricer;
  return std::make_unique<CommPricer>(std::move(pricer), *parts_.comm, workload, topology);
}

}  // namespace shardwright
