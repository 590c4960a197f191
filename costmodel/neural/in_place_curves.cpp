#include "costmodel/neural/in_place_curves.hpp"

#include "costmodel/neural/known_kinds.hpp"

#include <algorithm>

namespace shardwright {

InPlaceCurves::InPlaceCurves(const CommModel& model, const Topology& topology)
    : known_(knows_kinds(model, kInPlace) && num_nodes(topology) == 1),
      ranks_(static_cast<double>(topology.size())) {
  if (!known_) return;
  values_ = {model, CollectiveKind::values_in_place, topology.size(), 1, topology.probe};
  sums_ = {model, CollectiveKind::sums_in_place, topology.size(), 1, topology.probe};
  gradients_ = {model, CollectiveKind::gradients_in_place, topology.size(), 1, topology.probe};
  for (const RankSpec& rank : topology.ranks) speeds_.push_back(rank.speed);
}

void InPlaceCurves::add(RankId rank, const ExchangeBytes& world, PhaseTimes& times) const {
  if (!known_) return;
  const double speed = speeds_[rank.index()];
  const auto ms = [&](const CommCurve& curve, double bytes) {
    return curve.milliseconds(bytes / ranks_) / speed;
  };
  times.comm_forward_ms += ms(values_, world.output - world.added) + ms(sums_, world.added);
  times.comm_backward_ms += ms(gradients_, world.output);
}

// Of all shards' bytes, so of any rank's, by the fastest rank. Not below 0 at 0 bytes: a rank that
// has complete and partial outputs takes both lines.
std::optional<CommLine> InPlaceCurves::line_below(const CommCurve& curve, double bytes) const {
  auto line = curve.line_below(bytes);
  if (!line) return {};
  if (line->ms < 0) line = CommLine{0, curve.ray_below().value_or(0)};
  const double fastest = *std::max_element(speeds_.begin(), speeds_.end());
  return CommLine{line->ms / fastest, line->ms_per_byte / (ranks_ * fastest)};
}

std::optional<OutputFloor> InPlaceCurves::floor(double output) const {
  const auto values = line_below(values_, output);
  const auto sums = line_below(sums_, output);
  const auto gradients = line_below(gradients_, output);
  if (!values || !sums || !gradients) return {};
  return OutputFloor{*values, *sums, *gradients};
}

}  // namespace shardwright
