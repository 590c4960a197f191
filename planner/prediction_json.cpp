#include "planner/prediction_json.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace shardwright {
namespace {

using nlohmann::json;

constexpr std::array<std::pair<const char*, double PhaseTimes::*>, 5> kPhases = {{
    {"comm_input_ms", &PhaseTimes::comm_input_ms},
    {"compute_forward_ms", &PhaseTimes::compute_forward_ms},
    {"comm_forward_ms", &PhaseTimes::comm_forward_ms},
    {"compute_backward_ms", &PhaseTimes::compute_backward_ms},
    {"comm_backward_ms", &PhaseTimes::comm_backward_ms},
}};

}  // namespace

json predictions_to_json(const std::vector<RankPrediction>& predicted) {
  json ranks = json::array();
  for (const RankPrediction& prediction : predicted) {
    json rank = {{"rank", ranks.size()},
                 {"memory_bytes", prediction.memory.value()},
                 {"total_ms", prediction.phases.total_ms()}};
    for (const auto& [name, phase] : kPhases) rank[name] = prediction.phases.*phase;
    ranks.push_back(std::move(rank));
  }
  return ranks;
}

std::vector<RankPrediction> predictions_from_json(const JsonView& view) {
  std::vector<RankPrediction> predicted;
  for (const JsonView& rank : view.elements()) {
    rank.allow_keys({"rank", "memory_bytes", "comm_input_ms", "compute_forward_ms",
                     "comm_forward_ms", "compute_backward_ms", "comm_backward_ms", "total_ms"});
    const auto expected = static_cast<std::int64_t>(predicted.size());
    if (rank.at("rank").integer() != expected) {
      rank.at("rank").fail(fmt::format("{}: ranks in order, each once", expected));
    }
    RankPrediction prediction;
    prediction.memory = Bytes(rank.at("memory_bytes").integer(0));
    for (const auto& [name, phase] : kPhases) prediction.phases.*phase = rank.at(name).number(0);
    predicted.push_back(prediction);
  }
  return predicted;
}

}  // namespace shardwright
