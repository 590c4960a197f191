#include "runtime/trainer/train_config.hpp"

#include "runtime/trainer/training_progress.hpp"
#include "tests/fuzz/scratch_folder.hpp"
#include "tests/fuzz/targets.hpp"

#include <stdexcept>

namespace shardwright::fuzz {

void read_train_settings(std::string_view input) {
  const TrainConfig config = read_train_config(scratch().write("train.json", input));
  const nlohmann::json written = train_config_to_json(config);
  TrainConfig again;
  apply_train_settings(JsonView(written, "again.json"), again);
  if (train_config_to_json(again) != written) throw std::logic_error("a config changes");
}

// What a checkpoint's index says of how far the job was.
void read_training_progress(std::string_view input) {
  const nlohmann::json document = parse_json(input, "index.json");
  TrainSummary summary;
  const std::int64_t bytes = restore_progress(JsonView(document, "index.json"), true, summary);
  progress_to_json(summary, bytes);
}

}  // namespace shardwright::fuzz
