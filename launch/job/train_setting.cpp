#include "costmodel/json/json_view.hpp"
#include "launch/job/elastic_job.hpp"

#include <algorithm>
#include <filesystem>

namespace shardwright {
namespace {

bool has_no_value(const std::string& word) {
  return word == "--json" || word == "--save-model" || word == "--no-save-model" ||
         word.find('=') != std::string::npos;
}

/// The config file: the word that is neither an option nor an option's value.
std::string config_of(const std::vector<std::string>& command) {
  for (std::size_t i = 2; i < command.size(); ++i) {
    if (!command[i].starts_with('-')) return command[i];
    if (!has_no_value(command[i])) ++i;
  }
  return "";
}

std::string flag_of(const std::vector<std::string>& command, const std::string& option) {
  std::string value;
  for (std::size_t i = 0; i < command.size(); ++i) {
    if (command[i] == option && i + 1 < command.size()) value = command[i + 1];
    if (command[i].starts_with(option + "=")) value = command[i].substr(option.size() + 1);
  }
  return value;
}

}  // namespace

std::string train_setting(const std::vector<std::string>& command, const std::string& option) {
  std::string flag = flag_of(command, option);
  const std::string config = config_of(command);
  if (!flag.empty() || config.empty()) return flag;
  std::string key = option.substr(2);
  std::replace(key.begin(), key.end(), '-', '_');
  const nlohmann::json document = read_json(config);
  const auto value = JsonView(document, config).find(key);
  if (!value) return "";
  const bool is_path = key == "plan" || key == "output";
  const std::filesystem::path folder = std::filesystem::path(config).parent_path();
  return is_path ? (folder / value->string()).string() : value->string();
}

}  // namespace shardwright
