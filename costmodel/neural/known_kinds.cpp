#include "costmodel/neural/known_kinds.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <string>

namespace shardwright {

bool knows_kind(const CommModel& model, CollectiveKind kind) {
  return model.training.operations.contains(std::string(to_string(kind)));
}

bool knows_kinds(const CommModel& model, std::span<const CollectiveKind> kinds) {
  std::string known;
  std::string missing;
  for (const CollectiveKind kind : kinds) {
    (knows_kind(model, kind) ? known : missing) = to_string(kind);
  }
  if (known.empty() || missing.empty()) return !known.empty();
  throw UsageError(fmt::format(
      "The communication model {} was fitted to timings of {}, but to none of {}: it would price a "
      "part of what ranks do around exchanges. Time all of it (`profile comm`) and fit again.",
      model.name, known, missing));
}

}  // namespace shardwright
