#pragma once

#include "runtime/embedding/line_vector.hpp"
#include "runtime/exchange/input_source.hpp"
#include "runtime/exchange/layout.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace shardwright {

/// The rows that other ranks and its own ask an owner for, of the blocks that send rows
/// (OwnedBlock): first their values, later their gradients. A row is there once for each rank whose
/// batch names it. Keeps its buffers from batch to batch.
class OwnedRows {
 public:
  /// Borrows the layout.
  explicit OwnedRows(const OwnerLayout& self);

  /// Makes room for what a batch's sources ask for.
  void start(std::span<const InputSource> sources);

  // Blocks are positions in OwnerLayout::blocks, of those that send rows.

  /// One per rank: each row that it asks for as a sample of its own, with one bag of one id. Valid
  /// until the next start(), as long as the ids are.
  std::span<const InputSource> sources(std::size_t block) const { return blocks_[block].sources; }
  /// [rows of all sources][OwnedBlock::row_columns]; a source's rows follow one another.
  std::span<float> values(std::size_t block);
  std::span<float> values(std::size_t block, std::size_t source);

 private:
  struct Block {
    std::vector<InputSource> sources;
    std::size_t begin = 0;  ///< in values_
    std::size_t size = 0;
  };

  void add_source(const InputSource& source, const OwnedBlock& owned, Block& block);

  const OwnerLayout& self_;
  std::vector<Block> blocks_;
  std::vector<std::int32_t> ones_;
  LineVector<float> values_;
};

}  // namespace shardwright
