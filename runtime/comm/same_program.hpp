#pragma once

#include "runtime/comm/communicator.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace shardwright {

/// The linker's hash of this program ("1ca31ec84ede32ac…"), the same for copies of one build and no
/// other; "" if the linker wrote none.
std::string build_id();

/// Lets the ranks compare what program they are: `mine` is any text that says so. Throws
/// CollectiveError (environment), the same on every rank, naming the ranks and hosts that run
/// another than rank 0. Meant as a job's first communication: different programs would not
/// understand each other's next message. Blocks.
void require_same_program(Communicator& comm, const std::string& mine);

/// "2", "2, 3 and 7", "2 to 7 and 9": of numbers in ascending order.
std::string number_list(const std::vector<std::size_t>& numbers);

}  // namespace shardwright
