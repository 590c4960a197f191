#include "costmodel/bytes.hpp"
#include "costmodel/errors.hpp"
#include "costmodel/topology.hpp"
#include "planner/spec/dlrm_lists.hpp"
#include "planner/spec/spec_entry.hpp"
#include "tests/fuzz/targets.hpp"
#ifdef SHARDWRIGHT_FUZZ_RUNTIME
#include "launch/job/mpirun_words.hpp"
#include "runtime/checkpoint/checkpoint_interval.hpp"
#endif

#include <string>

namespace shardwright::fuzz {
namespace {

template <class Read>
void try_read(const Read& read) {
  try {
    read();
  } catch (const InputError&) {  // refused: the next reader's turn
  } catch (const UsageError&) {
  }
}

void read_lists(const DlrmLists& lists) {
  std::vector<std::string> notes;
  tables_of(entries_from_lists(lists, notes), "command line");
}

}  // namespace

// What stands on command lines: topologies, sizes, DLRM's lists, intervals.
void read_words(std::string_view input) {
  const std::string text(input);
  try_read([&] { describe_topology(read_topology(text)); });
  try_read([&] { format_bytes(parse_bytes(input)); });
  try_read([&] { read_lists({text, "", "", 16}); });
  try_read([&] { read_lists({"", text, "", 16}); });
  try_read([&] { read_lists({"1000,20", "", text, 16}); });
#ifdef SHARDWRIGHT_FUZZ_RUNTIME
  try_read([&] { parse_checkpoint_interval(input); });
  dead_rank(text);
  lost_host(text);
  tells_end(text);
#endif
}

}  // namespace shardwright::fuzz
