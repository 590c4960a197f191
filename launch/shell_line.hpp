#pragma once

#include <string>
#include <vector>

namespace shardwright {

/// Words joined so that a shell splits them again as they are.
std::string shell_line(const std::vector<std::string>& words);

}  // namespace shardwright
