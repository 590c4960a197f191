#pragma once

#include "planner/input_file.hpp"
#include "planner/search/infeasibility.hpp"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <vector>

namespace shardwright {

/// {"kind","tables","ranks","needed_bytes","available_bytes"} and the question it answers:
/// {"batch_size","spec","topology","memory_model","types"}.
nlohmann::json proof_to_json(const Proof& proof);

/// The proof in a document that `plan --json` printed; nothing if the file is no such document.
/// Throws InputError: a rating without certificate, or a malformed one.
std::optional<Proof> read_proof(const InputFile& input);

/// What is wrong with it, one sentence each; empty if no plan can exist, as it claims.
std::vector<std::string> check_proof(const Proof& proof);

}  // namespace shardwright
