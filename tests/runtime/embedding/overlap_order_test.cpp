// When messages leave, beside what is computed.

#include "runtime/comm/thread_communicator.hpp"
#include "tests/runtime/comm/recording_communicator.hpp"
#include "tests/runtime/embedding/synthetic_run.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <vector>

namespace shardwright::synthetic {
namespace {

using Events = std::vector<std::string>;

/// Of a rank's start_forward(), in which each look-up is followed by "advance" if something
/// travels.
Events events_of_look_up(const Plan& plan, Communicator& inner, bool overlap) {
  RecordingCommunicator comm(inner);
  ShardedEmbeddings embeddings(plan, comm, {.overlap = overlap});
  const Batch batch = make_share(plan.workload, 0, comm);
  std::vector<float> pooled(static_cast<std::size_t>(batch.size * embeddings.pooled_columns()));
  embeddings.start_forward(batch, pooled);
  Events events = comm.events();
  const std::size_t exchanges_of_ids = 2;  // counts, ids
  const std::size_t first = positions(events, "start").at(exchanges_of_ids);
  events.erase(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(first));
  embeddings.finish_forward();
  return events;
}

/// Every rank of one node has a part of a table.
Plan parts_on_all_ranks() {
  Plan plan = make_plan({}, Sharding::row_wise, 3, 1);
  for (RankSpec& rank : plan.topology.ranks) rank.node = 0;
  return plan;
}

/// One rank after the other is sent its values, and those for later ones, the own ones last, are
/// looked up in between.
TEST(Overlap, PooledValuesLeaveBeforeTheLastLookUp) {
  const Plan plan = parts_on_all_ranks();
  run_ranks(3, [&](Communicator& comm) {
    const Events events = events_of_look_up(plan, comm, true);
    const std::vector<std::size_t> starts = positions(events, "start");
    ASSERT_EQ(starts.size(), 2U);
    EXPECT_EQ(std::count(events.begin(), events.end(), "advance"),
              std::ssize(events) - std::ssize(starts));
    const auto sends_to = [&](std::size_t round, std::size_t step) {
      const std::size_t peer = (comm.rank().index() + step) % 3;
      const Batch of_peer = make_share_of(plan.workload, 0, 3, static_cast<std::int64_t>(peer));
      EXPECT_EQ(events[starts[round]],
                of_peer.size > 0 ? fmt::format("start {}", peer) : std::string("start"));
      return of_peer.size > 0;
    };
    sends_to(0, 1);
    if (sends_to(1, 2)) {
      EXPECT_GT(starts[1], starts[0] + 1) << "looked up before the first left";
    }
    const Batch own = make_share(plan.workload, 0, comm);
    if (own.size > 0) {
      EXPECT_GT(events.size(), starts[1] + 1) << "own values looked up before";
    }
  });
}

TEST(Overlap, WithoutItAllPooledValuesLeaveAtOnceAfterTheLookUps) {
  const Plan plan = parts_on_all_ranks();
  run_ranks(
      3, [&](Communicator& comm) { EXPECT_EQ(events_of_look_up(plan, comm, false).size(), 1U); });
}

/// Every rank has a third of every table's rows, but of the one that has a single row.
Plan thirds_on_all_ranks() {
  Plan plan;
  plan.topology.ranks.resize(3);
  plan.workload = make_workload({});
  for (std::size_t t = 0; t < plan.workload.tables.size(); ++t) {
    const Table& table = plan.workload.tables[t];
    for (std::int64_t r = 0; r < 3; ++r) {
      const std::int64_t begin = table.rows * r / 3;
      const std::int64_t end = table.rows * (r + 1) / 3;
      if (begin == end) continue;
      plan.shards.push_back(
          {TableId::of(t), ShardingType::row_wise, begin, end, 0, table.dim, RankId{r}});
    }
  }
  return plan;
}

/// Which leave first, to both others at once.
TEST(Overlap, UniqueRowsTravelDuringAllLookUpsOfPooledValues) {
  Plan plan = thirds_on_all_ranks();
  plan.unique_rows = {TableId{0}, TableId{1}};
  const auto has_samples = [&](std::int64_t rank) {
    return make_share_of(plan.workload, 0, 3, rank).size > 0;
  };
  run_ranks(3, [&](Communicator& comm) {
    const Events events = events_of_look_up(plan, comm, true);
    const std::vector<std::size_t> starts = positions(events, "start");
    ASSERT_EQ(starts.size(), 3U);
    EXPECT_EQ(starts[0], 0U);
    EXPECT_EQ(events[1] == "advance", has_samples((comm.rank().value() + 1) % 3));
    EXPECT_EQ(events.back() == "advance", has_samples(comm.rank().value()));
  });
}

/// From the beginning of the exchange of gradients to the end of a step before an announced one.
void record_update(const Plan& plan, RecordingCommunicator& comm, bool clips) {
  ShardedEmbeddings embeddings(plan, comm, {.overlap = true});
  const Batch batch = make_share(plan.workload, 0, comm);
  const Batch next = make_share(plan.workload, 1, comm);
  std::vector<float> pooled(static_cast<std::size_t>(batch.size * embeddings.pooled_columns()));
  embeddings.announce(next);
  embeddings.forward(batch, pooled);
  comm.forget();
  embeddings.start_gradients(pooled);
  embeddings.finish_gradients();
  if (clips) {
    comm.note("squares");
    embeddings.gradient_square_sum();
  }
  comm.note("update");
  embeddings.update(kLearningRate, 1);
}

Events events_of_update(const Plan& plan, Communicator& inner, bool clips = false) {
  RecordingCommunicator comm(inner);
  record_update(plan, comm, clips);
  return comm.events();
}

/// Between the two positions.
std::ptrdiff_t advances(const Events& events, std::size_t begin, std::size_t end) {
  const auto at = [&](std::size_t i) { return events.begin() + static_cast<std::ptrdiff_t>(i); };
  return std::count(at(begin), at(std::max(begin, end)), "advance");
}

TEST(Overlap, GradientsTravelWhileIdsAreSortedAndTheNextIdsUntilRowsAreUpdated) {
  const Plan plan = thirds_on_all_ranks();
  run_ranks(3, [&](Communicator& comm) {
    const Events events = events_of_update(plan, comm);
    const std::size_t update = positions(events, "update").at(0);
    const std::vector<std::size_t> waits = positions(events, "wait");
    ASSERT_EQ(waits.size(), 3U) << "of gradients, to one rank after the other, and of ids";
    EXPECT_GT(advances(events, positions(events, "start").back(), waits[0]), 0);
    EXPECT_LT(waits[1], update);
    EXPECT_GT(advances(events, update, waits[2]), 0);
    EXPECT_EQ(waits[2], events.size() - 1);
  });
}

/// And one more table, which every rank has.
Plan thirds_and_a_replica() {
  Plan plan = thirds_on_all_ranks();
  Table& table = plan.workload.tables.emplace_back(plan.workload.tables.front());
  table.name = "everywhere";
  for (std::string& feature : table.features) feature += " everywhere";
  plan.shards.push_back({TableId::of(plan.workload.tables.size() - 1), ShardingType::data_parallel,
                         0, table.rows, 0, table.dim, std::nullopt});
  return plan;
}

/// To where they are added up while ids are sorted, and back while the ranks' own rows are updated.
TEST(Overlap, GradientsOfTablesThatEveryRankHasTravelBesideThoseOfTheOthers) {
  const Plan plan = thirds_and_a_replica();
  run_ranks(3, [&](Communicator& inner) {
    RecordingCommunicator comm(inner);
    record_update(plan, comm, false);
    const Events& events = comm.events();
    const std::size_t update = positions(events, "update").at(0);
    const std::vector<std::size_t> starts = positions(events, "start");
    ASSERT_EQ(starts.size(), 4U) << "of gradients, to one rank after the other, and of sums";
    const std::vector<std::size_t> waits = positions(events, "wait");
    ASSERT_EQ(waits.size(), 5U) << "of these, and of ids";
    EXPECT_LT(starts[2], waits[0]);
    EXPECT_GT(comm.advances(2), 0) << "on the way to where they are added up";
    EXPECT_LT(starts[3], update);
    EXPECT_GT(comm.advances(3), 0) << "on the way back";
    EXPECT_GT(advances(events, update, waits[3]), 0);
    EXPECT_GT(advances(events, waits[3], waits[4]), 0);
  });
}

/// On all threads, so between their tasks messages move on.
TEST(Overlap, TheNextIdsTravelWhileTheNormOfGradientsIsFound) {
  const Plan plan = thirds_on_all_ranks();
  run_ranks(3, [&](Communicator& comm) {
    const Events events = events_of_update(plan, comm, true);
    EXPECT_GT(
        advances(events, positions(events, "squares").at(0), positions(events, "update").at(0)), 0);
  });
}

/// One sort serves both: each goes once through the rank's tables, and does nothing else.
TEST(Overlap, TheNormOfGradientsAndTheUpdateTakeTheSameSortedIds) {
  const Plan plan = thirds_on_all_ranks();
  run_ranks(3, [&](Communicator& comm) {
    const Events events = events_of_update(plan, comm, true);
    const std::size_t update = positions(events, "update").at(0);
    const std::ptrdiff_t shards =
        std::ranges::count_if(plan.shards, [&](const Shard& s) { return s.on(comm.rank()); });
    EXPECT_EQ(advances(events, positions(events, "squares").at(0), update), shards);
    EXPECT_EQ(advances(events, update, events.size()), shards);
  });
}

/// On two nodes: the rows of a table on both ranks of one, and something whole on every rank.
Plan parts_in_a_node() {
  Plan plan;
  plan.topology.ranks.resize(4);
  for (std::size_t r = 2; r < 4; ++r) plan.topology.ranks[r].node = 1;
  plan.workload = make_workload({});
  const auto add = [&](std::int64_t table, ShardingType type, std::array<std::int64_t, 4> part,
                       std::int64_t rank) {
    plan.shards.push_back({TableId{table}, type, part[0], part[1], part[2], part[3], RankId{rank}});
  };
  add(0, ShardingType::table_row_wise, {0, 1000, 0, 8}, 0);
  add(0, ShardingType::table_row_wise, {1000, 2000, 0, 8}, 1);
  for (std::int64_t r = 0; r < 3; ++r) {
    add(1, ShardingType::column_wise, {0, 37, 4 * r, 4 * r + 4}, r);
  }
  add(2, ShardingType::table_wise, {0, 5, 0, 24}, 3);
  add(3, ShardingType::table_wise, {0, 1, 0, 4}, 3);
  return plan;
}

/// Within a node during all look-ups of whole bags, between nodes during the rank's own; their
/// gradients while ids are sorted.
TEST(Overlap, SumsOfNodesTravelBesideComputing) {
  const Plan plan = parts_in_a_node();
  run_ranks(4, [&](Communicator& inner) {
    RecordingCommunicator comm(inner);
    ShardedEmbeddings embeddings(plan, comm, {.overlap = true});
    const std::int64_t first = 4 * comm.rank().value();
    const Batch batch = make_batch(plan.workload, 0, first, first + 4);
    std::vector<float> pooled(static_cast<std::size_t>(batch.size * embeddings.pooled_columns()));
    embeddings.start_forward(batch, pooled);
    ASSERT_EQ(positions(comm.events(), "start").size(), 7U)
        << "of counts, ids, parts, values to one rank after the other, and sums";
    EXPECT_GT(comm.advances(2), 0) << "parts";
    EXPECT_GT(comm.advances(6), 0) << "sums";
    embeddings.finish_forward();
    comm.forget();
    embeddings.start_gradients(pooled);
    ASSERT_EQ(positions(comm.events(), "start").size(), 4U);
    embeddings.finish_gradients();
    EXPECT_GT(comm.advances(3), 0) << "gradients of parts";
  });
}

/// Each part needs the one before it.
TEST(Overlap, PartsOfAStepHaveTheirOrder) {
  const Plan plan = make_plan({}, Sharding::table_wise, 1, 1);
  run_ranks(1, [&](Communicator& comm) {
    ShardedEmbeddings embeddings(plan, comm, {.overlap = true});
    const Batch batch = make_batch(plan.workload, 0, 0, 4);
    std::vector<float> pooled(static_cast<std::size_t>(4 * embeddings.pooled_columns()));
    EXPECT_THROW(embeddings.finish_forward(), std::logic_error);
    embeddings.start_forward(batch, pooled);
    EXPECT_THROW(embeddings.start_gradients(pooled), std::logic_error) << "no finish_forward()";
    embeddings.finish_forward();
    EXPECT_THROW(embeddings.finish_gradients(), std::logic_error);
    embeddings.start_gradients(pooled);
    embeddings.finish_gradients();
    EXPECT_THROW(embeddings.finish_gradients(), std::logic_error) << "twice";
  });
}

}  // namespace
}  // namespace shardwright::synthetic
