#pragma once

#include <string>

namespace shardwright {

/// Prints "shardwright: MESSAGE" on standard error; the name in red where that is a terminal and
/// NO_COLOR is not set (no-color.org) and TERM is not dumb.
void print_failure(const std::string& message);

}  // namespace shardwright
