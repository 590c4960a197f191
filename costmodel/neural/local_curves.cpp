#include "costmodel/neural/local_curves.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <string>

namespace shardwright {
namespace {

bool knows(const CommModel& model, CollectiveKind kind) {
  return model.training.operations.contains(std::string(to_string(kind)));
}

bool knows_local_work(const CommModel& model) {
  std::string known;
  std::string missing;
  for (const CollectiveKind kind : kLocalWork) {
    (knows(model, kind) ? known : missing) = to_string(kind);
  }
  if (known.empty() || missing.empty()) return !known.empty();
  throw UsageError(fmt::format(
      "The communication model {} was fitted to timings of {}, but to none of {}: it would price a "
      "part of what ranks do around exchanges. Time all of it (`profile comm`) and fit again.",
      model.name, known, missing));
}

}  // namespace

LocalCurves::LocalCurves(const CommModel& model, const Topology& topology)
    : known_(knows_local_work(model)), ranks_(static_cast<double>(topology.size())) {
  if (!known_) return;
  const auto curve = [&](CollectiveKind kind) {
    return CommCurve(model, kind, topology.size(), num_nodes(topology));
  };
  pack_ids_ = curve(CollectiveKind::pack_ids);
  split_ids_ = curve(CollectiveKind::split_ids);
  place_outputs_ = curve(CollectiveKind::place_outputs);
  add_partial_sums_ = curve(CollectiveKind::add_partial_sums);
  pack_gradients_ = curve(CollectiveKind::pack_gradients);
  for (const RankSpec& rank : topology.ranks) speeds_.push_back(rank.speed);
}

// Sums that were added up on their way are placed by no pass of their own.
void LocalCurves::add(RankId rank, const ExchangeBytes& world, PhaseTimes& times) const {
  if (!known_) return;
  const double speed = speeds_[rank.index()];
  const auto ms = [&](const CommCurve& curve, double bytes) {
    return curve.milliseconds(bytes / ranks_) / speed;
  };
  times.comm_input_ms += ms(pack_ids_, world.input) + ms(split_ids_, world.split);
  times.comm_forward_ms +=
      ms(place_outputs_, world.output - world.added) + ms(add_partial_sums_, world.added);
  times.comm_backward_ms += ms(pack_gradients_, world.output + world.partial);
}

}  // namespace shardwright
