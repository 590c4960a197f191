#include "launch/print_json.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace shardwright {

void print_json(const nlohmann::json& document) {
  fmt::print("{}\n", document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace shardwright
