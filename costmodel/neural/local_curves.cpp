#include "costmodel/neural/local_curves.hpp"

#include "costmodel/neural/known_kinds.hpp"

namespace shardwright {

LocalCurves::LocalCurves(const CommModel& model, const Topology& topology)
    : known_(knows_kinds(model, kLocalWork)), ranks_(static_cast<double>(topology.size())) {
  if (!known_) return;
  const auto curve = [&](CollectiveKind kind) {
    return CommCurve(model, kind, topology.size(), num_nodes(topology), topology.probe);
  };
  pack_ids_ = curve(CollectiveKind::pack_ids);
  split_ids_ = curve(CollectiveKind::split_ids);
  place_outputs_ = curve(CollectiveKind::place_outputs);
  add_partial_sums_ = curve(CollectiveKind::add_partial_sums);
  pack_gradients_ = curve(CollectiveKind::pack_gradients);
  for (const RankSpec& rank : topology.ranks) speeds_.push_back(rank.speed);
}

// Sums that were added up on their way are placed by no pass of their own.
void LocalCurves::add(RankId rank, const ExchangeBytes& own, const ExchangeBytes& world,
                      PhaseTimes& times) const {
  if (!known_) return;
  const double speed = speeds_[rank.index()];
  const auto ms = [&](const CommCurve& curve, double bytes) {
    return curve.milliseconds(bytes / ranks_) / speed;
  };
  times.comm_input_ms += ms(pack_ids_, world.input) + ms(split_ids_, world.split);
  times.comm_forward_ms +=
      ms(place_outputs_, world.output - world.added) + ms(add_partial_sums_, world.added);
  times.comm_backward_ms += ms(pack_gradients_, world.output + world.partial);
  times.comm_backward_ms += statistics_ms(own) / speed;
}

// Of as many bytes as are sent, and received; passes over memory as those over outputs are.
double LocalCurves::statistics_ms(const ExchangeBytes& own) const {
  const double sent = own.statistics * (ranks_ - 1) / ranks_;
  return pack_gradients_.milliseconds(sent) + place_outputs_.milliseconds(sent) +
         add_partial_sums_.milliseconds(sent);
}

}  // namespace shardwright
