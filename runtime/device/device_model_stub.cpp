#include "runtime/comm/collectives.hpp"
#include "runtime/device/device_model.hpp"

namespace shardwright {

std::unique_ptr<RankModel> make_device_model(Communicator& /*comm*/, const RankModelSpec& /*spec*/,
                                             bool /*allow_shared_gpu*/) {
  throw CollectiveError(ExitCode::environment,
                        "This shardwright was built without CUDA, so --device cuda is not to be "
                        "had: build the `cuda` preset.");
}

}  // namespace shardwright
