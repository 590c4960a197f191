#include "planner/search/local/layout.hpp"

#include "costmodel/json/write_file.hpp"
#include "costmodel/neural/comm_model_json.hpp"
#include "costmodel/neural/pretrained.hpp"
#include "planner/memory_model.hpp"
#include "planner/search/local/deal.hpp"
#include "planner/search/local/reshape.hpp"
#include "tests/planner/search/random_problems.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace shardwright {
namespace {

using testing::Draw;

const std::vector<ShardingType> kTypes = {kAllShardingTypes.begin(), kAllShardingTypes.end()};

// A random step: a table changes its type, or a piece moves, is split, or grows by a sibling.
Change draw_change(const Layout& layout, RandomStream& random) {
  const SearchSpace& space = layout.space();
  const auto rank = [&] { return static_cast<std::int32_t>(random.below(space.num_ranks())); };
  const auto table = static_cast<std::int32_t>(random.below(space.num_tables()));
  const auto ids = layout.of_table(table);
  const PieceId id = ids[random.below(ids.size())];
  Change change;
  if (random.below(2) == 0 || !space.keeps_rows(layout.piece(id))) {
    while (!draw_reshape(layout, 0, table, random, change)) change.clear();
    return change;
  }
  change.removed = {id};
  Piece piece = layout.piece(id);
  if (ids.size() > 1 && random.below(3) == 0) {
    const PieceId other = ids[id == ids[0] ? 1 : 0];
    change.removed.push_back(other);
    piece.width += layout.piece(other).width;
  } else if (piece.width > 4 && random.below(2) == 0) {
    const auto width = static_cast<std::int32_t>(
        4 * (1 + random.below(static_cast<std::size_t>(piece.width) / 4 - 1)));
    change.added.push_back({table, width, rank()});
    piece.width -= width;
  }
  piece.rank = rank();
  change.added.push_back(piece);
  return change;
}

void expect_near(double expected, double actual) {
  EXPECT_NEAR(actual, expected, 1e-9 * std::abs(expected) + 1e-15);
}

void expect_same_prices(const Layout& layout, const CostModel& model) {
  const Problem& problem = layout.space().problem();
  const auto shards = deal(layout.space(), layout.pieces());
  const auto expected = model.price(problem.workload, problem.topology, shards);
  for (std::size_t rank = 0; rank < expected.size(); ++rank) {
    const PhaseTimes actual = layout.times(static_cast<std::int32_t>(rank));
    expect_near(expected[rank].comm_input_ms, actual.comm_input_ms);
    expect_near(expected[rank].compute_forward_ms, actual.compute_forward_ms);
    expect_near(expected[rank].comm_forward_ms, actual.comm_forward_ms);
    expect_near(expected[rank].compute_backward_ms, actual.compute_backward_ms);
    expect_near(expected[rank].comm_backward_ms, actual.comm_backward_ms);
  }
  if (layout.space().objective() != Objective::memory) {
    expect_near(step_cost_ms(expected, layout.space().objective()), layout.cost());
  }
  const auto memory =
      memory_of_ranks(problem.memory_model, problem.workload, problem.topology, shards);
  for (std::size_t rank = 0; rank < memory.size(); ++rank) {
    EXPECT_EQ(problem.topology.ranks[rank].memory - memory[rank].total(),
              Bytes(layout.room_left(static_cast<std::int32_t>(rank))));
  }
}

void expect_shapes_survive_dealing(const Layout& layout) {
  const auto shards = deal(layout.space(), layout.pieces());
  const auto pieces = pieces_of(layout.space(), shards);
  ASSERT_TRUE(pieces);
  EXPECT_EQ(deal(layout.space(), *pieces), shards);
}

void start_on_rank_0(Layout& layout) {
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < layout.space().num_tables(); ++i) {
    const auto table = static_cast<std::int32_t>(i);
    pieces.push_back({table, layout.space().dim(table), 0});
  }
  layout.assign(pieces);
}

void walk(const std::string& model_name, Objective objective, std::uint64_t seed) {
  RandomStream random(seed, 0);
  const Workload workload = testing::draw_workload(random, {.most_tables = 8});
  const Topology topology = testing::draw_topology_for(model_name, random);
  const auto model = make_cost_model(model_name);
  const auto memory_model = static_cast<MemoryModel>(random.below(4));
  const Problem problem = make_problem(workload, topology, memory_model, kTypes);
  const auto pricer = model->rank_pricer(workload, topology);
  const SearchSpace space(problem, *pricer, objective, ColumnWidths::any);
  Layout layout(space);
  start_on_rank_0(layout);
  expect_same_prices(layout, *model);
  for (int step = 0; step < 12; ++step) {
    for (int draw = 0; draw < 4; ++draw) {
      if (!layout.apply(draw_change(layout, random))) continue;
      random.below(2) == 0 ? layout.keep() : layout.undo();
    }
    expect_same_prices(layout, *model);
    expect_shapes_survive_dealing(layout);
  }
}

