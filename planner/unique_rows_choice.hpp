#pragma once

#include "costmodel/cost_model.hpp"
#include "planner/either_exchange.hpp"
#include "planner/plan.hpp"

#include <atomic>
#include <optional>
#include <string_view>

namespace shardwright {

/// Which tables of a plan are exchanged as distinct rows.
enum class UniqueRowsChoice {
  none,     ///< all are exchanged as pooled values
  cheaper,  ///< those for which the plan then costs less and fits
  all,      ///< every one that can be, where the plan then fits
};
std::string_view to_string(UniqueRowsChoice choice);
/// "none", "cheaper" or "all"; throws UsageError listing them.
UniqueRowsChoice parse_unique_rows_choice(std::string_view text);

/// What the plan would cost, in ms by its objective (the step's where that is memory), if one table
/// were exchanged the other way; none if it cannot be (why_not_unique_rows(), GPUs). `exchange` is
/// the plan's, and so afterwards.
std::optional<double> cost_of_other_exchange(const Plan& plan, EitherExchange& exchange,
                                             TableId table);

/// Sets plan.unique_rows for its shards, table by table in their order, and rates the plan anew;
/// its reasons say which they are and how many ids a rank then asks for. What costs less is decided
/// by the plan's objective; of two ways that cost the same the one with the smaller sum of all
/// ranks' times is taken. No table is taken for which ranks lack more memory than without it.
/// Tables on GPUs stay pooled, as their runtime has no other way. Once `stop` turns true, the rest
/// stays pooled too. True if any is exchanged so.
bool choose_unique_rows(Plan& plan, const CostModel& cost_model, UniqueRowsChoice choice,
                        const std::atomic<bool>* stop = nullptr);

}  // namespace shardwright
