#pragma once

#include "costmodel/train/fit_comm_model.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

/// What is kept aside in turn, to be predicted by a model fitted on the rest.
enum class HoldOut {
  sizes,     ///< every fourth message size, in four turns
  hardware,  ///< one kind of hardware, but for eight of its own timings that adapt the model
  ranks,     ///< the largest number of ranks, once
};
HoldOut parse_hold_out(std::string_view name);

/// What predicts them.
enum class CommArchitecture {
  curves,      ///< fit_comm_model()
  neuroshard,  ///< NeuroShard's nets (neuroshard_comm.hpp), for comparison: whole sizes only
};
CommArchitecture parse_comm_architecture(std::string_view name);

struct HeldOutRow {
  std::string turn;  ///< what was kept aside
  CommTiming row;
  double predicted_us = 0;
};

/// The kept-aside rows with what was predicted for them. `options.base` and validation are not
/// used: each fit runs its full number of iterations (of nets: epochs) on all rows given to it.
/// `progress` hears each turn. Throws InputError where the rows have nothing to keep aside, and
/// UsageError for nets that would be asked of ranks or hardware they have not seen.
std::vector<HeldOutRow> hold_out(std::span<const CommTiming> rows, HoldOut what,
                                 CommArchitecture architecture, const FitOptions& options,
                                 const std::function<void(const std::string&)>& progress);

/// The eight timings by which a model is adapted to new hardware: for each operation one of a small
/// and one of a large message (8 KB, 64 MB), on the median number of ranks, of the library with the
/// most timings. Chosen by what was run, never by how long it took.
std::vector<CommTiming> choose_own_rows(std::span<const CommTiming> rows);

}  // namespace shardwright
