#pragma once

#include "planner/search/problem.hpp"

#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

/// Why no plan can exist. Each kind is a claim about few tables and ranks that verify() counts
/// anew.
enum class CertificateKind {
  batch,          ///< a rank cannot hold its share of the batch
  total,          ///< tables need more than all ranks that they may use have together
  largest_shard,  ///< a table's largest shard, in any legal cut, fits no rank that it may use
  crowding,   ///< tables that stay whole, no two of which fit one rank, on fewer ranks than that
  exhausted,  ///< whole tables of which all placements were tried
};
std::string_view to_string(CertificateKind kind);
/// Throws InputError listing the names.
CertificateKind parse_certificate_kind(std::string_view text);

struct Certificate {
  CertificateKind kind = CertificateKind::total;
  std::vector<TableId> tables;  ///< ascending; empty for `batch`
  std::vector<RankId> ranks;    ///< ascending: those that the tables may use, or the one too small
  Bytes needed;     ///< total, largest_shard, batch: bytes; crowding: of the two smallest
  Bytes available;  ///< the most that the ranks offer for that
  bool operator==(const Certificate&) const = default;
};

/// A certificate and the question it answers.
struct Proof {
  Certificate certificate;
  Workload workload;
  Topology topology;
  MemoryModel memory_model = MemoryModel::full;
  std::vector<ShardingType> types;
};

struct Infeasibility {
  Certificate certificate;
  std::string sentence;
  Bytes missing;  ///< at least this much memory would have to be added
};

/// Looks for a certificate of each kind but `exhausted`. Nothing found proves nothing.
std::optional<Infeasibility> prove_infeasible(const Problem& problem);

/// The certificate that whole tables were tried everywhere (pack_exactly), if that is so within
/// `most_steps` and before `stop` turns true.
std::optional<Infeasibility> prove_by_trying(const Problem& problem, std::int64_t most_steps,
                                             const std::atomic<bool>* stop = nullptr);

/// Counts what the certificate claims anew. Empty if it holds, else a sentence on what does not.
std::string verify(const Certificate& certificate, const Problem& problem);

/// Steps that verify() may spend to try all placements again.
inline constexpr std::int64_t kMostTrials = 400'000;

/// "12.3 GB", below 0.1 GB in MB, kB or B (powers of 1000): three significant digits.
std::string format_gigabytes(Bytes bytes);

}  // namespace shardwright
