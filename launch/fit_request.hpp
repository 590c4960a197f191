#pragma once

#include <string>

namespace shardwright {

/// What `fit` was asked to do, whatever the timings are of.
struct FitRequest {
  std::string output;
  std::string name;
  std::string from;  ///< model to adapt; empty: none
  std::string
      hold_out;  ///< collectives: "sizes", "hardware" or "ranks"; computation: "sets"; or empty
  std::string report;  ///< page to write; empty: none
  bool json = false;
};

}  // namespace shardwright
