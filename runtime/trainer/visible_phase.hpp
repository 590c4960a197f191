#pragma once

namespace shardwright {

/// Names the calling thread "shardwright:PHASE", PHASE being three letters, so that `ps` and `top`
/// show what a rank is at when it seems to hang (docs/train.md). Costs one system call.
void show_phase(const char* phase);

}  // namespace shardwright
