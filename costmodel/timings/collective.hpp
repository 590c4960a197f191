#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace shardwright {

enum class CollectiveKind {
  all_to_all,
  all_gather,
  reduce_scatter,
  all_reduce,
  // What a rank does by itself before it sends and after it has received.
  pack_ids,          ///< ids, weights and lengths of its samples into messages, and their reading
  split_ids,         ///< ids sorted by parts of rows, where a table's rows are cut, before that
  place_outputs,     ///< owners' values into the rows of its samples
  add_partial_sums,  ///< partial sums of owners of a table's row parts added up there
  pack_gradients,    ///< gradients of its samples' values into the owners' order
  // What ranks that map each other's memory do in place of messages, notices and waits included.
  values_in_place,     ///< place_outputs, each rank from the owners' matrices
  sums_in_place,       ///< add_partial_sums likewise
  gradients_in_place,  ///< pack_gradients, each rank into the owners' matrices
};
inline constexpr std::size_t kNumCollectiveKinds = 12;
std::string_view to_string(CollectiveKind kind);
/// Throws InputError that lists the names.
CollectiveKind parse_collective(std::string_view name);

/// The kinds in which no other rank takes part.
inline constexpr std::array kLocalWork = {
    CollectiveKind::pack_ids, CollectiveKind::split_ids, CollectiveKind::place_outputs,
    CollectiveKind::add_partial_sums, CollectiveKind::pack_gradients};
constexpr bool is_local(CollectiveKind kind) {
  return kind >= kLocalWork.front() && kind <= kLocalWork.back();
}

/// The kinds in which ranks of one host read and write each other's memory.
inline constexpr std::array kInPlace = {CollectiveKind::values_in_place,
                                        CollectiveKind::sums_in_place,
                                        CollectiveKind::gradients_in_place};
constexpr bool is_in_place(CollectiveKind kind) { return kind >= kInPlace.front(); }

/// The kinds that go by what a rank's own samples take, alike on all ranks.
constexpr bool is_of_samples(CollectiveKind kind) { return is_local(kind) || is_in_place(kind); }

/// One call of any kind, as it is measured and priced.
struct CollectiveCall {
  CollectiveKind operation = CollectiveKind::all_to_all;
  std::int64_t ranks = 2;
  std::int64_t nodes = 1;
  /// What nccl-tests calls the size: all_to_all, the whole send buffer of the busiest rank (its own
  /// part, bytes / ranks, included); all_gather, the whole receive buffer; reduce_scatter, the
  /// whole send buffer; all_reduce, the buffer. Local work: what one rank puts into messages, takes
  /// out of them, or adds, its own part included. In place: what one rank reads or writes for its
  /// samples, in its own matrix too.
  double bytes = 0;
  std::int64_t element_bytes = 4;  ///< matters where elements are added up
  /// Where ranks exchange unequal sizes, `bytes` is the larger of what one rank sends and receives,
  /// its own part included, and this the mean over the ranks; 0: all are equal.
  double mean_bytes = 0;
  /// How long the rank had been in the call when the last one came; the time of the call begins
  /// then. 0: the rank itself was the last, or all came together.
  double wait_us = 0;
  bool operator==(const CollectiveCall&) const = default;
};

/// mean_bytes / bytes, 1 if all ranks exchange the same sizes.
double evenness(const CollectiveCall& call);
/// The mean over the ranks of what they exchange: the same for all ranks of one call.
double mean_bytes(const CollectiveCall& call);

/// What a call runs on: a model has curves for each.
struct CommSetting {
  std::string hardware;  ///< "H100-SXM5-80GB", "AMD EPYC 9004"
  std::string link;      ///< "NVLink4", "NVLink5 + RoCE"; empty if the hardware's name says it
  std::string library;   ///< "NCCL 2.27.3"
  auto operator<=>(const CommSetting&) const = default;
};

/// "H100-SXM5-80GB" or "H100-SXM5-80GB over NVLink4 + EFA": what curves are kept apart by.
std::string fabric_of(const CommSetting& setting);

}  // namespace shardwright