TEST(Layout, PricesEveryWalkAsTheAnalyticModelDoes) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(seed);
    walk("analytic", seed % 2 == 0 ? Objective::step : Objective::max_sum, seed);
    if (HasFailure()) break;
  }
}

TEST(Layout, PricesEveryWalkAsTorchrecDoes) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(seed);
    walk("torchrec", seed % 2 == 0 ? Objective::step : Objective::max_sum, seed);
    if (HasFailure()) break;
  }
}

TEST(Layout, PricesEveryWalkAsFittedModelsDo) {
  for (std::uint64_t seed = 0; seed < 25; ++seed) {
    SCOPED_TRACE(seed);
    const Objective objective = seed % 2 == 0 ? Objective::step : Objective::max_sum;
    for (const char* name : {"cpu-epyc9004-compute", "nccl-h100", testing::kFittedModels}) {
      walk(name, objective, seed);
    }
    if (HasFailure()) break;
  }
}

// Of a GPU's collectives, and of some that are of samples.
std::string file_with(std::span<const CollectiveKind> kinds) {
  CommModel model = load_pretrained("nccl-h100");
  for (const CollectiveKind kind : kinds) {
    const std::string name(to_string(kind));
    model.training.operations.insert(name);
    model.effects.front().curves[name] = model.effects.front().curves.at("all_to_all");
  }
  const std::string file = fmt::format("{}/layout_test_nccl_{}_{}.json", ::testing::TempDir(),
                                       to_string(kinds.front()), ::getpid());
  write_file(file, comm_model_to_json(model));
  return file;
}

void walk_by(const std::string& file) {
  for (std::uint64_t seed = 0; seed < 25; ++seed) {
    SCOPED_TRACE(seed);
    walk(file, seed % 2 == 0 ? Objective::step : Objective::max_sum, seed);
    if (::testing::Test::HasFailure()) break;
  }
  std::filesystem::remove(file);
}

TEST(Layout, PricesEveryWalkAsAModelWithLocalWorkDoes) { walk_by(file_with(kLocalWork)); }

TEST(Layout, PricesEveryWalkAsAModelOfExchangesInPlaceDoes) { walk_by(file_with(kInPlace)); }

std::string file_of_several_nodes() {
  CommModel model = load_pretrained("nccl-h100");
  model.training.nodes.most = 3;
  const std::string file =
      fmt::format("{}/layout_test_nodes_{}.json", ::testing::TempDir(), ::getpid());
  write_file(file, comm_model_to_json(model));
  return file;
}

TEST(Layout, PricesEveryWalkAsACommunicationModelOfSeveralNodesDoes) {
  walk_by(file_of_several_nodes());
}

TEST(Layout, UndoLeavesNoTrace) {
  RandomStream random(7, 0);
  const Workload workload = testing::draw_workload(random, {});
  const Topology topology = read_topology("2x3xH100-80GB");
  const auto model = make_cost_model("analytic");
  const Problem problem = make_problem(workload, topology, MemoryModel::full, kTypes);
  const auto pricer = model->rank_pricer(workload, topology);
  const SearchSpace space(problem, *pricer, Objective::step, ColumnWidths::any);
  Layout layout(space);
  start_on_rank_0(layout);
  const double cost = layout.cost();
  const double balance = layout.balance();
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(layout.apply(draw_change(layout, random)));
    layout.undo();
    EXPECT_EQ(layout.cost(), cost);
    EXPECT_EQ(layout.balance(), balance);
  }
}

TEST(Layout, RefusesWhatOverfillsARank) {
  RandomStream random(3, 0);
  Workload workload;
  workload.batch_size = 1;
  workload.tables = {testing::draw_table(random, "a", {}), testing::draw_table(random, "b", {})};
  for (Table& table : workload.tables) {
    table.rows = 1'000'000;
    table.dim = 64;
    table.dtype = DataType::fp32;
  }
  Topology topology = read_topology("2xcpu-1GiB");
  for (RankSpec& rank : topology.ranks) rank.memory = Bytes(300'000'000);
  const auto model = make_cost_model("torchrec");
  const Problem problem = make_problem(workload, topology, MemoryModel::weights, kTypes);
  const auto pricer = model->rank_pricer(workload, topology);
  const SearchSpace space(problem, *pricer, Objective::step, ColumnWidths::any);
  Layout layout(space);
  layout.assign(std::vector<Piece>{{0, 64, 0}, {1, 64, 1}});
  EXPECT_FALSE(layout.apply({{layout.of_table(0)[0]}, {{0, 64, 1}}}));
  EXPECT_TRUE(layout.apply({{layout.of_table(0)[0]}, {{0, 56, 0}, {0, 8, 1}}}));
  layout.keep();
  EXPECT_EQ(layout.room_left(1), 300'000'000 - 4 * 72 * 1'000'000);
}

}  // namespace
}  // namespace shardwright
