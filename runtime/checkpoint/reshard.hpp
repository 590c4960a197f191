#pragma once

#include "planner/plan.hpp"

#include <string>

namespace shardwright {

/// Writes the saved model or checkpoint in `from` anew as `to`, cut as `plan` says: a folder that
/// training on that plan's ranks would have written, with the same weights and state bit for bit,
/// and the same step. Needs no more memory than kPieceBytes of rows at a time. Files are checked
/// while they are read (verify_file()); `to` appears whole or not at all, and replaces nothing but
/// a saved model or checkpoint. Throws InputError if the plan is for other tables, UsageError,
/// EnvironmentError.
void reshard(const std::string& from, const Plan& plan, const std::string& to);

}  // namespace shardwright
