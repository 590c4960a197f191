#include "costmodel/train/comm_design.hpp"

#include "costmodel/errors.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

namespace shardwright {
namespace {

constexpr std::size_t kMostSizesAsKnots = 48;

void widen(Range& range, double value, bool first) {
  range.least = first ? value : std::min(range.least, value);
  range.most = first ? value : std::max(range.most, value);
}

using CellKey = std::tuple<CommSetting, CollectiveKind, std::int64_t, std::int64_t, std::int64_t,
                           double, double>;

CellKey cell_key(const CommModel& model, const CommTiming& row) {
  const CollectiveCall& call = row.call;
  return {row.setting,    call.operation,         call.ranks, call.nodes, call.element_bytes,
          evenness(call), wait_share(model, call)};
}

// Numbers the curves in the order in which rows ask for them.
class CurveNumbers {
 public:
  std::size_t number_of(std::size_t effect, const std::string& key) {
    const auto [found, added] = numbers_.emplace(std::pair(effect, key), curves_.size());
    if (added) curves_.push_back({effect, key});
    return found->second;
  }
  const std::vector<CurveIndex>& curves() const { return curves_; }

 private:
  std::map<std::pair<std::size_t, std::string>, std::size_t> numbers_;
  std::vector<CurveIndex> curves_;
};

struct Term {
  std::size_t curve;
  double factor;
};

std::vector<Term> terms_of(const CommModel& model, const CommTiming& row, CurveNumbers& numbers) {
  std::vector<Term> terms;
  const double waited = wait_share(model, row.call);
  for (std::size_t effect = 0; effect < model.effects.size(); ++effect) {
    const double factor = value_of_factor(model.effects[effect].times, row.call, waited);
    if (factor == 0) continue;
    const std::string key = key_of(model.effects[effect], row.setting, row.call);
    terms.push_back({numbers.number_of(effect, key), factor});
  }
  return terms;
}

}  // namespace

std::vector<double> choose_knots(std::span<const CommTiming> rows) {
  std::set<double> sizes;
  for (const CommTiming& row : rows) {
    if (row.call.mean_bytes == 0) sizes.insert(row.call.bytes);
  }
  if (sizes.size() < 2) {  // uneven sizes are all there is
    for (const CommTiming& row : rows) sizes.insert(row.call.bytes);
  }
  if (sizes.size() < 2) {
    throw InputError(
        "All timings are of one message size. A model needs at least two, better one per doubling "
        "of the size over the range it is to price.");
  }
  if (sizes.size() <= kMostSizesAsKnots) return {sizes.begin(), sizes.end()};
  const double least = *sizes.begin();
  const double most = *sizes.rbegin();
  const auto pieces = std::max(1L, std::lround(2 * std::log2(most / least)));
  std::vector<double> knots;
  for (std::int64_t i = 0; i <= pieces; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(pieces);
    knots.push_back(least * std::pow(most / least, share));
  }
  return knots;
}

CommDesignAndIndex make_design(const CommModel& model, std::span<const CommTiming> rows) {
  CommDesign design;
  CurveNumbers numbers;
  std::map<CellKey, std::size_t> cells;
  std::vector<std::vector<Term>> terms;
  for (const CommTiming& row : rows) {
    const auto [found, added] = cells.emplace(cell_key(model, row), terms.size());
    if (added) terms.push_back(terms_of(model, row, numbers));
    const auto [low, along] = position_of(model.knots, row.call.bytes);
    design.cell.push_back(static_cast<std::int64_t>(found->second));
    design.low.push_back(static_cast<std::int64_t>(low));
    design.along.push_back(along);
    design.size_ratio.push_back(1 - model.knots[low] / model.knots[low + 1]);
    design.log_time.push_back(std::log(row.time_us));
  }
  const std::size_t num_curves = numbers.curves().size();
  design.factors.resize(terms.size() * num_curves);
  for (std::size_t cell = 0; cell < terms.size(); ++cell) {
    for (const auto& [curve, factor] : terms[cell]) {
      design.factors[cell * num_curves + curve] = factor;
    }
  }
  design.num_cells = static_cast<std::int64_t>(terms.size());
  design.num_curves = static_cast<std::int64_t>(num_curves);
  return {std::move(design), numbers.curves()};
}

CommTraining coverage_of(std::span<const CommTiming> rows) {
  CommTraining training;
  for (const CommTiming& row : rows) {
    const bool first = training.rows == 0;
    ++training.rows;
    const auto ranks = static_cast<double>(row.call.ranks);
    const auto [setting, is_new] = training.settings.emplace(row.setting, Range{ranks, ranks});
    if (!is_new) widen(setting->second, ranks, false);
    training.operations.insert(std::string(to_string(row.call.operation)));
    widen(training.ranks, ranks, first);
    widen(training.nodes, static_cast<double>(row.call.nodes), first);
    widen(training.bytes, row.call.bytes, first);
    widen(training.element_bytes, static_cast<double>(row.call.element_bytes), first);
    widen(training.evenness, evenness(row.call), first);
    widen(training.wait_us, row.call.wait_us, first);
  }
  return training;
}

}  // namespace shardwright
