#include "launch/comm_model_file.hpp"

#include "costmodel/compute/shipped_compute_models.hpp"
#include "costmodel/errors.hpp"
#include "costmodel/neural/comm_model_json.hpp"
#include "costmodel/neural/pretrained.hpp"
#include "planner/input_file.hpp"

#include <fmt/format.h>

namespace shardwright {

CommModel load_comm_model(const std::string& name_or_file) {
  if (is_pretrained(name_or_file)) return load_pretrained(name_or_file);
  if (is_shipped_compute_model(name_or_file)) {
    throw UsageError(fmt::format(
        "{} is a compute model, and the timings are of collectives: name a model of those.",
        name_or_file));
  }
  const InputFile input = read_input_file(name_or_file);
  return parse_comm_model(input.content, input.name);
}

}  // namespace shardwright
