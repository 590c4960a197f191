#pragma once

#include "costmodel/errors.hpp"
#include "planner/asked_constraint.hpp"

#include <string>
#include <utility>
#include <vector>

namespace shardwright {

/// Constraints that no plan can meet, however much memory ranks have. The sentence names tables and
/// constraints; who has read them adds from which files they come, and where they stand there.
class Contradiction : public InputError {
 public:
  /// `blamed`: constraints that may have a part in it, those too that nobody asked for.
  explicit Contradiction(const std::string& sentence, std::vector<AskedConstraint> blamed = {})
      : InputError(sentence), blamed_(std::move(blamed)) {}
  const std::vector<AskedConstraint>& blamed() const { return blamed_; }

 private:
  std::vector<AskedConstraint> blamed_;
};

}  // namespace shardwright
