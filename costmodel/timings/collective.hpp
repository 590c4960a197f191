#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace shardwright {

enum class CollectiveKind { all_to_all, all_gather, reduce_scatter, all_reduce };
std::string_view to_string(CollectiveKind kind);
/// Throws InputError that lists the names.
CollectiveKind parse_collective(std::string_view name);

/// One call of a collective, as it is measured and priced.
struct CollectiveCall {
  CollectiveKind operation = CollectiveKind::all_to_all;
  std::int64_t ranks = 2;
  std::int64_t nodes = 1;
  /// What nccl-tests calls the size: all_to_all, the whole send buffer of the busiest rank (its own
  /// part, bytes / ranks, included); all_gather, the whole receive buffer; reduce_scatter, the
  /// whole send buffer; all_reduce, the buffer.
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
