#include "planner/certificate_json.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"
#include "costmodel/table_json.hpp"
#include "costmodel/topology_json.hpp"
#include "planner/input_file.hpp"
#include "planner/memory_model.hpp"
#include "planner/spec/spec_entry.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace shardwright {
namespace {

using nlohmann::json;

template <class Parse>
auto parsed(const JsonView& view, const Parse& parse) {
  const std::string text = view.string();
  try {
    return parse(text);
  } catch (const Error& error) {
    throw InputError(fmt::format("{}: {}: {}", view.file(), view.path(), error.what()));
  }
}

TableId table_named(const Workload& workload, const JsonView& view) {
  const std::string name = view.string();
  const auto found = std::find_if(workload.tables.begin(), workload.tables.end(),
                                  [&](const Table& table) { return table.name == name; });
  if (found == workload.tables.end()) view.fail("the name of a table of the spec");
  return TableId::of(static_cast<std::size_t>(found - workload.tables.begin()));
}

Workload workload_from(const JsonView& view) {
  std::vector<SpecEntry> entries;
  for (const JsonView& table : view.at("spec").elements()) {
    entries.push_back({table.raw(), table.path()});
  }
  return {tables_of(entries, view.file()), view.at("batch_size").integer(1, kMostSamples)};
}

Proof proof_from(const JsonView& view) {
  view.allow_keys({"kind", "tables", "ranks", "needed_bytes", "available_bytes", "batch_size",
                   "spec", "topology", "memory_model", "types"});
  Proof proof;
  proof.workload = workload_from(view);
  proof.topology = topology_from_json(view.at("topology"));
  proof.memory_model = parsed(view.at("memory_model"), parse_memory_model);
  for (const JsonView& type : view.at("types").elements()) {
    proof.types.push_back(parsed(type, parse_sharding_type));
  }
  Certificate& claim = proof.certificate;
  claim.kind = parsed(view.at("kind"), parse_certificate_kind);
  for (const JsonView& table : view.at("tables").elements()) {
    claim.tables.push_back(table_named(proof.workload, table));
  }
  for (const JsonView& rank : view.at("ranks").elements()) {
    claim.ranks.emplace_back(rank.integer(0, proof.topology.size() - 1));
  }
  const auto sort_once = [](auto& ids) {
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  };
  sort_once(claim.tables);
  sort_once(claim.ranks);
  claim.needed = Bytes(view.at("needed_bytes").integer(0));
  claim.available = Bytes(view.at("available_bytes").integer(0));
  return proof;
}

}  // namespace

json proof_to_json(const Proof& proof) {
  const Certificate& claim = proof.certificate;
  json result = {{"kind", to_string(claim.kind)},
                 {"tables", json::array()},
                 {"ranks", json::array()},
                 {"needed_bytes", claim.needed.value()},
                 {"available_bytes", claim.available.value()},
                 {"batch_size", proof.workload.batch_size},
                 {"spec", json::array()},
                 {"topology", topology_to_json(proof.topology)},
                 {"memory_model", to_string(proof.memory_model)},
                 {"types", json::array()}};
  for (const TableId id : claim.tables) result["tables"].push_back(proof.workload.table(id).name);
  for (const RankId rank : claim.ranks) result["ranks"].push_back(rank.value());
  for (const Table& table : proof.workload.tables) result["spec"].push_back(table_to_json(table));
  for (const ShardingType type : proof.types) result["types"].push_back(to_string(type));
  return result;
}

std::optional<Proof> read_proof(const InputFile& input) {
  const json document = parse_json(input.content, input.name);
  const JsonView view(document, input.name);
  if (!document.is_object() || document.value("schema", json()) != "shardwright.rating/1")
    return {};
  const auto certificate = view.find("certificate");
  if (certificate) return proof_from(*certificate);
  throw InputError(fmt::format(
      "{}: this is what plan --json printed, and it has no \"certificate\": its status is not "
      "infeasible. To check a plan, name the file that plan -o wrote.",
      input.name));
}

std::vector<std::string> check_proof(const Proof& proof) {
  const Problem problem =
      make_problem(proof.workload, proof.topology, proof.memory_model, proof.types);
  const std::string fault = verify(proof.certificate, problem);
  if (fault.empty()) return {};
  return {fmt::format("The certificate '{}' does not hold: {}", to_string(proof.certificate.kind),
                      fault)};
}

}  // namespace shardwright
