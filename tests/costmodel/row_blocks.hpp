#pragma once

#include "costmodel/changing_prices.hpp"
#include "tests/costmodel/sample_plans.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace shardwright::testing {

/// Tables, some of them not pooled, and up to four nodes of up to four ranks each.
class RowBlocks {
 public:
  explicit RowBlocks(std::uint32_t seed) : random_(seed) {
    for (std::int64_t node = below(4); node >= 0; --node) {
      for (std::int64_t rank = below(4); rank >= 0; --rank) nodes_.push_back(node);
    }
    std::shuffle(nodes_.begin(), nodes_.end(), random_);
    topology_ = sample_topology(1, std::ssize(nodes_));
    for (std::size_t r = 0; r < nodes_.size(); ++r) topology_.ranks[r].node = nodes_[r];
    workload_.batch_size = 1000 + below(1000);
    for (std::int64_t table = below(3); table >= 0; --table) {
      workload_.tables.push_back(
          sample_table(1000, 4 + 4 * below(8), 5, "t" + std::to_string(table)));
      if (below(4) == 0) workload_.tables.back().mode = PoolingMode::none;
    }
  }

  std::int64_t below(std::int64_t end) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint32_t>(end));
  }
  const Workload& workload() const { return workload_; }
  const Topology& topology() const { return topology_; }

  /// Some rows of a table on any rank: row_wise, or of all rows table_wise.
  Shard draw_shard() {
    const std::int64_t table = below(std::ssize(workload_.tables));
    Shard shard = whole(workload_.tables[static_cast<std::size_t>(table)], table,
                        RankId{below(topology_.size())});
    if (below(4) == 0) return shard;
    shard.type = ShardingType::row_wise;
    shard.row_begin = below(500);
    shard.row_end = 500 + below(500);
    return shard;
  }

 private:
  std::mt19937 random_;
  std::vector<std::int64_t> nodes_;
  Workload workload_;
  Topology topology_;
};

inline void expect_near(const PhaseTimes& found, const PhaseTimes& expected) {
  for (const auto phase :
       {&PhaseTimes::comm_input_ms, &PhaseTimes::compute_forward_ms, &PhaseTimes::comm_forward_ms,
        &PhaseTimes::compute_backward_ms, &PhaseTimes::comm_backward_ms}) {
    EXPECT_NEAR(found.*phase, expected.*phase, 1e-9 * expected.*phase + 1e-15);
  }
}

/// Row blocks anywhere, several of a table on a rank or a node too, come and go one by one; what is
/// kept up to date is priced as the model prices all that are there.
inline void expect_same_prices_while_shards_come_and_go(const CostModel& model,
                                                        std::uint32_t seed) {
  RowBlocks draw(seed);
  ChangingPrices prices(model, draw.workload(), draw.topology());
  std::vector<Shard> shards;
  for (int step = 0; step < 30; ++step) {
    if (!shards.empty() && draw.below(5) < 2) {
      const auto gone = shards.begin() + draw.below(std::ssize(shards));
      prices.remove({{*gone}});
      shards.erase(gone);
    } else {
      shards.push_back(draw.draw_shard());
      prices.add({{shards.back()}});
    }
    const auto expected = model.price(draw.workload(), draw.topology(), shards);
    const auto found = prices.times();
    for (std::size_t rank = 0; rank < expected.size(); ++rank) {
      expect_near(found[rank], expected[rank]);
    }
  }
}

}  // namespace shardwright::testing
