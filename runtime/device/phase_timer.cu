#include "runtime/device/cuda_check.cuh"
#include "runtime/device/phase_timer.hpp"

#include <nvtx3/nvToolsExt.h>

#include <vector>

namespace shardwright {

struct PhaseTimer::State {
  /// The event that `count` marks come to; events are kept from step to step.
  void mark() {
    if (num_marks == marks.size()) {
      cudaEvent_t event = nullptr;
      check_cuda(cudaEventCreate(&event), "create an event");
      marks.push_back(event);
    }
    check_cuda(cudaEventRecord(marks[num_marks++], stream), "record an event");
  }

  DeviceStream stream = nullptr;
  std::vector<cudaEvent_t> marks;
  std::size_t num_marks = 0;
  std::vector<double*> laps;  ///< where the time between marks i and i + 1 goes
};

PhaseTimer::PhaseTimer(DeviceStream stream) : state_(std::make_unique<State>()) {
  state_->stream = stream;
}

PhaseTimer::~PhaseTimer() {
  for (const cudaEvent_t event : state_->marks) static_cast<void>(cudaEventDestroy(event));
}

void PhaseTimer::start() {
  state_->num_marks = 0;
  state_->laps.clear();
  state_->mark();
}

void PhaseTimer::begin(const char* phase) { nvtxRangePushA(phase); }

void PhaseTimer::end(double& milliseconds) {
  state_->mark();
  state_->laps.push_back(&milliseconds);
  nvtxRangePop();
}

void PhaseTimer::finish() {
  for (std::size_t i = 0; i < state_->laps.size(); ++i) {
    float ms = 0;
    check_cuda(cudaEventElapsedTime(&ms, state_->marks[i], state_->marks[i + 1]),
               "read the time between events");
    *state_->laps[i] += static_cast<double>(ms);
  }
}

}  // namespace shardwright
