#pragma once

#include "planner/search/search.hpp"
#include "planner/unique_rows_choice.hpp"

namespace shardwright {

/// choose_unique_rows() for the plan of a search, if there is one. What the search proved of plans
/// that exchange pooled values alone is dropped if any table is then exchanged otherwise; true
/// then. `stop`: as there.
bool choose_unique_rows(SearchResult& result, const CostModel& cost_model, UniqueRowsChoice choice,
                        const std::atomic<bool>* stop = nullptr);

/// search_plan() with such a choice. If any table is then exchanged as distinct rows, and the
/// objective is a time, searches once more with these tables as they are exchanged, which other
/// placements may suit better; the cheaper plan counts. Takes up to twice the work. Of a time
/// limit, which holds for the choice too, the first of two searches has half; where no table is
/// exchanged so and it had no time to end, or found no plan, the rest goes to the same search with
/// the next seed.
SearchResult search_plan_with_unique_rows(const Workload& workload, const Topology& topology,
                                          const CostModel& cost_model, const SearchOptions& options,
                                          UniqueRowsChoice choice);

}  // namespace shardwright
