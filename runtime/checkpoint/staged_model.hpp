#pragma once

#include "runtime/checkpoint/saved_index.hpp"

#include <functional>
#include <string>

namespace shardwright {

/// Makes a saved folder in one process: `write` fills the empty FOLDER.partial and returns the
/// index for it, which is written last; then everything is brought to disk and put in FOLDER's
/// place in one step. Throws what `write` throws (the partial is then gone and FOLDER as before),
/// UsageError if anything but a saved model or checkpoint would be replaced, EnvironmentError.
void write_staged(const std::string& folder,
                  const std::function<SavedIndex(const std::string& partial)>& write);

}  // namespace shardwright
