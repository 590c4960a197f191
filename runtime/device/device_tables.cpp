#include "runtime/device/device_tables.hpp"

#include "costmodel/errors.hpp"
#include "runtime/device/bag_upload.hpp"
#include "runtime/device/block_ranges.cuh"
#include "runtime/device/device_shard.hpp"
#include "runtime/device/lookup_kernel.cuh"
#include "runtime/device/rank_layout.hpp"
#include "runtime/device/row_sort.cuh"
#include "runtime/device/update_kernel.cuh"
#include "runtime/exchange/row_square_sums.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

namespace shardwright {
namespace {

/// Sorting and updates for one way to write down an id's bag.
template <class Value>
struct Backward {
  explicit Backward(DeviceStream stream) : sorter(stream), rows(stream) {}
  RowSort<Value> sorter;
  RowUpdate<Value> rows;
  SortedIds<Value> ids;
};

std::vector<DeviceShard> make_shards(const OwnerLayout& owner, const Workload& workload,
                                     const OptimizerSettings& settings, std::uint64_t seed,
                                     DeviceStream stream) {
  std::vector<DeviceShard> shards;
  shards.reserve(owner.shards.size());
  for (const Shard& shard : owner.shards) {
    shards.emplace_back(workload.table(shard.table), shard, settings, seed, stream);
  }
  return shards;
}

std::variant<Backward<std::uint32_t>, Backward<BagAndCoefficient>> make_backward(
    bool has_coefficients, DeviceStream stream) {
  if (has_coefficients) return Backward<BagAndCoefficient>(stream);
  return Backward<std::uint32_t>(stream);
}

}  // namespace

struct DeviceTables::State {
  State(const ExchangeLayout& whole, const Workload& tables, const OptimizerSettings& chosen,
        RankId self, std::uint64_t seed, DeviceStream in_stream)
      : layout(whole),
        owner(whole.owners[self.index()]),
        workload(tables),
        settings(chosen),
        stream(in_stream),
        shards(make_shards(owner, tables, chosen, seed, in_stream)),
        host(make_rank_layout(owner, tables, chosen, shards)),
        square_sums(whole, tables, self),
        upload(in_stream),
        backward(make_backward(host.has_coefficients, in_stream)),
        matrix(in_stream, "pooled embeddings"),
        squares(in_stream, "squares of gradients"),
        block_firsts(in_stream, "groups of blocks"),
        square_sum(in_stream, "a sum of squares") {
    for (std::size_t b = 0; b < host.blocks.size(); ++b) {
      host.blocks[b].shares_squares = square_sums.needed(b);
    }
    blocks = uploaded(host.blocks, stream, "blocks of rows");
    pieces = uploaded(host.pieces, stream, "pieces of shards");
    features = uploaded(host.features, stream, "features");
    slots = uploaded(host.slots, stream, "look-ups");
    row_bases = uploaded(host.row_bases, stream, "row numbers");
    bad_id = uploaded(std::vector<BadId>(1), stream, "the first illegal id");
    bad_id_seen.resize(1);
  }

  std::int64_t place_warps(std::int64_t samples);
  void look_up(const DeviceBags& batch);
  void require_legal_ids();
  [[noreturn]] void refuse_id(std::int64_t position) const;
  UpdateTables update_tables() const;
  void sum_runs();
  void find_block_ranges();
  template <class Visit>
  void for_shared_blocks(Visit visit);

