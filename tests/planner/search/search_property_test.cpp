#include "planner/certificate_json.hpp"
#include "planner/check.hpp"
#include "planner/memory_model.hpp"
#include "planner/plan_json.hpp"
#include "planner/search/cuts.hpp"
#include "planner/search/infeasibility.hpp"
#include "planner/search/search.hpp"
#include "tests/planner/random_spec.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace shardwright {
namespace {

const std::vector<std::string> kGreedy = {"random",     "round_robin",   "size_greedy",
                                          "dim_greedy", "lookup_greedy", "size_lookup_greedy"};

SearchOptions random_options() {
  SearchOptions options;
  options.algorithm = *rc::gen::elementOf(kGreedy);
  options.memory_model = *rc::gen::element(MemoryModel::full, MemoryModel::overlap,
                                           MemoryModel::weights, MemoryModel::torchrec);
  options.seed = *rc::gen::arbitrary<std::uint8_t>();
  return options;
}

SearchResult search(const RandomSpec& spec, const SearchOptions& options) {
  return search_plan(spec.workload, spec.topology, ColumnCostModel(), options);
}

// How often every element of `table` is held, counted one by one.
std::set<int> times_held(const Table& table, TableId id, const std::vector<Shard>& shards) {
  const auto dim = static_cast<std::size_t>(table.dim);
  std::vector<int> counts(static_cast<std::size_t>(table.rows) * dim);
  for (const Shard& shard : shards) {
    if (shard.table != id) continue;
    for (auto row = shard.row_begin; row < shard.row_end; ++row) {
      for (auto column = shard.col_begin; column < shard.col_end; ++column) {
        ++counts.at(static_cast<std::size_t>(row) * dim + static_cast<std::size_t>(column));
      }
    }
  }
  return {counts.begin(), counts.end()};
}

RC_GTEST_PROP(SearchProperties, EveryElementIsPlacedOnce, ()) {
  const RandomSpec spec = random_spec();
  const auto result = search(spec, random_options());
  RC_PRE(result.plan.has_value());
  for (std::size_t i = 0; i < spec.workload.tables.size(); ++i) {
    RC_ASSERT(times_held(spec.workload.tables[i], TableId::of(i), result.plan->shards) ==
              std::set<int>{1});
  }
}

RC_GTEST_PROP(SearchProperties, PlansPassTheCheckAndKeepMemory, ()) {
  const RandomSpec spec = random_spec();
  const auto result = search(spec, random_options());
  RC_PRE(result.plan.has_value());
  RC_ASSERT(check_plan(*result.plan) == std::vector<std::string>{});
  for (std::size_t rank = 0; rank < spec.topology.ranks.size(); ++rank) {
    RC_ASSERT(result.plan->predicted[rank].memory <= spec.topology.ranks[rank].memory);
  }
}

RC_GTEST_PROP(SearchProperties, PlansKeepConstraints, ()) {
  const RandomSpec spec = random_spec();
  const auto result = search(spec, random_options());
  RC_PRE(result.plan.has_value());
  std::map<TableId, std::int64_t> counts;
  for (const Shard& shard : result.plan->shards) {
    const Table& table = spec.workload.table(shard.table);
    const TableConstraints& asked = table.constraints;
    ++counts[shard.table];
    RC_ASSERT(shard.columns() % kWidthStep == 0);
    RC_ASSERT((asked.types.empty() || shard.type == asked.types.front()));
    RC_ASSERT((asked.ranks.empty() || std::find(asked.ranks.begin(), asked.ranks.end(),
                                                *shard.rank) != asked.ranks.end()));
    RC_ASSERT(shard.columns() <= asked.max_column_width.value_or(table.dim));
    RC_ASSERT((shard.columns() == table.dim ||
               shard.columns() >= asked.min_column_width.value_or(kWidthStep)));
  }
  for (const auto& [table, count] : counts) {
    RC_ASSERT(count <= spec.workload.table(table).constraints.max_shards.value_or(count));
  }
}

RC_GTEST_PROP(SearchProperties, TheSameSeedGivesTheSamePlan, ()) {
  const RandomSpec spec = random_spec();
  const SearchOptions options = random_options();
  auto first = search(spec, options);
  auto second = search(spec, options);
  RC_ASSERT(first.termination == second.termination);
  RC_ASSERT(first.missing == second.missing);
  RC_PRE(first.plan.has_value());
  first.plan->search.seconds = second.plan->search.seconds = 0;
  RC_ASSERT(plan_to_text(*first.plan) == plan_to_text(*second.plan));
}

RC_GTEST_PROP(SearchProperties, AFailureNamesWhatIsMissing, ()) {
  const RandomSpec spec = random_spec();
  const auto result = search(spec, random_options());
  RC_PRE(!result.plan.has_value());
  RC_ASSERT(result.termination != Termination::feasible);
  RC_ASSERT(result.missing > Bytes(0));
  const std::string name = result.unplaced.empty()       ? "share of the batch"
                           : result.unplaced.size() <= 5 ? result.unplaced.back().table
                                                         : "more";
  RC_ASSERT(result.explanation.find(name) != std::string::npos);
}

RC_GTEST_PROP(SearchProperties, NobodyFindsAPlanThatWasProvenImpossible, ()) {
  const RandomSpec spec = random_spec();
  SearchOptions options = random_options();
  const Problem problem =
      make_problem(spec.workload, spec.topology, options.memory_model, options.types);
  const auto proof = prove_infeasible(problem);
  RC_PRE(proof.has_value());
  RC_ASSERT(proof->missing > Bytes(0));
  for (const std::string& name : kGreedy) {
    options.algorithm = name;
    RC_ASSERT(!search(spec, options).plan.has_value());
  }
}

RC_GTEST_PROP(SearchProperties, CertificatesHoldAndWhatIsWrongWithThemIsFound, ()) {
  const RandomSpec spec = random_spec();
  SearchOptions options = random_options();
  options.find_ways_out = true;
  const auto result = search(spec, options);
  RC_PRE(result.proof.has_value());
  RC_ASSERT(check_proof(*result.proof).empty());
  Proof roomier = *result.proof;
  for (RankSpec& rank : roomier.topology.ranks) rank.memory = Bytes(std::int64_t{1} << 40);
  RC_ASSERT(!check_proof(roomier).empty());
  const bool tried = result.proof->certificate.kind == CertificateKind::exhausted;
  Proof bent = *result.proof;
  bent.certificate.needed += Bytes(1);
  RC_ASSERT(tried || !check_proof(bent).empty());
  bent = *result.proof;
  bent.certificate.ranks.pop_back();
  RC_ASSERT(tried || !check_proof(bent).empty());
}

// Further ranks like those there are, in turn, on nodes of their own.
void add_ranks(Topology& topology, std::int64_t count) {
  std::int64_t nodes = 0;
  for (const RankSpec& rank : topology.ranks) nodes = std::max(nodes, rank.node + 1);
  const std::size_t size = topology.ranks.size();
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    RankSpec rank = topology.ranks[i % size];
    rank.node += nodes * static_cast<std::int64_t>(1 + i / size);
    rank.excluded = false;
    topology.ranks.push_back(rank);
  }
}

