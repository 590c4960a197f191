#include "runtime/checkpoint/reshard.hpp"

#include "costmodel/errors.hpp"
#include "planner/plan_json.hpp"
#include "runtime/checkpoint/model_folder.hpp"
#include "runtime/checkpoint/row_pieces.hpp"
#include "runtime/checkpoint/saved_model.hpp"
#include "runtime/checkpoint/staged_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace shardwright {
namespace {

void require_same_tables(const SavedIndex& index, const Plan& plan, const std::string& from) {
  if (index.tables.size() != plan.workload.tables.size()) {
    throw InputError(fmt::format("The plan has {} tables, and {} has {}.",
                                 plan.workload.tables.size(), from, index.tables.size()));
  }
  for (const SavedTable& saved : index.tables) {
    const auto& tables = plan.workload.tables;
    const auto same = std::find_if(tables.begin(), tables.end(), [&](const Table& table) {
      return table.name == saved.name && table.rows == saved.rows && table.dim == saved.dim;
    });
    if (same != tables.end()) continue;
    throw InputError(fmt::format("{} has table {} with {} rows and dim {}, and the plan has not.",
                                 from, saved.name, saved.rows, saved.dim));
  }
}

/// What a plan's rank 0 keeps of tables that every rank has, and every rank of its own.
bool keeps(RankId rank, const Shard& shard) { return shard.rank.value_or(RankId{0}) == rank; }

/// The saved tables in the plan's order, cut as the plan says.
std::vector<SavedTable> cut_tables(const SavedIndex& index, const Plan& plan) {
  std::vector<SavedTable> tables;
  for (std::size_t t = 0; t < plan.workload.tables.size(); ++t) {
    SavedTable table = *std::find_if(
        index.tables.begin(), index.tables.end(),
        [&](const SavedTable& saved) { return saved.name == plan.workload.tables[t].name; });
    table.shards.clear();
    for (const Shard& shard : plan.shards) {
      if (shard.table.index() == t) table.shards.push_back(saved_shard(plan, shard));
    }
    tables.push_back(std::move(table));
  }
  return tables;
}

/// One tensor of a rank's file.
struct Piece {
  WantedShard wanted;
  SavedTensor tensor = SavedTensor::weights;
  TensorShape shape;
};

std::vector<Piece> pieces_of(const ShardLoader& loader, const Plan& plan, RankId rank) {
  std::vector<Piece> pieces;
  for (const Shard& shard : plan.shards) {
    if (!keeps(rank, shard)) continue;
    const std::string& table = plan.workload.table(shard.table).name;
    const WantedShard wanted{
        table, shard.row_begin, shard.row_end, shard.col_begin, shard.col_end, {}, {}};
    const std::string name = shard_name(plan, shard);
    pieces.push_back(
        {wanted, SavedTensor::weights, {name + "/weights", {shard.rows(), shard.columns()}}});
    const std::int64_t width = state_width(loader.table(table).state, shard.columns());
    if (width == 0) continue;
    pieces.push_back({wanted, SavedTensor::state, {name + "/state", {shard.rows(), width}}});
  }
  return pieces;
}

SavedFile write_rank(ShardLoader& loader, const Plan& plan, RankId rank,
                     const std::string& folder) {
  const std::vector<Piece> pieces = pieces_of(loader, plan, rank);
  std::vector<TensorShape> shapes;
  shapes.reserve(pieces.size());
  for (const Piece& piece : pieces) shapes.push_back(piece.shape);
  const std::string file = model_rank_file(rank.index());
  SafetensorsWriter writer(folder + "/" + file, shapes);
  for (const Piece& piece : pieces) copy_in_pieces(loader, piece.wanted, piece.tensor, writer);
  return {file, writer.finish()};
}

SavedFile copy_dense(const std::string& from, const std::string& file, const std::string& to) {
  const SafetensorsReader reader(from + "/" + file);
  std::vector<std::vector<float>> values;
  std::vector<NamedTensor> tensors;
  for (const SafetensorsReader::Entry& entry : reader.entries()) {
    values.push_back(reader.read(entry.name));
    tensors.push_back({entry.name, entry.shape, values.back()});
  }
  return {kModelDenseFile, write_safetensors(fmt::format("{}/{}", to, kModelDenseFile), tensors)};
}

}  // namespace

void reshard(const std::string& from, const Plan& plan, const std::string& to) {
  const SavedIndex index = read_saved_index(from);
  require_same_tables(index, plan, from);
  for (const SavedFile& file : index.files) verify_file(from, file);
  write_staged(to, [&](const std::string& partial) {
    ShardLoader loader(from, index);
    SavedIndex cut = index;
    cut.plan_id = plan_id(plan);
    cut.ranks = plan.topology.size();
    cut.tables = cut_tables(index, plan);
    cut.dense = kModelDenseFile;
    cut.files = {copy_dense(from, index.dense, partial)};
    for (std::int64_t rank = 0; rank < plan.topology.size(); ++rank) {
      cut.files.push_back(write_rank(loader, plan, RankId{rank}, partial));
    }
    return cut;
  });
}

}  // namespace shardwright
