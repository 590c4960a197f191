#include "planner/unique_rows_choice.hpp"

#include "costmodel/device.hpp"
#include "costmodel/errors.hpp"
#include "costmodel/names.hpp"
#include "planner/rate_plan.hpp"
#include "planner/unique_rows.hpp"
#include "planner/unique_rows_memory.hpp"
#include "planner/unique_rows_price.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace shardwright {
namespace {

constexpr Names<UniqueRowsChoice, 3> kChoices = {{
    {UniqueRowsChoice::none, "none"},
    {UniqueRowsChoice::cheaper, "cheaper"},
    {UniqueRowsChoice::all, "all"},
}};
constexpr double kNoise = 1e-9;  // relative; less is rounding

struct Price {
  double cost_ms = 0;
  double sum_ms = 0;  ///< of all ranks
};

Price price_of(const Plan& plan, const CostModel& cost_model) {
  const std::vector<PhaseTimes> times = price_plan(plan, cost_model);
  const bool by_memory = plan.objective == Objective::memory;
  Price price{step_cost_ms(times, by_memory ? Objective::step : plan.objective), 0};
  for (const PhaseTimes& rank : times) price.sum_ms += rank.total_ms();
  return price;
}

bool is_less(double a, double b) { return a < b * (1 - kNoise); }

bool is_better(const Price& a, const Price& b) {
  if (is_less(a.cost_ms, b.cost_ms)) return true;
  return !is_less(b.cost_ms, a.cost_ms) && is_less(a.sum_ms, b.sum_ms);
}

bool fits(const Plan& plan) {
  const std::vector<RankMemory> memory = memory_of_plan(plan, plan.shards);
  for (std::size_t rank = 0; rank < memory.size(); ++rank) {
    if (memory[rank].total() > plan.topology.ranks[rank].usable()) return false;
  }
  return true;
}

bool can_send_rows(const Plan& plan, TableId table) {
  const auto& ranks = plan.topology.ranks;
  const bool on_cpus = std::all_of(ranks.begin(), ranks.end(), [](const RankSpec& rank) {
    return find_device(rank.device).name == "cpu";
  });
  return on_cpus && why_not_unique_rows(plan, table).empty();
}

void toggle(Plan& plan, TableId table) {
  auto& tables = plan.unique_rows;
  const auto place = std::lower_bound(tables.begin(), tables.end(), table);
  if (place != tables.end() && *place == table) {
    tables.erase(place);
  } else {
    tables.insert(place, table);
  }
}

void say_why(Plan& plan) {
  if (plan.reasons.size() != plan.workload.tables.size()) return;
  for (const TableId id : plan.unique_rows) {
    const Table& table = plan.workload.table(id);
    const double samples =
        static_cast<double>(plan.workload.batch_size) / static_cast<double>(plan.topology.size());
    plan.reasons[id.index()] += fmt::format("; sends unique rows: {:.4g} of {:.4g} ids a rank",
                                            unique_ids_of_rank(table, plan.workload, plan.topology),
                                            table.pooling * samples);
  }
}

void try_table(Plan& plan, const CostModel& cost_model, UniqueRowsChoice choice, TableId table,
               Price& best) {
  toggle(plan, table);
  const Price price = price_of(plan, cost_model);
  const bool wanted = choice == UniqueRowsChoice::all || is_better(price, best);
  if (wanted && fits(plan)) {
    best = price;
  } else {
    toggle(plan, table);
  }
}

void try_tables(Plan& plan, const CostModel& cost_model, UniqueRowsChoice choice) {
  Price best = price_of(plan, cost_model);
  for (std::size_t t = 0; t < plan.workload.tables.size(); ++t) {
    const TableId table = TableId::of(t);
    if (can_send_rows(plan, table)) try_table(plan, cost_model, choice, table, best);
  }
}

}  // namespace

std::string_view to_string(UniqueRowsChoice choice) { return name_of(choice, kChoices); }

UniqueRowsChoice parse_unique_rows_choice(std::string_view text) {
  return value_of<UsageError>(text, kChoices, "choice of unique rows");
}

std::optional<double> cost_of_other_exchange(const Plan& plan, const CostModel& cost_model,
                                             TableId table) {
  if (!can_send_rows(plan, table)) return std::nullopt;
  Plan other = plan;
  toggle(other, table);
  return price_of(other, cost_model).cost_ms;
}

bool choose_unique_rows(Plan& plan, const CostModel& cost_model, UniqueRowsChoice choice) {
  const std::vector<TableId> before = std::exchange(plan.unique_rows, {});
  if (choice != UniqueRowsChoice::none) try_tables(plan, cost_model, choice);
  if (plan.unique_rows == before) return !before.empty();
  say_why(plan);
  rate_plan(plan, cost_model);
  return !plan.unique_rows.empty();
}

}  // namespace shardwright
