#include "costmodel/errors.hpp"
#include "planner/spec/spec_entry.hpp"
#include "planner/spec/tables_csv.hpp"
#include "planner/spec/tables_json.hpp"
#include "tests/fuzz/targets.hpp"

#include <stdexcept>
#include <string>

namespace shardwright::fuzz {
namespace {

// What is read is written again, and must be read as the same.
void write_and_read(const Workload& workload) {
  const Workload again = tables_from_json({"again.json", tables_to_json(workload).dump()});
  if (!(again == workload)) throw std::logic_error("tables change on their way through a file");
  workload_warnings(workload);
}

}  // namespace

void read_tables_json(std::string_view input) {
  write_and_read(tables_from_json({"input.json", std::string(input)}));
}

void read_tables_csv(std::string_view input) {
  std::vector<std::string> notes;
  const CsvOptions options{"", 16};
  const InputFile file{"input.csv", std::string(input)};
  write_and_read({tables_of(entries_from_csv(file, options, notes), file.name), 64});
}

}  // namespace shardwright::fuzz