  const ExchangeLayout& layout;
  const OwnerLayout& owner;
  const Workload& workload;
  const OptimizerSettings& settings;
  DeviceStream stream;
  std::vector<DeviceShard> shards;
  RankLayout host;
  RowSquareSums square_sums;
  BagUpload upload;
  std::variant<Backward<std::uint32_t>, Backward<BagAndCoefficient>> backward;
  DeviceArray<DeviceBlock> blocks;
  DeviceArray<DevicePiece> pieces;
  DeviceArray<DeviceFeature> features;
  DeviceArray<LookupSlot> slots;
  DeviceArray<std::int64_t> row_bases;
  DeviceArray<BadId> bad_id;
  PinnedArray<BadId> bad_id_seen;
  DeviceEvent looked_up;
  std::vector<std::int64_t> host_first_warps;
  DeviceArray<std::int64_t> first_warps;
  std::int64_t num_warps = 0;
  std::int64_t samples_of_warps = -1;  ///< for which first_warps are
  DeviceBags bags;
  DeviceArray<float> matrix;
  DeviceArray<double> squares;  ///< per different row
  DeviceArray<std::uint32_t> block_firsts;
  DeviceArray<double> square_sum;
  bool has_runs = false;              ///< whether long runs of this batch's ids have been summed
  std::vector<std::uint32_t> firsts;  ///< different rows before each block, and all
};

/// Which warps look up which slot; made anew when the number of samples changes.
std::int64_t DeviceTables::State::place_warps(std::int64_t samples) {
  if (samples == samples_of_warps) return num_warps;
  host_first_warps.clear();
  num_warps = 0;
  for (const LookupSlot& slot : host.slots) {
    host_first_warps.push_back(num_warps);
    num_warps += warps_for(slot, samples);
  }
  first_warps = uploaded(host_first_warps, stream, "look-ups");
  samples_of_warps = samples;
  return num_warps;
}

void DeviceTables::State::look_up(const DeviceBags& batch) {
  bags = batch;
  matrix.resize(static_cast<std::size_t>(bags.samples * owner.columns));
  Lookup lookup;
  lookup.num_warps = place_warps(bags.samples);
  lookup.slots = slots.data();
  lookup.first_warps = first_warps.data();
  lookup.num_slots = std::ssize(host.slots);
  lookup.bags = bags;
  lookup.matrix = matrix.data();
  lookup.columns = owner.columns;
  lookup.bad_id = bad_id.data();
  launch_lookup(lookup, stream);
  copy_to_host(bad_id_seen.values().data(), bad_id.data(), sizeof(BadId), stream);
  looked_up.record(stream);
}

UpdateTables DeviceTables::State::update_tables() const {
  UpdateTables tables;
  tables.blocks = blocks.data();
  tables.row_bases = row_bases.data();
  tables.num_blocks = std::ssize(host.blocks);
  tables.pieces = pieces.data();
  tables.gradients = matrix.data();
  tables.stride = owner.columns;
  tables.samples = bags.samples;
  tables.most_columns = host.most_columns;
  tables.widest = host.widest;
  tables.states = host.states;
  return tables;
}

/// After a look-up. The place of an id is found on the host: this is the end of the job.
void DeviceTables::State::require_legal_ids() {
  looked_up.wait();
  const BadId bad = bad_id_seen.values().empty() ? BadId{} : bad_id_seen.values().front();
  if (bags.num_bags > 0 && bad.position != BadId{}.position) {
    refuse_id(static_cast<std::int64_t>(bad.position));
  }
}

void DeviceTables::State::refuse_id(std::int64_t position) const {
  std::vector<std::int64_t> begins(static_cast<std::size_t>(bags.num_bags) + 1);
  std::int64_t id = 0;
  copy_to_host(begins.data(), bags.begins, begins.size() * sizeof(std::int64_t), stream);
  copy_to_host(&id, bags.ids + position, sizeof(id), stream);
  wait_for(stream);
  const std::int64_t bag = last_not_above(begins.data(), bags.num_bags, position);
  const std::int64_t feature = bag / bags.samples;
  const auto block = std::find_if(host.blocks.begin(), host.blocks.end(), [&](const auto& b) {
    return feature < b.first_feature + b.num_features;
  });
  const std::int64_t in_block = bag - block->first_bag(bags.samples);
  const auto f = static_cast<std::size_t>(block->first_feature + in_block % block->num_features);
  const PooledFeature& named = layout.features[owner.features[f].feature];
  throw InputError(fmt::format(
      "Feature '{}' of table '{}' has id {} in sample {} of the batch, outside the rows [0, {}) "
      "that this rank has: correct the data, or use --on-bad-id clip or --on-bad-id skip.",
      named.name, workload.table(named.table).name, id, in_block / block->num_features,
      block->rows));
}

/// Before the first use of the gradients in the matrix.
void DeviceTables::State::sum_runs() {
  if (std::exchange(has_runs, true)) return;
  std::visit([&](auto& b) { b.rows.sum_runs(update_tables(), b.ids); }, backward);
}

void DeviceTables::State::find_block_ranges() {
  block_firsts.resize(host.blocks.size() + 1);
  firsts.resize(block_firsts.size());
  std::visit(
      [&](auto& b) {
        launch_block_ranges(b.ids, row_bases.data(), std::ssize(host.blocks), block_firsts.data(),
                            stream);
      },
      backward);
  copy_to_host(firsts.data(), block_firsts.data(), firsts.size() * sizeof(std::uint32_t), stream);
  wait_for(stream);
}

/// visit(block, its first different row, how many it has).
template <class Visit>
void DeviceTables::State::for_shared_blocks(Visit visit) {
  for (std::size_t b = 0; b < host.blocks.size(); ++b) {
    if (square_sums.needed(b)) visit(b, firsts[b], std::size_t{firsts[b + 1] - firsts[b]});
  }
}

DeviceTables::DeviceTables(const ExchangeLayout& layout, const Workload& workload,
                           const OptimizerSettings& settings, RankId self, std::uint64_t seed,
                           DeviceStream stream)
    : state_(std::make_unique<State>(layout, workload, settings, self, seed, stream)) {}

DeviceTables::~DeviceTables() = default;

DeviceMatrix DeviceTables::matrix() const {
  return {state_->matrix.data(), state_->bags.samples, state_->owner.columns};
}

void DeviceTables::look_up(const InputExchange& input) {
  state_->require_legal_ids();
  state_->look_up(state_->upload.run(state_->owner, input, state_->host.weighted));
}

void DeviceTables::look_up(const DeviceBags& bags) {
  state_->require_legal_ids();
  state_->look_up(bags);
}

void DeviceTables::require_legal_ids() { state_->require_legal_ids(); }

void DeviceTables::group_rows() {
  State& s = *state_;
  std::visit([&](auto& b) { b.ids = b.sorter.sort(s.bags, s.features.data(), s.host.total_rows); },
             s.backward);
  s.has_runs = false;
}

double DeviceTables::sum_all_squares() {
  State& s = *state_;
  if (s.bags.num_ids == 0) return 0;
  s.sum_runs();
  s.squares.resize(static_cast<std::size_t>(s.bags.num_ids));
  s.square_sum.resize(1);
  OptimizerSettings plain;  // before weight decay
  std::visit(
      [&](auto& b) {
        b.rows.sum_squares(s.update_tables(), b.ids, update_step(plain, {}), -1, -1,
                           s.squares.data());
        launch_sum(s.squares.data(), b.ids.num_rows, s.square_sum.data(), s.stream);
      },
      s.backward);
  double sum = 0;
  copy_to_host(&sum, s.square_sum.data(), sizeof(sum), s.stream);
  wait_for(s.stream);
  return sum;
}

bool DeviceTables::shares_squares() const { return state_->square_sums.needed(); }

void DeviceTables::sum_row_squares(const StepSize& step) {
  State& s = *state_;
  s.sum_runs();
  s.squares.resize(static_cast<std::size_t>(s.bags.num_ids));
  s.find_block_ranges();
  s.for_shared_blocks([&](std::size_t block, std::uint32_t first, std::size_t rows) {
    s.square_sums.start(block, rows);
    for (std::int32_t p = 0; p < s.host.blocks[block].num_pieces; ++p) {
      std::visit(
          [&](auto& b) {
            b.rows.sum_squares(s.update_tables(), b.ids, update_step(s.settings, step),
                               static_cast<std::int64_t>(block), p, s.squares.data());
          },
          s.backward);
      const std::span<double> part = s.square_sums.own_part(block, static_cast<std::size_t>(p));
      copy_to_host(part.data(), s.squares.data() + first, part.size_bytes(), s.stream);
      wait_for(s.stream);
    }
  });
}

void DeviceTables::exchange_squares(Communicator& comm) {
  State& s = *state_;
  s.square_sums.exchange(comm);
  s.for_shared_blocks([&](std::size_t block, std::uint32_t first, std::size_t) {
    const std::span<const double> totals = s.square_sums.totals(block);
    copy_to_device(s.squares.data() + first, totals.data(), totals.size_bytes(), s.stream);
  });
  wait_for(s.stream);
}

void DeviceTables::update(const StepSize& step) {
  State& s = *state_;
  s.sum_runs();
  std::visit(
      [&](auto& b) {
        b.rows.update(s.update_tables(), b.ids, update_step(s.settings, step),
                      s.square_sums.needed() ? s.squares.data() : nullptr);
      },
      s.backward);
}

std::int64_t DeviceTables::touched_rows() const {
  std::uint32_t rows = 0;
  std::visit(
      [&](const auto& b) { copy_to_host(&rows, b.ids.num_rows, sizeof(rows), state_->stream); },
      state_->backward);
  wait_for(state_->stream);
  return rows;
}

std::vector<ShardedEmbeddings::LocalShard> DeviceTables::download() const {
  std::vector<ShardedEmbeddings::LocalShard> shards;
  for (const DeviceShard& shard : state_->shards) shards.push_back(shard.download(state_->stream));
  return shards;
}

void DeviceTables::restore(const std::function<void(ShardedEmbeddings::LocalShard&)>& load) {
  for (DeviceShard& shard : state_->shards) {
    ShardedEmbeddings::LocalShard local = shard.download(state_->stream);
    load(local);
    shard.upload(local, state_->stream);
  }
}

}  // namespace shardwright
