#include "runtime/trainer/rank_model.hpp"

#include "costmodel/errors.hpp"
#include "runtime/comm/collectives.hpp"
#include "runtime/device/device_model.hpp"
#include "runtime/trainer/sharded_model.hpp"

namespace shardwright {

void RankModel::leave_out(std::optional<StepPhase> /*phase*/) {
  throw UsageError("Phases are left out on the CPU alone: bench without --without-phases.");
}

std::unique_ptr<RankModel> make_rank_model(Communicator& comm, const RankModelSpec& spec,
                                           const BackendOptions& options) {
  if (options.backend == Backend::cuda) {
    if (spec.wire != WireFormats{}) {
      throw UsageError(
          "On a GPU pooled values and gradients are sent as floats: leave out "
          "pooled_wire and gradient_wire.");
    }
    if (spec.gradient_clip_norm > 0) {
      throw UsageError(
          "On a GPU gradients are not clipped yet: leave out gradient_clip_norm, or train with "
          "--device cpu.");
    }
    if (spec.dense && !spec.dense->torchscript.empty()) {
      throw UsageError("--dense-torchscript is for the CPU: train with --device cpu.");
    }
    return make_device_model(comm, spec, options.allow_shared_gpu);
  }
  const bool thread_apart =
      spec.overlap && gets_communication_thread(comm, spec.communication_thread, spec.threads);
  std::unique_ptr<RankModel> model;
  run_together(comm, [&] { model = std::make_unique<ShardedModel>(spec, comm, thread_apart); });
  return model;
}

}  // namespace shardwright
