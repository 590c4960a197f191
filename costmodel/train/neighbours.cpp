#include "costmodel/train/neighbours.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace shardwright {
namespace {

constexpr double kTemperature = 0.02;  // squared ln error at which a neighbour counts 1/e

struct Neighbour {
  CommSetting setting;
  double weight = 0;
};

double mean_squared_error(const CommModel& base, const CommSetting& as,
                          std::span<const CommTiming> rows) {
  double sum = 0;
  for (const CommTiming& row : rows) {
    const double miss = std::log(predict_us(base, as, row.call) / row.time_us);
    sum += miss * miss;
  }
  return sum / static_cast<double>(rows.size());
}

std::vector<Neighbour> neighbours_of(const CommModel& base, std::span<const CommTiming> rows) {
  std::vector<Neighbour> neighbours;
  double least = std::numeric_limits<double>::infinity();
  for (const CommSetting& setting : base.training.settings) {
    neighbours.push_back({setting, mean_squared_error(base, setting, rows)});
    least = std::min(least, neighbours.back().weight);
  }
  double sum = 0;
  for (Neighbour& neighbour : neighbours) {
    neighbour.weight = std::exp((least - neighbour.weight) / kTemperature);
    sum += neighbour.weight;
  }
  for (Neighbour& neighbour : neighbours) neighbour.weight /= sum;
  return neighbours;
}

std::vector<double> mixture(const CommEffect& effect, const CollectiveCall& call,
                            const std::vector<Neighbour>& neighbours, std::size_t knots) {
  std::vector<double> curve(knots);
  for (const auto& [setting, weight] : neighbours) {
    const auto known = effect.curves.find(key_of(effect, setting, call));
    if (known == effect.curves.end()) continue;
    for (std::size_t i = 0; i < knots; ++i) curve[i] += weight * known->second[i];
  }
  return curve;
}

void add_missing_curves(CommModel& model, const CommModel& base, const CommSetting& setting,
                        const std::vector<Neighbour>& neighbours) {
  for (CommEffect& effect : model.effects) {
    for (const std::string& operation : base.training.operations) {
      CollectiveCall call;
      call.operation = parse_collective(operation);
      const std::string key = key_of(effect, setting, call);
      if (effect.curves.contains(key)) continue;
      effect.curves.emplace(key, mixture(effect, call, neighbours, model.knots.size()));
    }
  }
}

}  // namespace

CommModel with_neighbours(const CommModel& base, std::span<const CommTiming> rows) {
  CommModel model = base;
  std::map<CommSetting, std::vector<CommTiming>> own;
  std::set<std::string> libraries;
  for (const CommTiming& row : rows) own[row.setting].push_back(row);
  for (const CommSetting& known : base.training.settings) libraries.insert(known.library);
  for (const auto& [setting, timings] : own) {
    const std::vector<Neighbour> neighbours = neighbours_of(base, timings);
    add_missing_curves(model, base, setting, neighbours);
    // The same machine with another library: the neighbours' mixture serves there too.
    for (const std::string& library : libraries) {
      CommSetting other = setting;
      other.library = library;
      if (!own.contains(other)) add_missing_curves(model, base, other, neighbours);
    }
  }
  return model;
}

}  // namespace shardwright
