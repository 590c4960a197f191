#include "costmodel/compute/compute_dataset.hpp"
#include "costmodel/compute/compute_model_json.hpp"
#include "costmodel/neural/comm_model_json.hpp"
#include "tests/fuzz/targets.hpp"

#include <string>

namespace shardwright::fuzz {
namespace {

ComputeExamples one_example() {
  ComputeTiming timing;
  timing.batch_size = 64;
  timing.tables = {{1000, 16, 2, 1.05}, {10, 4, 1, 0}};
  timing.probe = {{20, 1, 8}};
  timing.forward_ms = 1;
  timing.backward_ms = 1;
  return make_examples({timing});
}

CollectiveCall call_of(double bytes) {
  CollectiveCall call{CollectiveKind::all_reduce, 4, 2};
  call.bytes = bytes;
  return call;
}

}  // namespace

// As `evaluate` uses a model: its own times, and those of the constants that it carries.
void read_compute_model_json(std::string_view input) {
  static const ComputeExamples examples = one_example();
  const ComputeModel model = parse_compute_model(input, "input.json");
  predict_times(model, examples);
  for (const auto& [name, constants] : model.rivals) predict_rival(name, model, examples);
  parse_compute_model(compute_model_to_json(model), "again.json");
}

void read_comm_model_json(std::string_view input) {
  const CommModel model = parse_comm_model(input, "input.json");
  const CommSetting setting{"H100", "NVLink", "NCCL 2.27.3"};
  for (const double bytes : {1.0, 1e6, 1e15}) {
    predict_us(model, setting, call_of(bytes));
    outside_training(model, setting, call_of(bytes));
  }
  parse_comm_model(comm_model_to_json(specialize(model, setting)), "again.json");
}

}  // namespace shardwright::fuzz
