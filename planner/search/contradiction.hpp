#pragma once

#include "costmodel/errors.hpp"

#include <string>

namespace shardwright {

/// Constraints that no plan can meet, however much memory ranks have. The sentence names tables and
/// constraints; who has read them adds from which files they come.
class Contradiction : public InputError {
 public:
  using InputError::InputError;
};

}  // namespace shardwright
