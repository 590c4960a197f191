#pragma once

#include "planner/plan.hpp"

#include <string>
#include <vector>

namespace shardwright {

/// Whether a table is exchanged as distinct rows: a rank sends its owners each different id of its
/// batch once, gets the rows, pools them itself, and sends back the sums of their gradients.
/// Otherwise it sends all ids and gets pooled values.
bool sends_unique_rows(const Plan& plan, TableId table);

/// The other way from now on: into plan.unique_rows, in the tables' order, or out of it.
void toggle_unique_rows(Plan& plan, TableId table);

/// Why a table cannot be exchanged so whatever it costs, as an end of a sentence about it ("is …");
/// empty if it can: its rows must have owners, and be pooled.
std::string why_not_unique_rows(const Plan& plan, TableId table);

/// Whether ranks of such devices can exchange the table so at all, wherever it lies: it is pooled,
/// and no rank is a GPU, whose runtime has no other way than pooled values.
bool has_unique_rows(const Table& table, const Topology& topology);

/// Both: on these ranks, and where it lies in the plan.
bool can_send_rows(const Plan& plan, TableId table);

/// All of which that holds, in their order: in one go through the plan.
std::vector<TableId> tables_that_can_send_rows(const Plan& plan);

/// One sentence for each of plan.unique_rows that is no table, is named twice, or cannot be.
std::vector<std::string> unique_rows_problems(const Plan& plan);

}  // namespace shardwright
