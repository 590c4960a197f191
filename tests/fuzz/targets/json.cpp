#include "costmodel/json/json_view.hpp"
#include "tests/fuzz/targets.hpp"

#include <stdexcept>

namespace shardwright::fuzz {

// The document itself, and the complaint that quotes it.
void read_json_document(std::string_view input) {
  const nlohmann::json document = parse_json(input, "input.json");
  const JsonView view(document, "input.json");
  const nlohmann::json copy = document;
  if (copy != document) throw std::logic_error("a copy differs");
  if (!document.is_array()) return expect_schema(view, "tables");
  for (const JsonView& element : view.elements()) element.integer(0, 10);
}

}  // namespace shardwright::fuzz
