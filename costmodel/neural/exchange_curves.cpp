#include "costmodel/neural/exchange_curves.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/neural/known_kinds.hpp"
#include "costmodel/ranks_on_nodes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

namespace shardwright {
namespace {

void require_one_machine(const CommModel& model) {
  if (model.training.settings.size() == 1) return;
  throw UsageError(
      fmt::format("The communication model {} knows {} machines. Fit one to timings of yours: "
                  "`shardwright fit mine.csv --from {} -o mine.json`, or name one of a single "
                  "machine (`shardwright models`).",
                  model.name, model.training.settings.size(), model.name));
}

void require_collectives(const CommModel& model) {
  for (const CollectiveKind kind : {CollectiveKind::all_to_all, CollectiveKind::all_gather,
                                    CollectiveKind::reduce_scatter, CollectiveKind::all_reduce}) {
    if (knows_kind(model, kind)) continue;
    throw UsageError(
        fmt::format("The communication model {} was not fitted to timings of {}, which a step may "
                    "need. Time that too and fit it again.",
                    model.name, to_string(kind)));
  }
}

void require_nodes(const CommModel& model, std::int64_t nodes) {
  if (static_cast<double>(nodes) <= model.training.nodes.most) return;
  throw InputError(
      fmt::format("The communication model {} was fitted to collectives of at most {} node(s), but "
                  "the topology has {}. Use a model of several nodes, or leave communication to "
                  "the analytic model.",
                  model.name, model.training.nodes.most, nodes));
}

}  // namespace

ExchangeCurves::ExchangeCurves(const CommModel& model, const Topology& topology)
    : ranks_(static_cast<double>(topology.size())) {
  require_one_machine(model);
  require_collectives(model);
  const std::map<std::int64_t, std::int64_t> on_node = ranks_on_nodes(topology);
  const auto nodes = static_cast<std::int64_t>(on_node.size());
  require_nodes(model, nodes);
  local_ = {model, topology};
  in_place_ = {model, topology};
  all_to_all_ = {model, CollectiveKind::all_to_all, topology.size(), nodes, topology.probe};
  all_reduce_ = {model, CollectiveKind::all_reduce, topology.size(), nodes, topology.probe};
  between_nodes_ = {model, CollectiveKind::all_to_all, nodes, nodes, topology.probe};
  std::map<std::int64_t, std::size_t> place;  // of each number of ranks
  for (const RankSpec& rank : topology.ranks) {
    const std::int64_t members = on_node.at(rank.node);
    const auto [found, added] = place.emplace(members, nodes_.size());
    if (added) {
      nodes_.push_back({static_cast<double>(members),
                        {model, CollectiveKind::reduce_scatter, members, 1, topology.probe},
                        {model, CollectiveKind::all_gather, members, 1, topology.probe}});
    }
    node_of_.push_back(found->second);
  }
}

double ExchangeCurves::uneven(double own, double world) const {
  const double mean = world / ranks_;
  return all_to_all_.milliseconds(std::max(own, mean), mean);
}

// Those of messages; none of outputs that go straight where these stay in place.
double ExchangeCurves::straight(const NodeCurves& node, const ExchangeSums& sums) const {
  const double mean_sums = sums.world.sums / ranks_;
  return (in_place_.known() ? 0 : uneven(sums.own.output, sums.world.output)) +
         between_nodes_.milliseconds(std::max(sums.node.sums / node.ranks, mean_sums), mean_sums);
}

void ExchangeCurves::price(RankId rank, const ExchangeSums& sums, PhaseTimes& times) const {
  const NodeCurves& node = nodes_[node_of_[rank.index()]];
  const double output = straight(node, sums);
  const double partial = std::max(sums.own.partial, sums.node.partial / node.ranks);
  times.comm_input_ms = uneven(sums.own.input, sums.world.input);
  times.comm_forward_ms = output + node.reduce_scatter.milliseconds(partial);
  times.comm_backward_ms = output + node.all_gather.milliseconds(partial) +
                           all_reduce_.milliseconds(sums.own.replicated) +
                           uneven(sums.own.statistics, sums.world.statistics);
  ExchangeBytes placed = sums.world;
  if (in_place_.known()) placed.output = placed.added = 0;
  local_.add(rank, sums.own, placed, times);
  in_place_.add(rank, sums.world, times);
}

std::optional<OutputFloor> ExchangeCurves::output_floor(const ExchangeBytes& mean) const {
  if (in_place_.known()) return in_place_.floor(mean.output);
  const auto line = all_to_all_.line_below(mean.output);
  if (!line) return {};
  return OutputFloor{*line, *line, *line};
}

// Sums that leave a node are left out, that a rank waits for what others send, and local work.
std::optional<ExchangeFloor> ExchangeCurves::floor(const ExchangeBytes& mean) const {
  const auto input = all_to_all_.line_below(mean.input);
  const auto output = output_floor(mean);
  const auto reduced = all_reduce_.ray_below();
  const auto statistics = all_to_all_.ray_below();
  if (!input || !output || !reduced || !statistics) return {};
  constexpr double kMost = std::numeric_limits<double>::infinity();
  ExchangeFloor floor{*input, *output, kMost, kMost, *reduced, *statistics};
  for (const NodeCurves& node : nodes_) {
    const auto scattered = node.reduce_scatter.ray_below();
    const auto gathered = node.all_gather.ray_below();
    if (!scattered || !gathered) return {};
    floor.scattered = std::min(floor.scattered, *scattered);
    floor.gathered = std::min(floor.gathered, *gathered);
  }
  return floor;
}

}  // namespace shardwright
