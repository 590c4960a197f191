#include "costmodel/errors.hpp"
#include "runtime/profile/device_operator_timer.hpp"

namespace shardwright {
namespace {

[[noreturn]] void refuse() {
  throw EnvironmentError("--device cuda: built without CUDA (the `cuda` preset has it).");
}

}  // namespace

std::vector<OperatorTiming> time_operator_on_device(const TableSet& /*set*/, std::uint64_t /*seed*/,
                                                    const TimingEffort& /*effort*/) {
  refuse();
}

std::string profiled_device_name() { refuse(); }

std::map<std::string, std::string> probe_device() { refuse(); }

}  // namespace shardwright
