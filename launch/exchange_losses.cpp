#include "launch/exchange_losses.hpp"

#include "costmodel/errors.hpp"
#include "launch/print_json.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace shardwright {

void say_losses(const std::vector<std::string>& losses) {
  for (const std::string& loss : losses) fmt::print(stderr, "Not kept: {}\n", loss);
}

void print_exchange(const std::string& form, const std::string& file,
                    const std::vector<std::string>& losses) {
  const nlohmann::json document = {
      {"schema", "shardwright.exchange/1"}, {"form", form}, {"file", file}, {"losses", losses}};
  print_json(document);
}

void require_file_beside_json(bool json, const std::string& file) {
  if (!json || file != "-") return;
  throw UsageError("--json and -o - both want standard output; name a file with -o.");
}

}  // namespace shardwright
