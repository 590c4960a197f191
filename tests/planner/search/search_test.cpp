#include "planner/search/search.hpp"

#include "costmodel/errors.hpp"
#include "planner/search/algorithms.hpp"
#include "tests/planner/refusal.hpp"
#include "tests/planner/sample_workload.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

namespace shardwright {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::SizeIs;

SearchOptions options_of(const std::string& algorithm) {
  SearchOptions options;
  options.algorithm = algorithm;
  options.memory_model = MemoryModel::weights;
  return options;
}

SearchResult search(const std::vector<Table>& tables, const Topology& topology,
                    const SearchOptions& options) {
  return search_plan({tables, 4}, topology, ColumnCostModel(), options);
}

// The rank of every shard, in the order of tables and columns.
std::vector<std::int64_t> ranks_of(const SearchResult& result) {
  std::vector<std::int64_t> ranks;
  for (const Shard& shard : result.plan.value().shards) ranks.push_back(shard.rank->value());
  return ranks;
}

std::vector<std::int64_t> widths_of(const SearchResult& result) {
  std::vector<std::int64_t> widths;
  for (const Shard& shard : result.plan.value().shards) widths.push_back(shard.columns());
  return widths;
}

const Topology kRoomy = sample_topology({1'000'000, 1'000'000});

TEST(RoundRobin, TakesTheRanksInTurn) {
  const std::vector<Table> tables(5, sample_table("a", 10, 8));
  EXPECT_THAT(
      ranks_of(search(tables, sample_topology({9999, 9999, 9999}), options_of("round_robin"))),
      ElementsAre(0, 1, 2, 0, 1));
}

TEST(RoundRobin, PassesOverFullRanks) {
  const std::vector<Table> tables(4, sample_table("a", 10, 8));  // 320 bytes each
  EXPECT_THAT(ranks_of(search(tables, sample_topology({640, 320, 640}), options_of("round_robin"))),
              ElementsAre(0, 1, 2, 0));
}

TEST(Random, DependsOnTheSeedAlone) {
  const std::vector<Table> tables(20, sample_table("a", 10, 8));
  SearchOptions options = options_of("random");
  const auto first = ranks_of(search(tables, kRoomy, options));
  EXPECT_EQ(ranks_of(search(tables, kRoomy, options)), first);
  options.seed = 2;
  EXPECT_NE(ranks_of(search(tables, kRoomy, options)), first);
}

// Heaviest first, each to the rank with the smallest sum. Weights by hand:
//              size   dim  lookups  size·lookups
//   a 100 × 8   800     8       80         64000
//   b  10 × 16  160    16       16          2560
//   c  20 × 8   160     8        8          1280
//   d 300 × 4  1200     4        4          4800
const std::vector<Table> kFour = {sample_table("a", 100, 8, 10), sample_table("b", 10, 16, 1),
                                  sample_table("c", 20, 8, 1), sample_table("d", 300, 4, 1)};

TEST(SizeGreedy, BalancesSizes) {
  // d to 0, a to 1, b to 1 (800 < 1200), c to 1 (960 < 1200)
  EXPECT_THAT(ranks_of(search(kFour, kRoomy, options_of("size_greedy"))), ElementsAre(1, 1, 1, 0));
}

TEST(DimGreedy, BalancesDims) {
  // b to 0, a to 1, c to 1 (8 < 16), d to 0 (equal, the lower)
  EXPECT_THAT(ranks_of(search(kFour, kRoomy, options_of("dim_greedy"))), ElementsAre(1, 0, 1, 0));
}

TEST(LookupGreedy, BalancesLookups) {
  // a to 0, b, c, d to 1
  EXPECT_THAT(ranks_of(search(kFour, kRoomy, options_of("lookup_greedy"))),
              ElementsAre(0, 1, 1, 1));
}

TEST(SizeLookupGreedy, BalancesTheirProduct) {
  // a to 0; d, b and c to 1
  EXPECT_THAT(ranks_of(search(kFour, kRoomy, options_of("size_lookup_greedy"))),
              ElementsAre(0, 1, 1, 1));
  // Unlike the lookups alone: x is heavier by lookups, y by the product.
  const std::vector<Table> two = {sample_table("x", 10, 8, 10), sample_table("y", 1000, 8, 5)};
  EXPECT_THAT(ranks_of(search(two, kRoomy, options_of("lookup_greedy"))), ElementsAre(0, 1));
  EXPECT_THAT(ranks_of(search(two, kRoomy, options_of("size_lookup_greedy"))), ElementsAre(1, 0));
}

TEST(GreedyPlanner, HalvesATableThatFitsNowhere) {
  // 640 bytes over ranks of 400: 8 columns take 320.
  const auto result =
      search({sample_table("a", 10, 16)}, sample_topology({400, 400}), options_of("size_greedy"));
  EXPECT_THAT(widths_of(result), ElementsAre(8, 8));
  EXPECT_THAT(ranks_of(result), ElementsAre(0, 1));
  EXPECT_EQ(result.plan->shards[0].type, ShardingType::column_wise);
  EXPECT_THAT(
      result.plan->reasons,
      ElementsAre("1st by size; halved into 2 parts, 640 B fits no rank; the only rank with "
                  "room"));
}

TEST(GreedyPlanner, HalvesOnlyWhatFindsNoRoom) {
  // The first half of a fits rank 0, the second must be halved again.
  const auto result = search({sample_table("a", 10, 16)}, sample_topology({320, 160, 160}),
                             options_of("size_greedy"));
  EXPECT_THAT(widths_of(result), ElementsAre(8, 4, 4));
  EXPECT_THAT(ranks_of(result), ElementsAre(0, 1, 2));
}

TEST(GreedyPlanner, SaysThatRoomRanOut) {
  const auto result = search({sample_table("a", 10, 16), sample_table("b", 10, 12)},
                             sample_topology({640, 320, 200}), options_of("size_greedy"));
  EXPECT_THAT(widths_of(result), ElementsAre(16, 8, 4));
  // a fills rank 0, which had room for b's 480 bytes before.
  EXPECT_THAT(result.plan->reasons[1], HasSubstr("480 B was left on no rank"));
}

TEST(GreedyPlanner, PutsTablesOnTheRanksTheyMayUse) {
  Table pinned = sample_table("a", 10, 16);
  pinned.constraints.ranks = {RankId(1)};
  const auto result = search({pinned}, kRoomy, options_of("size_greedy"));
  EXPECT_THAT(ranks_of(result), ElementsAre(1));
  EXPECT_THAT(result.plan->reasons[0], HasSubstr("the only rank allowed"));
}

TEST(GreedyPlanner, RecordsHowThePlanWasFound) {
  SearchOptions options = options_of("random");
  options.seed = 5;
  const auto result = search(kFour, kRoomy, options);
  EXPECT_EQ(result.termination, Termination::feasible);
  EXPECT_EQ(result.plan->search.algorithm, "random");
  EXPECT_EQ(result.plan->search.seed, 5U);
  EXPECT_EQ(result.plan->search.evaluations, 1);
  EXPECT_EQ(result.plan->search.stopped_by, "work");
}

TEST(GreedyPlanner, PricesThePlanByItsObjective) {
  SearchOptions options = options_of("dim_greedy");
  options.objective = Objective::max_sum;
  const auto result = search(kFour, kRoomy, options);
  EXPECT_EQ(result.plan->cost_ms, 20);  // b and d: 16 + 4 columns
  EXPECT_EQ(result.plan->cost_model, "columns");
  EXPECT_EQ(result.plan->predicted[1].phases.compute_forward_ms, 16);
  EXPECT_EQ(result.plan->predicted[1].memory, Bytes(3200 + 640));
}

TEST(Infeasible, IsProvenByTheTotal) {
  // 640 + 320 bytes, 400 · 2 of room.
  const auto result = search({sample_table("big", 10, 16), sample_table("small", 10, 8)},
                             sample_topology({400, 400}), options_of("size_greedy"));
  EXPECT_FALSE(result.plan);
  EXPECT_EQ(result.termination, Termination::infeasible);
  EXPECT_EQ(result.missing, Bytes(160));
  EXPECT_EQ(result.record.evaluations, 0);
  ASSERT_THAT(result.unplaced, SizeIs(1));
  EXPECT_EQ(result.unplaced[0].table, "small");
  EXPECT_THAT(result.explanation, AllOf(HasSubstr("No plan can exist"),
                                        HasSubstr("0.16 kB are missing"), HasSubstr("'small'")));
}

// A sum must not read as what one rank or one part needs.
TEST(Infeasible, SaysThatATotalIsOne) {
  Table wide = sample_table("wide", 10, 16);
  wide.constraints.max_column_width = 8;  // 2 · 320 bytes
  const auto parts = search({wide}, sample_topology({400, 200}), options_of("size_greedy"));
  EXPECT_THAT(parts.explanation,
              HasSubstr("Table 'wide' needs 0.64 kB in all for 2 parts, but the 2 ranks together "
                        "have 0.6 kB for it:"));
  SearchOptions full = options_of("size_greedy");
  full.memory_model = MemoryModel::full;
  const auto batch = search({sample_table("a", 100, 4)}, sample_topology({500, 500}), full);
  EXPECT_THAT(batch.explanation, HasSubstr("for it beside the batch:"));
}

TEST(Infeasible, IsProvenByOneTable) {
  const auto cut_not_allowed = [] {
    SearchOptions options = options_of("size_greedy");
    options.types = {ShardingType::table_wise};
    return search({sample_table("big", 10, 16)}, sample_topology({400, 400, 400}), options);
  }();
  EXPECT_EQ(cut_not_allowed.termination, Termination::infeasible);
  EXPECT_EQ(cut_not_allowed.missing, Bytes(240));
  EXPECT_THAT(cut_not_allowed.explanation, AllOf(HasSubstr("'big'"), HasSubstr("column_wise")));
  // Four columns of 10 rows take 160 bytes.
  const auto cut = search({sample_table("big", 10, 16)}, sample_topology({159, 159, 159, 159, 159}),
                          options_of("size_greedy"));
  EXPECT_EQ(cut.termination, Termination::infeasible);
  EXPECT_EQ(cut.missing, Bytes(1));
}

TEST(Infeasible, IsProvenByTheBatch) {
  SearchOptions options = options_of("size_greedy");
  options.memory_model = MemoryModel::full;
  // Each rank's 2 samples: 2 · (8 + 4) for ids, the same packed, three times 2 · 4 · 4 for vectors
  // from their owners, put in order, and their gradients = 144.
  const auto result = search({sample_table("a", 1, 4)}, sample_topology({143, 5000}), options);
  EXPECT_EQ(result.termination, Termination::infeasible);
  EXPECT_EQ(result.missing, Bytes(1));
  EXPECT_THAT(result.explanation, AllOf(HasSubstr("Rank 0"), HasSubstr("batch of 4 samples")));
}

// Uncut tables of 160 bytes per 10 rows on ranks of 400: what the search says of them.
SearchResult search_whole(const std::vector<Table>& tables, std::size_t ranks) {
  SearchOptions options = options_of("search");
  options.types = {ShardingType::table_wise};
  options.effort.threads = 1;
  options.find_ways_out = true;
  const auto model = make_cost_model("torchrec");
  return search_plan({tables, 4}, sample_topology(std::vector<std::int64_t>(ranks, 400)), *model,
                     options);
}

TEST(Infeasible, IsProvenByTablesOfWhichNoTwoFitOneRank) {
  const auto result = search_whole(
      {sample_table("a", 15, 4), sample_table("b", 14, 4), sample_table("c", 12, 4)}, 2);
  ASSERT_TRUE(result.proof) << result.explanation;  // 240, 224 and 192 bytes
  EXPECT_EQ(result.proof->certificate.kind, CertificateKind::crowding);
  EXPECT_EQ(result.missing, Bytes(16));
  EXPECT_THAT(result.explanation, HasSubstr("Of the tables 'a', 'b', 'c' no two fit one rank"));
  Table a = sample_table("a", 15, 4);
  Table b = sample_table("b", 14, 4);
  a.constraints.ranks = b.constraints.ranks = {RankId(1)};
  EXPECT_THAT(search_whole({a, b}, 2).explanation,
              HasSubstr("Tables 'a', 'b' cannot both be on rank 1"));
}

// Of 4 columns, which cannot be cut, while rows can.
TEST(Infeasible, IsNotClaimedWhereRowsMayBeCut) {
  const Workload workload{
      {sample_table("a", 15, 4), sample_table("b", 15, 4), sample_table("c", 15, 4)}, 4};
  const Topology topology = sample_topology({400, 400});
  std::vector<ShardingType> types = {ShardingType::table_wise};
  EXPECT_TRUE(prove_infeasible(make_problem(workload, topology, MemoryModel::weights, types)));
  types.push_back(ShardingType::row_wise);
  EXPECT_FALSE(prove_infeasible(make_problem(workload, topology, MemoryModel::weights, types)));
}

TEST(Infeasible, IsProvenByTryingAllPlacements) {
  // 5 · 144 of 800 bytes, but a rank holds only two of them.
  const std::vector<Table> tables = {sample_table("a", 9, 4), sample_table("b", 9, 4),
                                     sample_table("c", 9, 4), sample_table("d", 9, 4),
                                     sample_table("e", 9, 4)};
  const auto result = search_whole(tables, 2);
  ASSERT_TRUE(result.proof) << result.explanation;
  EXPECT_EQ(result.proof->certificate.kind, CertificateKind::exhausted);
  EXPECT_TRUE(search_whole({tables.begin(), tables.begin() + 4}, 2).plan);
}

TEST(Infeasible, TellsTheWaysOut) {
  const std::vector<Table> tables = {sample_table("a", 20, 4), sample_table("b", 18, 4),
                                     sample_table("c", 10, 4)};  // 320, 288 and 160 bytes
  const auto result = search_whole(tables, 2);
  EXPECT_FALSE(result.plan);
  std::vector<std::string> sentences;
  for (const WayOut& way : result.ways_out) sentences.push_back(way.sentence);
  EXPECT_THAT(sentences,
              ElementsAre("1 more rank like these", "1 MB more memory on every rank",
                          "row_wise (--types) for 'a', 'b', 'c'", "bf16 weights for 'a'"));
  EXPECT_THAT(result.explanation, HasSubstr("Any one of these would do: 1 more rank like these;"));
}

TEST(Infeasible, TellsNoWaysOutWhereTimeIsUp) {
  const Workload workload{{sample_table("a", 20, 4), sample_table("b", 18, 4)}, 4};
  const Topology topology = sample_topology({400});
  const std::vector<ShardingType> types = {ShardingType::table_wise};
  const Problem problem = make_problem(workload, topology, MemoryModel::weights, types);
  std::atomic<bool> stop{false};
  EXPECT_FALSE(ways_out(problem, {types, ColumnWidths::any, false, stop}).empty());
  stop = true;
  EXPECT_TRUE(ways_out(problem, {types, ColumnWidths::any, false, stop}).empty());
}

// 'b' must be apart from 'a' on the one rank and from 'c' on the other.
TEST(NoPlanFound, SaysWhereMemoryDoesNotHelp) {
  SearchOptions options = options_of("size_greedy");
  options.types = {ShardingType::table_wise};
  options.find_ways_out = true;
  std::vector<Table> tables = {sample_table("a", 10, 4), sample_table("b", 10, 4),
                               sample_table("c", 10, 4)};
  tables[0].constraints.apart = {"b"};
  tables[1].constraints.apart = {"c"};
  tables[0].constraints.ranks = {RankId(0)};
  tables[2].constraints.ranks = {RankId(1)};
  const auto result = search(tables, sample_topology({4000, 4000}), options);
  EXPECT_FALSE(result.plan);
  EXPECT_THAT(result.explanation, AllOf(HasSubstr("would do with --algorithm search: 1 more rank"),
                                        HasSubstr("More memory alone was not found to help")));
}

// 'big' fits no rank whole, and would be cut for two, were it not for its constraint.
TEST(Infeasible, SaysWhichConstraintIsInTheWay) {
  SearchOptions options = options_of("search");
  options.find_ways_out = true;
  std::vector<Table> tables = {sample_table("big", 10, 64), sample_table("small", 1, 4)};
  for (Table& table : tables) table.constraints.max_shards = 1;
  const auto result = search_plan({tables, 4}, sample_topology({2000, 2000, 2000, 2000}),
                                  *make_cost_model("analytic"), options);
  ASSERT_FALSE(result.plan);
  const auto way = std::find_if(result.ways_out.begin(), result.ways_out.end(),
                                [](const WayOut& one) { return one.kind == "constraint"; });
  ASSERT_NE(way, result.ways_out.end()) << result.explanation;
  EXPECT_EQ(way->constraint, "max_shards");
  EXPECT_EQ(way->tables, std::vector<std::string>{"big"});
  EXPECT_THAT(result.explanation,
              AllOf(HasSubstr("; no constraint max_shards on 'big'"), Not(HasSubstr("more rank"))))
      << "which would not help";
}

// 'large' fits beside one small table, but not where there are two already.
TEST(NoPlanFound, NamesSearchWhereThatFindsAPlan) {
  SearchOptions options = options_of("round_robin");
  options.types = {ShardingType::table_wise};
  options.find_ways_out = true;
  std::vector<Table> tables;
  for (const char* name : {"a", "b", "c", "d"}) tables.push_back(sample_table(name, 10, 4));
  tables.push_back(sample_table("large", 10, 8));
  const auto result = search(tables, sample_topology({480, 480}), options);
  ASSERT_FALSE(result.plan);
  ASSERT_EQ(result.ways_out.size(), 1U) << result.explanation;
  EXPECT_EQ(result.ways_out[0].kind, "algorithm");
  EXPECT_THAT(result.explanation, AllOf(HasSubstr("would do: --algorithm search."),
                                        Not(HasSubstr("More memory alone"))));
}

TEST(NoPlanFound, IsToldApartFromInfeasible) {
  // 160 and 160 and 320 fit {320, 320}, but in turn the small ones go to different ranks.
  SearchOptions options = options_of("round_robin");
  options.types = {ShardingType::table_wise};
  const std::vector<Table> tables = {sample_table("a", 10, 4), sample_table("b", 10, 4),
                                     sample_table("c", 10, 8)};
  const auto result = search(tables, sample_topology({320, 320}), options);
  EXPECT_FALSE(result.plan);
  EXPECT_EQ(result.termination, Termination::no_plan_found);
  EXPECT_EQ(result.missing, Bytes(320));
  EXPECT_THAT(result.explanation, AllOf(HasSubstr("round_robin found no plan"), HasSubstr("'c'")));
  options.algorithm = "size_greedy";
  EXPECT_TRUE(search(tables, sample_topology({320, 320}), options).plan);
}

TEST(NoPlanFound, NamesTheLargestOfManyTables) {
  SearchOptions options = options_of("size_greedy");
  options.types = {ShardingType::table_wise};
  std::vector<Table> tables;
  for (int i = 0; i < 8; ++i) tables.push_back(sample_table(fmt::format("t{}", i), 10 + i, 4));
  const auto result = search(tables, sample_topology({100, 100}), options);
  EXPECT_THAT(result.unplaced, SizeIs(8));
  EXPECT_THAT(result.explanation, AllOf(HasSubstr("'t7' ("), HasSubstr("and 3 more")));
}

TEST(Algorithms, AreChosenByName) {
  EXPECT_THAT(algorithm_names(), IsSupersetOf({"random", "round_robin", "size_greedy", "dim_greedy",
                                               "lookup_greedy", "size_lookup_greedy"}));
  EXPECT_THAT(refusal_of<UsageError>([] { find_algorithm("size_gredy"); }),
              AllOf(HasSubstr("'size_greedy'?"), HasSubstr("round_robin")));
}

TEST(Algorithms, RefuseTypesTheyCannotPlace) {
  SearchOptions options = options_of("dim_greedy");
  options.types = {ShardingType::table_wise, ShardingType::row_wise};
  EXPECT_THAT(refusal_of<UsageError>([&] { search(kFour, kRoomy, options); }),
              AllOf(HasSubstr("dim_greedy cannot place row_wise"), HasSubstr("column_wise")));
}

}  // namespace
}  // namespace shardwright
