#pragma once

#include <string>

namespace shardwright {

/// This host's, without blanks; "unknown" where the system does not tell.
std::string host_name();

}  // namespace shardwright
