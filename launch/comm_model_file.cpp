#include "launch/comm_model_file.hpp"

#include "costmodel/neural/comm_model_json.hpp"
#include "costmodel/neural/pretrained.hpp"
#include "planner/input_file.hpp"

namespace shardwright {

CommModel load_comm_model(const std::string& name_or_file) {
  if (is_pretrained(name_or_file)) return load_pretrained(name_or_file);
  const InputFile input = read_input_file(name_or_file);
  return parse_comm_model(input.content, input.name);
}

}  // namespace shardwright
