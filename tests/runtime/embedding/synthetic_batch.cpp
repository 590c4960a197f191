#include "tests/runtime/embedding/synthetic_batch.hpp"

#include "tests/runtime/embedding/below.hpp"

#include <algorithm>
#include <random>
#include <vector>

namespace shardwright::synthetic {
namespace {

std::uint64_t hash(std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t d) {
  std::uint64_t h = 0x243f6a8885a308d3;
  for (const std::int64_t part : {a, b, c, d}) {
    h = (h ^ static_cast<std::uint64_t>(part)) * 0x9e3779b97f4a7c15;
    h ^= h >> 29;
  }
  return h;
}

/// In [-1, 1), with all the bits that a float has.
float unit(std::uint64_t hash) {
  return static_cast<float>(static_cast<std::int32_t>(hash >> 40)) * 0x1p-23F - 1.0F;
}

std::int64_t bag_length(std::int64_t step, std::int64_t sample, std::int64_t feature) {
  if (feature == 0) return step == 7 && sample == 2 ? 3000 : 1;
  return below(hash(step, sample, feature, -1), 6);
}

void add_bag(Bags& bags, const Table& table, std::int64_t step, std::int64_t sample,
             std::int64_t feature) {
  const std::int64_t length = bag_length(step, sample, feature);
  bags.lengths.push_back(static_cast<std::int32_t>(length));
  for (std::int64_t i = 0; i < length; ++i) {
    bags.ids.push_back(below(hash(step, sample, feature, i), table.rows));
    if (table.weighted) bags.weights.push_back(unit(hash(step, sample, feature, ~i)));
  }
}

/// visit(table, feature) for the features without pooling, in their order.
template <class Visit>
void for_each_unpooled(const Workload& workload, Visit visit) {
  std::size_t feature = 0;
  for (const Table& table : workload.tables) {
    for (std::size_t k = 0; k < table.features.size(); ++k, ++feature) {
      if (table.mode == PoolingMode::none) visit(table, feature);
    }
  }
}

}  // namespace

std::int64_t global_samples(std::int64_t step) { return step == 20 ? 0 : 16 - step % 5; }

Batch make_batch(const Workload& workload, std::int64_t step, std::int64_t begin,
                 std::int64_t end) {
  Batch batch;
  batch.first_sample = begin;
  batch.size = end - begin;
  batch.global_size = global_samples(step);
  std::int64_t feature = 0;
  for (const Table& table : workload.tables) {
    for (std::size_t k = 0; k < table.features.size(); ++k, ++feature) {
      Bags& bags = batch.features.emplace_back();
      for (std::int64_t n = begin; n < end; ++n) add_bag(bags, table, step, n, feature);
    }
  }
  return batch;
}

Batch make_share(const Workload& workload, std::int64_t step, const Communicator& comm) {
  return make_share_of(workload, step, comm.size(), comm.rank().value());
}

Batch make_share_of(const Workload& workload, std::int64_t step, std::int64_t ranks,
                    std::int64_t rank) {
  std::mt19937_64 random(static_cast<std::uint64_t>(step));  // the same on every rank
  const std::int64_t samples = global_samples(step);
  std::vector<std::int64_t> cuts = {0, samples};
  for (std::int64_t r = 1; r < ranks; ++r) cuts.push_back(below(random(), samples + 1));
  std::sort(cuts.begin(), cuts.end());
  const auto self = static_cast<std::size_t>(rank);
  return make_batch(workload, step, cuts[self], cuts[self + 1]);
}

std::vector<float> make_gradient(std::int64_t step, const Batch& batch, std::int64_t columns) {
  std::vector<float> gradient;
  for (std::int64_t n = 0; n < batch.size; ++n) {
    for (std::int64_t c = 0; c < columns; ++c) {
      gradient.push_back(unit(hash(step, batch.first_sample + n, c, -2)));
    }
  }
  return gradient;
}

std::vector<float> make_vector_gradient(const Workload& workload, std::int64_t step,
                                        const Batch& batch) {
  std::vector<float> gradient;
  for_each_unpooled(workload, [&](const Table& table, std::size_t feature) {
    std::int64_t n = batch.first_sample;
    for (const std::int32_t length : batch.features[feature].lengths) {
      for (std::int64_t i = 0; i < length * table.dim; ++i) {
        gradient.push_back(unit(hash(step, n, static_cast<std::int64_t>(feature), i) + 1));
      }
      ++n;
    }
  });
  return gradient;
}

void append_vectors(const Workload& workload, std::int64_t step, const Batch& own,
                    std::span<const float> vectors, std::vector<float>& all) {
  const Batch before = make_batch(workload, step, 0, own.first_sample);
  const Batch whole = make_batch(workload, step, 0, global_samples(step));
  for_each_unpooled(workload, [&](const Table& table, std::size_t feature) {
    const auto floats = [&](const Batch& batch) {
      return batch.features[feature].ids.size() * static_cast<std::size_t>(table.dim);
    };
    const std::size_t begin = all.size();
    all.resize(begin + floats(whole));
    const auto to = all.begin() + static_cast<std::ptrdiff_t>(begin + floats(before));
    std::copy_n(vectors.begin(), floats(own), to);
    vectors = vectors.subspan(floats(own));
  });
}

}  // namespace shardwright::synthetic
