#pragma once

#include "costmodel/cost_model.hpp"

#include <array>
#include <string_view>

namespace shardwright {

/// One of the five phases of a step, for whoever walks over all of them.
struct Phase {
  std::string_view name;   ///< as in the files, without "_ms"
  std::string_view title;  ///< for people
  double PhaseTimes::*ms;
  bool communication;
};

inline constexpr std::array<Phase, 5> kPhases = {{
    {"comm_input", "comm in", &PhaseTimes::comm_input_ms, true},
    {"compute_forward", "forward", &PhaseTimes::compute_forward_ms, false},
    {"comm_forward", "comm forward", &PhaseTimes::comm_forward_ms, true},
    {"compute_backward", "backward", &PhaseTimes::compute_backward_ms, false},
    {"comm_backward", "comm back", &PhaseTimes::comm_backward_ms, true},
}};

}  // namespace shardwright
