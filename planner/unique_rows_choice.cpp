#include "planner/unique_rows_choice.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/names.hpp"
#include "planner/either_exchange.hpp"
#include "planner/either_memory.hpp"
#include "planner/rate_plan.hpp"
#include "planner/unique_rows.hpp"
#include "planner/unique_rows_reason.hpp"

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
  double cost = 0;    ///< ms; bytes of the fullest rank where the objective is memory
  double sum_ms = 0;  ///< of all ranks
};

/// In ms by the plan's objective, the step's where that is memory.
double cost_ms(const Plan& plan, const std::vector<PhaseTimes>& times) {
  const bool by_memory = plan.objective == Objective::memory;
  return step_cost_ms(times, by_memory ? Objective::step : plan.objective);
}

bool is_less(double a, double b) { return a < b * (1 - kNoise); }

bool is_better(const Price& a, const Price& b) {
  if (is_less(a.cost, b.cost)) return true;
  return !is_less(b.cost, a.cost) && is_less(a.sum_ms, b.sum_ms);
}

/// What a plan takes.
struct Room {
  Bytes fullest;  ///< rank's memory
  Bytes missing;  ///< over all ranks
};

Room room_of(const EitherMemory& memory) { return {memory.fullest(), memory.missing()}; }

Price price_of(const Plan& plan, const std::vector<PhaseTimes>& times, const Room& room) {
  Price price{cost_ms(plan, times), 0};
  if (plan.objective == Objective::memory) {
    price.cost = static_cast<double>(room.fullest.value());
  }
  for (const PhaseTimes& rank : times) price.sum_ms += rank.total_ms();
  return price;
}

/// How the plan stands with the tables chosen so far.
struct Best {
  Room room;
  Price price;
};

/// A plan whose tables are tried one by one, and its times, which change with it.
class Trial {
 public:
  Trial(Plan& plan, const CostModel& cost_model, UniqueRowsChoice choice)
      : plan_(plan),
        choice_(choice),
        exchange_(plan, cost_model),
        memory_(plan),
        best_{room_of(memory_), {}} {
    best_.price = price_of(plan, exchange_.times(), best_.room);
  }

  /// Leaves the table as it was unless that is better.
  void try_other_way(TableId table) {
    toggle(table);
    if (!accepts()) toggle(table);
  }

 private:
  void toggle(TableId table) {
    toggle_unique_rows(plan_, table);
    exchange_.toggle(table);
    memory_.toggle(table);
  }

  bool accepts() {
    const std::vector<PhaseTimes> times = exchange_.times();
    const bool must_be_better = choice_ != UniqueRowsChoice::all;
    const bool by_time = must_be_better && plan_.objective != Objective::memory;
    if (by_time && !is_better(price_of(plan_, times, {}), best_.price)) return false;
    const Room room = room_of(memory_);
    if (room.missing > best_.room.missing) return false;
    const Price price = price_of(plan_, times, room);
    if (must_be_better && !is_better(price, best_.price)) return false;
    best_ = {room, price};
    return true;
  }

  Plan& plan_;
  UniqueRowsChoice choice_;
  EitherExchange exchange_;
  EitherMemory memory_;
  Best best_;
};

void try_tables(Plan& plan, const CostModel& cost_model, UniqueRowsChoice choice,
                const std::atomic<bool>* stop) {
  Trial trial(plan, cost_model, choice);
  for (const TableId table : tables_that_can_send_rows(plan)) {
    if (stop != nullptr && *stop) return;
    trial.try_other_way(table);
  }
}

}  // namespace

std::string_view to_string(UniqueRowsChoice choice) { return name_of(choice, kChoices); }

UniqueRowsChoice parse_unique_rows_choice(std::string_view text) {
  return value_of<UsageError>(text, kChoices, "choice of unique rows");
}

std::optional<double> cost_of_other_exchange(const Plan& plan, EitherExchange& exchange,
                                             TableId table) {
  if (!can_send_rows(plan, table)) return std::nullopt;
  exchange.toggle(table);
  const double cost = cost_ms(plan, exchange.times());
  exchange.toggle(table);
  return cost;
}

bool choose_unique_rows(Plan& plan, const CostModel& cost_model, UniqueRowsChoice choice,
                        const std::atomic<bool>* stop) {
  const std::vector<TableId> before = std::exchange(plan.unique_rows, {});
  if (choice != UniqueRowsChoice::none) try_tables(plan, cost_model, choice, stop);
  if (plan.unique_rows == before) return !before.empty();
  say_unique_rows(plan);
  rate_plan(plan, cost_model);
  return !plan.unique_rows.empty();
}

}  // namespace shardwright
