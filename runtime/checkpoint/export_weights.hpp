#pragma once

#include <string>

namespace shardwright {

/// Writes the saved model or checkpoint in `from` as one safetensors file of whole tensors, for
/// other programs: `<table>.weight` [rows, dim] and the dense part's `bottom.0.weight` …; with
/// `with_state` also the optimizers' state, as `<table>.<part>` ([rows, dim] or [rows],
/// state_parts.hpp) and, from a checkpoint, `bottom.0.weight.square_sum` …. Needs no more memory
/// than the dense part and kPieceBytes of rows. Files are checked first; `file` appears whole or
/// not at all. Throws InputError, EnvironmentError.
void export_weights(const std::string& from, const std::string& file, bool with_state);

}  // namespace shardwright
