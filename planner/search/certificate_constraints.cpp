#include "planner/search/certificate_constraints.hpp"

#include <algorithm>
#include <span>

namespace shardwright {
namespace {

// Other ranks might hold them, were it not for constraints.
bool are_kept_to_some_ranks(const Proof& proof) {
  return proof.certificate.ranks.size() < proof.topology.ranks.size();
}

// As many as its sentence names.
std::span<const TableId> first_of(const std::vector<TableId>& tables) {
  constexpr std::size_t kMost = 5;
  return std::span(tables).first(std::min(tables.size(), kMost));
}

}  // namespace

std::vector<AskedConstraint> constraints_behind(const Proof& proof) {
  const CertificateKind kind = proof.certificate.kind;
  std::vector<AskedConstraint> asked;
  if (kind == CertificateKind::batch || kind == CertificateKind::exhausted) return asked;
  for (const TableId id : first_of(proof.certificate.tables)) {
    const std::string& name = proof.workload.table(id).name;
    if (kind != CertificateKind::total) {
      append(constraints_of(name, {"types", "max_shards", "min_column_width", "together"}), asked);
    }
    if (are_kept_to_some_ranks(proof)) append(rank_constraints_of(name), asked);
  }
  return asked;
}

}  // namespace shardwright