RC_GTEST_PROP(SearchProperties, WaysOutLeadOut, ()) {
  const RandomSpec spec = random_spec();
  SearchOptions options = random_options();
  options.find_ways_out = true;
  const auto result = search(spec, options);
  RC_PRE(!result.plan.has_value() && !result.ways_out.empty());
  const WayOut way = *rc::gen::elementOf(result.ways_out);
  RandomSpec changed = spec;
  if (way.kind == "more_memory") {
    for (RankSpec& rank : changed.topology.ranks) rank.memory += Bytes(way.amount);
  } else if (way.kind == "smaller_batch") {
    changed.workload.batch_size = way.amount;
  } else if (way.kind == "bf16") {
    for (Table& table : changed.workload.tables) {
      if (std::count(way.tables.begin(), way.tables.end(), table.name) > 0) {
        table.dtype = DataType::bf16;
      }
    }
  } else if (way.kind == "row_wise") {
    options.types.push_back(ShardingType::row_wise);
  } else {
    RC_ASSERT(way.kind == "more_ranks");
    add_ranks(changed.topology, way.amount);
  }
  options.algorithm = "search";
  options.effort.work_limit = 2'000;
  const auto model = make_cost_model("torchrec");
  RC_ASSERT(search_plan(changed.workload, changed.topology, *model, options).plan.has_value());
}

RC_GTEST_PROP(SearchProperties, PlentyOfMemoryIsAlwaysEnough, ()) {
  RandomSpec spec = random_spec();
  for (RankSpec& rank : spec.topology.ranks) rank.memory = Bytes(std::int64_t{1} << 40);
  RC_ASSERT(search(spec, random_options()).plan.has_value());
}

// The check must find what a search never does: each of these breaks a valid plan.
RC_GTEST_PROP(CheckProperties, BrokenPlansAreFound, ()) {
  RandomSpec spec = random_spec();
  for (RankSpec& rank : spec.topology.ranks) rank.memory = Bytes(std::int64_t{1} << 40);
  Plan plan = search(spec, random_options()).plan.value();
  const auto victim = *rc::gen::inRange<std::size_t>(0, plan.shards.size());
  const int kind = *rc::gen::inRange(0, 6);
  Shard& shard = plan.shards[victim];
  if (kind == 0) plan.shards.push_back(Shard(shard));
  if (kind == 1) plan.shards.erase(plan.shards.begin() + static_cast<std::ptrdiff_t>(victim));
  if (kind == 2) shard.rank = RankId(spec.topology.size());
  if (kind == 3) shard.row_end -= 1;
  if (kind == 4) shard.col_end += 4;
  if (kind == 5) {
    plan.topology.rank(*shard.rank);
    plan.topology.ranks[shard.rank->index()].memory = Bytes(0);
  }
  RC_ASSERT(!check_plan(plan).empty());
}

}  // namespace
}  // namespace shardwright
