#pragma once

#include "costmodel/machine_probe.hpp"
#include "runtime/trainer/step_report.hpp"

namespace shardwright {

/// One rank's measurement of one step.
struct StepTimes {
  StepReport report;
  double ms = 0;
  double disturbance = 0;  ///< by others who use the machine, as of Moment
  MachineProbe probe;      ///< unknown: not looked at
};

}  // namespace shardwright
