#include "planner/unique_rows_reason.hpp"

#include "planner/unique_rows_price.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace shardwright {
namespace {

constexpr std::string_view kBegin = "; sends unique rows: ";

std::string words_of(const Plan& plan, TableId id) {
  const Table& table = plan.workload.table(id);
  const double samples =
      static_cast<double>(plan.workload.batch_size) / static_cast<double>(plan.topology.size());
  return fmt::format("{}{:.4g} of {:.4g} ids a rank", kBegin,
                     unique_ids_of_rank(table, plan.workload, plan.topology),
                     table.pooling * samples);
}

}  // namespace

void say_unique_rows(Plan& plan) {
  if (plan.reasons.size() != plan.workload.tables.size()) return;
  for (std::string& reason : plan.reasons)
    reason.resize(std::min(reason.size(), reason.find(kBegin)));
  for (const TableId id : plan.unique_rows) plan.reasons[id.index()] += words_of(plan, id);
}

}  // namespace shardwright
