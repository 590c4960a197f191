#include "planner/search/infeasibility.hpp"

#include "costmodel/names.hpp"
#include "planner/list_some.hpp"
#include "planner/memory_model.hpp"
#include "planner/search/cuts.hpp"
#include "planner/search/least_memory.hpp"
#include "planner/search/packing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <set>
#include <utility>

namespace shardwright {
namespace {

constexpr Names<CertificateKind, 5> kKinds = {{
    {CertificateKind::batch, "batch"},
    {CertificateKind::total, "total"},
    {CertificateKind::largest_shard, "largest_shard"},
    {CertificateKind::crowding, "crowding"},
    {CertificateKind::exhausted, "exhausted"},
}};

Bytes room(const Problem& problem, RankId rank) {
  return std::max(problem.room[rank.index()], Bytes(0));
}

Bytes most_room(const Problem& problem, const std::vector<RankId>& ranks) {
  Bytes most;
  for (const RankId rank : ranks) most = std::max(most, room(problem, rank));
  return most;
}

Bytes total_room(const Problem& problem, const std::vector<RankId>& ranks) {
  Bytes sum;
  for (const RankId rank : ranks) sum = saturated_sum(sum, room(problem, rank));
  return sum;
}

Bytes total_of(const Problem& problem, const std::vector<TableId>& tables) {
  Bytes sum;
  for (const TableId table : tables) sum = saturated_sum(sum, least_total(problem, table));
  return sum;
}

// Of the two smallest, each with the tables that go with it.
Bytes smallest_two(const Problem& problem, const std::vector<TableId>& tables) {
  std::vector<Bytes> sizes;
  sizes.reserve(tables.size());
  for (const TableId table : tables) {
    sizes.push_back(bytes_with_followers(problem, whole_shard(problem, table)));
  }
  std::sort(sizes.begin(), sizes.end());
  return sizes.size() < 2 ? Bytes(0) : saturated_sum(sizes[0], sizes[1]);
}

std::string list(const Problem& problem, const std::vector<TableId>& tables) {
  return list_some(tables, [&](TableId table) {
    return fmt::format("'{}'", problem.workload.table(table).name);
  });
}

Infeasibility proof(Certificate certificate, std::string sentence) {
  const Bytes missing = certificate.needed - certificate.available;
  return {std::move(certificate),
          fmt::format("{}: {} are missing", sentence, format_gigabytes(missing)), missing};
}

std::optional<Infeasibility> batch_too_large(const Problem& problem) {
  const auto worst = std::min_element(problem.room.begin(), problem.room.end());
  if (worst->value() >= 0) return {};
  const RankId rank = RankId::of(static_cast<std::size_t>(worst - problem.room.begin()));
  const Bytes has = problem.topology.rank(rank).usable();
  const Certificate certificate{CertificateKind::batch, {}, {rank}, has - *worst, has};
  return proof(
      certificate,
      fmt::format("Rank {} has {}, but its share of the batch of {} samples alone takes {}",
                  rank.value(), format_gigabytes(has), problem.workload.batch_size,
                  format_gigabytes(certificate.needed)));
}

std::optional<Infeasibility> table_too_large(const Problem& problem, TableId id) {
  const auto& ranks = problem.rules[id.index()].ranks;
  const Certificate certificate{CertificateKind::largest_shard,
                                {id},
                                ranks,
                                least_largest(problem, id),
                                most_room(problem, ranks)};
  if (certificate.needed <= certificate.available) return {};
  const Table& table = problem.workload.table(id);
  const auto& followers = problem.companions.followers[id.index()];
  const std::string with =
      followers.empty() ? "" : fmt::format(" with {}", list(problem, followers));
  const TableRules& rules = problem.rules[id.index()];
  const bool cut = rules.max_shards > 1 && rules.types != std::vector{ShardingType::table_wise};
  const auto most = table.constraints.max_shards;
  const std::string how =
      !cut   ? "as it may not be cut"
      : most ? fmt::format("even cut as finely as it may be, in {} shards at most", *most)
             : std::string("even cut as finely as it may be");
  return proof(certificate,
               fmt::format("Table '{}'{} needs {} on one rank, {}, but its roomiest rank has {}",
                           table.name, with, format_gigabytes(certificate.needed), how,
                           format_gigabytes(certificate.available)));
}

// Tables that may use these ranks alone.
std::vector<TableId> tables_within(const Problem& problem, const std::vector<RankId>& ranks) {
  std::vector<TableId> tables;
  for (std::size_t i = 0; i < problem.rules.size(); ++i) {
    const auto& own = problem.rules[i].ranks;
    if (std::includes(ranks.begin(), ranks.end(), own.begin(), own.end())) {
      tables.push_back(TableId::of(i));
    }
  }
  return tables;
}

std::string who_needs(const Problem& problem, const std::vector<TableId>& tables) {
  const bool one = tables.size() == 1;
  if (!one && tables.size() == problem.rules.size()) {
    return fmt::format("The {} tables need", tables.size());
  }
  return fmt::format("Table{} {} need{}", one ? "" : "s", list(problem, tables), one ? "s" : "");
}

// What is needed is a sum over ranks and parts, not what one of them needs.
std::string in_all(const Problem& problem, const std::vector<TableId>& tables,
                   const std::vector<RankId>& ranks) {
  if (ranks.size() == 1) return "";
  std::size_t parts = 0;
  for (const TableId table : tables) parts += coarsest_cut(problem, table).size();
  return parts > tables.size() ? fmt::format(" in all for {} parts", parts) : " in all";
}

std::string who_has(const Problem& problem, const std::vector<TableId>& tables,
                    const std::vector<RankId>& ranks) {
  if (ranks.size() == 1) return fmt::format("rank {} has", ranks.front().value());
  return tables.size() == problem.rules.size()
             ? fmt::format("the {} ranks together have", ranks.size())
             : fmt::format("the {} ranks that they may use together have", ranks.size());
}

// Ranks have less for tables than their memory.
std::string beside_batch(const Problem& problem, const std::vector<RankId>& ranks) {
  const bool taken = std::any_of(ranks.begin(), ranks.end(), [&](RankId rank) {
    return room(problem, rank) < problem.topology.rank(rank).usable();
  });
  return taken ? " beside the batch" : "";
}

std::optional<Infeasibility> together_too_large(const Problem& problem,
                                                const std::vector<RankId>& ranks) {
  const auto tables = tables_within(problem, ranks);
  const Certificate certificate{CertificateKind::total, tables, ranks, total_of(problem, tables),
                                total_room(problem, ranks)};
  if (certificate.needed <= certificate.available) return {};
  return proof(certificate,
               fmt::format("{} {}{}, but {} {} for {}{}", who_needs(problem, tables),
                           format_gigabytes(certificate.needed), in_all(problem, tables, ranks),
                           who_has(problem, tables, ranks), format_gigabytes(certificate.available),
                           tables.size() == 1 ? "it" : "them", beside_batch(problem, ranks)));
}

// Whole tables, largest first, as long as no two of them fit the roomiest of the ranks.
std::optional<Infeasibility> too_many_large(const Problem& problem,
                                            const std::vector<RankId>& ranks) {
  std::vector<std::pair<Bytes, TableId>> whole;
  for (const TableId id : tables_within(problem, ranks)) {
    if (!problem.companions.leads(id) || !stays_whole(problem, id)) continue;
    whole.emplace_back(bytes_with_followers(problem, whole_shard(problem, id)), id);
  }
  std::sort(whole.rbegin(), whole.rend());
  const Bytes most = most_room(problem, ranks);
  std::size_t count = std::min<std::size_t>(whole.size(), 1);
  while (count < whole.size() && whole[count - 1].first + whole[count].first > most) ++count;
  if (count <= ranks.size()) return {};
  count = ranks.size() + 1;
  Certificate certificate{CertificateKind::crowding, {}, ranks, {}, most};
  for (std::size_t i = 0; i < count; ++i) certificate.tables.push_back(whole[i].second);
  std::sort(certificate.tables.begin(), certificate.tables.end());
  certificate.needed = smallest_two(problem, certificate.tables);
  const std::string tables = list(problem, certificate.tables);
  const std::string claim =
      ranks.size() == 1
          ? fmt::format(
                "Tables {} cannot both be on rank {}, the only one they may use: together "
                "they need {}, it has {}",
                tables, ranks.front().value(), format_gigabytes(certificate.needed),
                format_gigabytes(most))
          : fmt::format(
                "Of the tables {} no two fit one rank: they need {} or more, the roomiest "
                "of the {} ranks that they may use has {}",
                tables, format_gigabytes(certificate.needed), ranks.size(), format_gigabytes(most));
  return proof(std::move(certificate), claim);
}

// All ranks, and those that tables are kept to.
std::set<std::vector<RankId>> rank_sets(const Problem& problem) {
  constexpr std::size_t kMost = 64;
  std::set<std::vector<RankId>> sets;
  std::vector<RankId> all;
  for (std::size_t rank = 0; rank < problem.room.size(); ++rank) {
    if (!problem.topology.ranks[rank].excluded) all.push_back(RankId::of(rank));
  }
  sets.insert(all);
  for (const TableRules& rules : problem.rules) {
    if (sets.size() < kMost) sets.insert(rules.ranks);
  }
  return sets;
}

std::string differs(const char* what, Bytes claimed, Bytes counted) {
  if (claimed == counted) return "";
  return fmt::format("{} is {} B, not {} B.", what, counted.value(), claimed.value());
}

std::string verify_amounts(const Certificate& certificate, Bytes needed, Bytes available) {
  std::string fault = differs("What is needed", certificate.needed, needed);
  if (fault.empty()) fault = differs("What is available", certificate.available, available);
  if (fault.empty() && needed <= available) fault = "What is needed is available.";
  return fault;
}

std::string verify_ranks(const Certificate& certificate, const Problem& problem) {
  for (const TableId id : certificate.tables) {
    const auto& own = problem.rules[id.index()].ranks;
    if (std::includes(certificate.ranks.begin(), certificate.ranks.end(), own.begin(), own.end())) {
      continue;
    }
    return fmt::format("Table '{}' may use other ranks than those named.",
                       problem.workload.table(id).name);
  }
  return "";
}

std::string verify_crowding(const Certificate& certificate, const Problem& problem) {
  for (const TableId id : certificate.tables) {
    if (problem.companions.leads(id) && stays_whole(problem, id)) continue;
    return fmt::format("Table '{}' need not be whole, or goes with another.",
                       problem.workload.table(id).name);
  }
  if (certificate.tables.size() <= certificate.ranks.size()) {
    return "There are no more tables than ranks.";
  }
  return verify_amounts(certificate, smallest_two(problem, certificate.tables),
                        most_room(problem, certificate.ranks));
}

}  // namespace

std::optional<Infeasibility> prove_infeasible(const Problem& problem) {
  if (auto proof = batch_too_large(problem)) return proof;
  const auto sets = rank_sets(problem);
  for (const auto& ranks : sets) {
    // Two tables kept to one rank of several say more than the sum of all that are kept to it.
    if (ranks.size() == 1 && problem.room.size() > 1) {
      if (auto proof = too_many_large(problem, ranks)) return proof;
    }
    if (auto proof = together_too_large(problem, ranks)) return proof;
  }
  for (std::size_t i = 0; i < problem.rules.size(); ++i) {
    if (auto proof = table_too_large(problem, TableId::of(i))) return proof;
  }
  for (const auto& ranks : sets) {
    if (auto proof = too_many_large(problem, ranks)) return proof;
  }
  return {};
}

std::optional<Infeasibility> prove_by_trying(const Problem& problem, std::int64_t most_steps,
                                             const std::atomic<bool>* stop) {
  for (std::size_t i = 0; i < problem.rules.size(); ++i) {
    if (!stays_whole(problem, TableId::of(i))) return {};
  }
  const Packing packing =
      pack_exactly(problem, {.most_steps = std::min(most_steps, kMostTrials), .stop = stop});
  if (!packing.impossible) return {};
  Certificate certificate{CertificateKind::exhausted, {}, {}, {}, {}};
  for (std::size_t i = 0; i < problem.rules.size(); ++i) {
    certificate.tables.push_back(TableId::of(i));
  }
  for (std::size_t i = 0; i < problem.room.size(); ++i) {
    certificate.ranks.push_back(RankId::of(i));
  }
  const std::string sentence = fmt::format(
      "All placements of the {} tables, which must stay whole, were tried, and none fits memory "
      "and "
      "constraints",
      certificate.tables.size());
  return Infeasibility{std::move(certificate), sentence, Bytes(1)};
}

std::string verify(const Certificate& certificate, const Problem& problem) {
  if (certificate.kind == CertificateKind::exhausted) {
    return prove_by_trying(problem, kMostTrials) ? ""
                                                 : "Not all placements fail, or they are too many.";
  }
  if (certificate.ranks.empty()) return "No ranks are named.";
  if (certificate.kind == CertificateKind::batch) {
    const RankId rank = certificate.ranks.front();
    const Bytes has = problem.topology.rank(rank).usable();
    return verify_amounts(certificate, has - problem.room[rank.index()], has);
  }
  if (certificate.tables.empty()) return "No tables are named.";
  if (std::string fault = verify_ranks(certificate, problem); !fault.empty()) return fault;
  switch (certificate.kind) {
    case CertificateKind::total:
      return verify_amounts(certificate, total_of(problem, certificate.tables),
                            total_room(problem, certificate.ranks));
    case CertificateKind::largest_shard:
      return verify_amounts(certificate, least_largest(problem, certificate.tables.front()),
                            most_room(problem, certificate.ranks));
    default:
      return verify_crowding(certificate, problem);
  }
}

std::string_view to_string(CertificateKind kind) { return name_of(kind, kKinds); }

CertificateKind parse_certificate_kind(std::string_view text) {
  return value_of(text, kKinds, "certificate kind");
}

std::string format_gigabytes(Bytes bytes) {
  constexpr double kLeast = 0.1;  // of a unit, before the next smaller one is used
  constexpr std::array<std::pair<double, const char*>, 3> kUnits = {
      {{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}}};
  const auto value = static_cast<double>(bytes.value());
  for (const auto& [unit, name] : kUnits) {
    if (std::abs(value) >= kLeast * unit) return fmt::format("{:.3g} {}", value / unit, name);
  }
  return fmt::format("{} B", bytes.value());
}

}  // namespace shardwright
