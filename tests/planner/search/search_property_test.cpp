#include "planner/certificate_json.hpp"
#include "planner/check.hpp"
#include "planner/memory_model.hpp"
#include "planner/plan_json.hpp"
#include "planner/search/cuts.hpp"
#include "planner/search/infeasibility.hpp"
#include "planner/search/loosening.hpp"
#include "planner/search/search.hpp"
#include "tests/planner/random_spec.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace shardwright {
namespace {

const std::vector<std::string> kGreedy = {"random",     "round_robin",   "size_greedy",
                                          "dim_greedy", "lookup_greedy", "size_lookup_greedy"};

const std::vector<ShardingType> kAllTypes{kAllShardingTypes.begin(), kAllShardingTypes.end()};

SearchOptions random_options() {
  SearchOptions options;
  options.algorithm = *rc::gen::elementOf(kGreedy);
  options.memory_model = *rc::gen::element(MemoryModel::full, MemoryModel::overlap,
                                           MemoryModel::weights, MemoryModel::torchrec);
  options.seed = *rc::gen::arbitrary<std::uint8_t>();
  return options;
}

// A greedy algorithm with its types, or as often the search with those or all.
SearchOptions random_search() {
  SearchOptions options = random_options();
  if (*rc::gen::arbitrary<bool>()) return options;
  options.algorithm = "search";
  options.effort.work_limit = 300;
  options.effort.threads = 1;
  if (*rc::gen::inRange(0, 4) > 0) options.types = kAllTypes;
  return options;
}

const CostModel& cost_model(const std::string& name = "analytic") {
  static std::map<std::string, std::unique_ptr<CostModel>> models;
  auto& model = models[name];
  if (!model) model = make_cost_model(name);
  return *model;
}

SearchResult search(const RandomSpec& spec, const SearchOptions& options) {
  return search_plan(spec.workload, spec.topology, cost_model(), options);
}

// Nothing if tables contradict each other, or the cost model's shapes are not theirs.
std::optional<SearchResult> search_unless_contradicting(const RandomSpec& spec,
                                                        const SearchOptions& options,
                                                        const std::string& model) {
  try {
    return search_plan(spec.workload, spec.topology, cost_model(model), options);
  } catch (const Contradiction&) {
    return {};
  }
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
  const SearchOptions options = random_search();
  const RandomSpec spec = random_spec({.types = options.types});
  const auto result = search(spec, options);
  RC_PRE(result.plan.has_value());
  for (std::size_t i = 0; i < spec.workload.tables.size(); ++i) {
    RC_ASSERT(times_held(spec.workload.tables[i], TableId::of(i), result.plan->shards) ==
              std::set<int>{1});
  }
}

RC_GTEST_PROP(SearchProperties, PlansPassTheCheckAndKeepMemory, ()) {
  const SearchOptions options = random_search();
  const RandomSpec spec = random_spec({.types = options.types});
  const auto result = search(spec, options);
  RC_PRE(result.plan.has_value());
  RC_ASSERT(check_plan(*result.plan) == std::vector<std::string>{});
  for (std::size_t rank = 0; rank < spec.topology.ranks.size(); ++rank) {
    RC_ASSERT(result.plan->predicted[rank].memory <= spec.topology.ranks[rank].memory);
  }
}

std::set<std::int64_t> ranks_of(const Plan& plan, const std::string& table) {
  std::set<std::int64_t> ranks;
  for (const Shard& shard : plan.shards) {
    if (plan.workload.table(shard.table).name != table) continue;
    for (std::int64_t rank = 0; rank < plan.topology.size(); ++rank) {
      if (shard.on(RankId(rank))) ranks.insert(rank);
    }
  }
  return ranks;
}

void expect_companions(const Plan& plan, const Table& table) {
  const std::set<std::int64_t> own = ranks_of(plan, table.name);
  for (const std::string& other : table.constraints.together) {
    RC_ASSERT(own.size() == 1U);
    RC_ASSERT(ranks_of(plan, other) == own);
  }
  for (const std::string& other : table.constraints.apart) {
    for (const std::int64_t rank : ranks_of(plan, other)) RC_ASSERT(!own.contains(rank));
  }
}

RC_GTEST_PROP(SearchProperties, PlansKeepConstraints, ()) {
  const SearchOptions options = random_search();
  RandomSpec spec = random_spec({.types = options.types, .companions = true, .most_percent = 3000});
  spec.topology.ranks.back().excluded = *rc::gen::inRange(0, 4) == 0;
  const auto result = search_unless_contradicting(spec, options, "analytic");
  const bool has_plan = result && result->plan.has_value();  // in RC_PRE && looks at both sides
  RC_PRE(has_plan);
  std::map<TableId, std::int64_t> counts;
  for (const Shard& shard : result->plan->shards) {
    const Table& table = spec.workload.table(shard.table);
    const TableConstraints& asked = table.constraints;
    ++counts[shard.table];
    RC_ASSERT(shard.columns() % kWidthStep == 0);
    RC_ASSERT((asked.types.empty() || contains(asked.types, shard.type)));
    RC_ASSERT(shard.columns() <= asked.max_column_width.value_or(table.dim));
    RC_ASSERT((shard.columns() == table.dim ||
               shard.columns() >= asked.min_column_width.value_or(kWidthStep)));
  }
  for (const auto& [id, count] : counts) {
    const Table& table = spec.workload.table(id);
    RC_ASSERT(count <= table.constraints.max_shards.value_or(count));
    const auto& allowed = table.constraints.ranks;
    for (const std::int64_t rank : ranks_of(*result->plan, table.name)) {
      RC_ASSERT((allowed.empty() ||
                 std::find(allowed.begin(), allowed.end(), RankId(rank)) != allowed.end()));
      RC_ASSERT(!spec.topology.rank(RankId(rank)).excluded);
    }
    expect_companions(*result->plan, table);
  }
}

RC_GTEST_PROP(SearchProperties, TheSameSeedGivesTheSamePlan, ()) {
  const SearchOptions options = random_search();
  const RandomSpec spec = random_spec({.types = options.types});
  auto first = search(spec, options);
  auto second = search(spec, options);
  RC_ASSERT(first.termination == second.termination);
  RC_ASSERT(first.missing == second.missing);
  RC_PRE(first.plan.has_value());
  first.plan->search.seconds = second.plan->search.seconds = 0;
  RC_ASSERT(plan_to_text(*first.plan) == plan_to_text(*second.plan));
}

RC_GTEST_PROP(SearchProperties, AFailureNamesWhatIsMissing, ()) {
  const SearchOptions options = random_search();
  const RandomSpec spec = random_spec({.types = options.types, .most_percent = 250});
  const auto result = search(spec, options);
  RC_PRE(!result.plan.has_value());
  RC_ASSERT(result.termination != Termination::feasible);
  RC_ASSERT(result.missing > Bytes(0));
  const std::string name = result.unplaced.empty()       ? "share of the batch"
                           : result.unplaced.size() <= 5 ? result.unplaced.back().table
                                                         : "more";
  RC_ASSERT(result.explanation.find(name) != std::string::npos);
}

RC_GTEST_PROP(SearchProperties, NobodyFindsAPlanThatWasProvenImpossible, ()) {
  SearchOptions options = random_search();
  const RandomSpec spec = random_spec({.types = options.types, .most_percent = 250});
  const Problem problem =
      make_problem(spec.workload, spec.topology, options.memory_model, options.types);
  const auto proof = prove_infeasible(problem);
  RC_PRE(proof.has_value());
  RC_ASSERT(proof->missing > Bytes(0));
  if (options.algorithm == "search") {
    RC_ASSERT(!search(spec, options).plan.has_value());
    return;
  }
  for (const std::string& name : kGreedy) {
    options.algorithm = name;
    RC_ASSERT(!search(spec, options).plan.has_value());
  }
}

RC_GTEST_PROP(SearchProperties, CertificatesHoldAndWhatIsWrongWithThemIsFound, ()) {
  SearchOptions options = random_search();
  const RandomSpec spec = random_spec({.types = options.types, .most_percent = 250});
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

// The spec after the way out; row_wise is for `options`.
RandomSpec after(const WayOut& way, RandomSpec spec, SearchOptions& options) {
  const auto change = [&](const auto& how) {
    for (Table& table : spec.workload.tables) {
      if (std::count(way.tables.begin(), way.tables.end(), table.name) > 0) how(table);
    }
  };
  if (way.kind == "more_memory") {
    for (RankSpec& rank : spec.topology.ranks) rank.memory += Bytes(way.amount);
  } else if (way.kind == "smaller_batch") {
    spec.workload.batch_size = way.amount;
  } else if (way.kind == "bf16") {
    change([](Table& table) { table.dtype = DataType::bf16; });
  } else if (way.kind == "constraint") {
    change([&](Table& table) { drop_constraint(way.constraint, table.constraints); });
  } else if (way.kind == "row_wise") {
    options.types.push_back(ShardingType::row_wise);
  } else {
    RC_ASSERT((way.kind == "more_ranks" || way.kind == "algorithm"));
    if (way.kind == "more_ranks") add_ranks(spec.topology, way.amount);
  }
  return spec;
}

// Excludes some ranks, and reserves a part of the memory of others.
void take_ranks_away(Topology& topology) {
  if (*rc::gen::arbitrary<bool>()) return;
  for (RankSpec& rank : topology.ranks) {
    rank.excluded = *rc::gen::inRange(0, 4) == 0;
    if (*rc::gen::inRange(0, 4) == 0) {
      rank.reserved = Bytes(*rc::gen::inRange<std::int64_t>(0, rank.memory.value() + 1));
    }
  }
}

// Each of them, also where the search that follows has little work to spend.
RC_GTEST_PROP(SearchProperties, WaysOutLeadOut, ()) {
  SearchOptions options = random_search();
  RandomSpec spec = random_spec(
      {.types = options.types, .companions = *rc::gen::arbitrary<bool>(), .most_percent = 160});
  take_ranks_away(spec.topology);
  const std::string model = *rc::gen::element<std::string>("analytic", "torchrec");
  options.find_ways_out = true;
  if (options.algorithm == "search" && *rc::gen::inRange(0, 4) == 0) {
    options.column_widths = ColumnWidths::equal;
  }
  const auto result = search_unless_contradicting(spec, options, model);
  const bool has_ways_out = result && !result->plan.has_value() && !result->ways_out.empty();
  RC_PRE(has_ways_out);
  for (const WayOut& way : result->ways_out) {
    SearchOptions later = options;
    later.algorithm = "search";
    later.effort.work_limit = 300;
    const RandomSpec changed = after(way, spec, later);
    const auto found = search_plan(changed.workload, changed.topology, cost_model(model), later);
    RC_LOG() << way.kind << " " << way.sentence << " after " << options.algorithm << "\n";
    RC_ASSERT(found.plan.has_value());
  }
}

RC_GTEST_PROP(SearchProperties, PlentyOfMemoryIsAlwaysEnough, ()) {
  const SearchOptions options = random_search();
  RandomSpec spec = random_spec({.types = options.types});
  for (RankSpec& rank : spec.topology.ranks) rank.memory = Bytes(std::int64_t{1} << 40);
  RC_ASSERT(search(spec, options).plan.has_value());
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
