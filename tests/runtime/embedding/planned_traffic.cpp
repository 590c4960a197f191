#include "tests/runtime/embedding/planned_traffic.hpp"

#include "costmodel/exchange_traffic.hpp"
#include "costmodel/node_relays.hpp"
#include "costmodel/shard_load.hpp"
#include "planner/unique_rows.hpp"
#include "planner/unique_rows_price.hpp"
#include "tests/runtime/embedding/traffic_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

namespace shardwright::synthetic {
namespace {

constexpr std::int64_t kPeerBytes = 32;   // counts of a batch to another rank
constexpr std::int64_t kUniqueBytes = 4;  // count of a table's different ids
/// To each other rank, for all tables and types: counts, ids; pooled values and rows, and gradients
/// of both; sums of what all ranks have, there and back. Not those of sums within nodes.
constexpr std::int64_t kPeerMessages = 2 + 2 + 2 + 2;

/// What a rank sends in one step.
struct StepBytes {
  double input = 0, output = 0, gradient = 0;
  std::set<RankId> takes_sums = {};  ///< or parts of them
  std::set<RankId> takes_gradients = {};
};

/// What the shard adds to the sums that leave its node, of all that they are: those of the columns
/// of its table by its rows, or, as a row_wise table's rows lie on several nodes, all of the first
/// shard there.
double share_of_sums(const Plan& plan, const Shard& shard) {
  const NodeRelays relays(plan.topology);
  const auto is_beside = [&](const Shard& other) {
    return other.table == shard.table && relays.node(*other.rank) == relays.node(*shard.rank);
  };
  if (shard.type != ShardingType::row_wise) {
    return static_cast<double>(shard.rows()) /
           static_cast<double>(plan.workload.table(shard.table).rows);
  }
  return *std::find_if(plan.shards.begin(), plan.shards.end(), is_beside) == shard ? 1 : 0;
}

/// Parts go to the sample's relay on the owner's node, and sums from there to the sample's rank;
/// gradients come back.
void add_summed_bytes(const Plan& plan, const Shard& shard, RankId rank,
                      const std::function<double(RankId)>& output, StepBytes& bytes) {
  const NodeRelays relays(plan.topology);
  const RankId owner = shard.rank.value();
  const double share = share_of_sums(plan, shard);
  const auto send = [&](RankId from, RankId to, double size, double& sent,
                        std::set<RankId>& takes) {
    if (from != rank || to == rank || size <= 0) return;
    sent += size;
    takes.insert(to);
  };
  for (std::size_t r = 0; r < plan.topology.ranks.size(); ++r) {
    const RankId sample = RankId::of(r);
    const RankId relay = relays.relay(relays.node(owner), sample);
    send(owner, relay, output(sample), bytes.output, bytes.takes_sums);
    send(relay, sample, share * output(sample), bytes.output, bytes.takes_sums);
    send(sample, relay, share * output(sample), bytes.gradient, bytes.takes_gradients);
    send(relay, owner, output(sample), bytes.gradient, bytes.takes_gradients);
  }
}

/// Straight from and to the rank of the shard.
void add_owned_bytes(const Plan& plan, const Shard& shard, RankId rank,
                     const std::function<double(RankId)>& output, StepBytes& bytes) {
  if (!shard.on(rank)) {
    bytes.gradient += output(rank);
    return;
  }
  for (std::size_t peer = 0; peer < plan.topology.ranks.size(); ++peer) {
    if (RankId::of(peer) != rank) bytes.output += output(RankId::of(peer));
  }
}

/// By the formulas that plans are priced with (costmodel/shard_load.hpp). A rank names every row of
/// a table that is exchanged as distinct rows, however many samples it has.
void add_planned_bytes(const Plan& plan, const Workload& exchanged, const Shard& shard, RankId rank,
                       StepBytes& bytes) {
  const bool unique = sends_unique_rows(plan, shard.table);
  const Table& table = exchanged.table(shard.table);
  const auto load = [&](RankId of) {
    const std::int64_t samples = unique ? kMeanSamples : samples_of(of.value());
    return load_of(table, shard, static_cast<double>(samples), 0);
  };
  if (!shard.rank) {
    const auto ranks = static_cast<double>(plan.topology.size());
    bytes.gradient += 2 * (ranks - 1) / ranks * replicated_gradient_bytes(shard);
    return;
  }
  if (!shard.on(rank)) {
    bytes.input += input_message_bytes(table, load(rank)) + (unique ? kUniqueBytes : 0);
  }
  const bool in_nodes =
      num_nodes(plan.topology) > 1 && reduces_in_node(table, shard, row_wise_sums(plan.topology));
  const auto add_outputs = in_nodes ? add_summed_bytes : add_owned_bytes;
  add_outputs(
      plan, shard, rank, [&](RankId of) { return output_message_bytes(shard, load(of)); }, bytes);
}

StepBytes planned_bytes(const Plan& plan, std::int64_t rank) {
  const Workload exchanged = workload_as_exchanged(plan);
  StepBytes bytes;
  bytes.input = static_cast<double>(kPeerBytes * (plan.topology.size() - 1));
  for (const Shard& shard : plan.shards) {
    add_planned_bytes(plan, exchanged, shard, RankId{rank}, bytes);
  }
  return bytes;
}

}  // namespace

void expect_planned_bytes(Communicator& comm, std::int64_t nodes) {
  const Plan plan = plan_of_everything(comm.size(), nodes);
  const TrafficSent before = comm.traffic();
  const EmbeddingPhases phases = traffic_step(plan, comm);
  const TrafficSent after = comm.traffic();
  const StepBytes expected = planned_bytes(plan, comm.rank().value());
  EXPECT_EQ(phases.input_bytes, std::llround(expected.input));
  EXPECT_EQ(phases.output_bytes, std::llround(expected.output));
  EXPECT_EQ(phases.gradient_bytes, std::llround(expected.gradient));
  EXPECT_EQ(after.bytes_sent - before.bytes_sent,
            phases.input_bytes + phases.output_bytes + phases.gradient_bytes);
  EXPECT_EQ(after.messages_sent - before.messages_sent, kPeerMessages * (comm.size() - 1) +
                                                            std::ssize(expected.takes_sums) +
                                                            std::ssize(expected.takes_gradients));
}

}  // namespace shardwright::synthetic
