#pragma once

#include "costmodel/machine_probe.hpp"
#include "costmodel/timings/row_reader.hpp"

#include <string>

namespace shardwright {

/// probe_column() of all rates, each after a comma.
std::string probe_columns();

/// Of one row: all rates or, where the cells are empty or there are no such columns, none. Throws
/// InputError for anything between, and for rates that no machine has.
MachineProbe read_probe(const RowReader& row);

/// The cells of a row, each after a comma; empty ones of an unknown probe.
std::string probe_cells(const MachineProbe& probe);

}  // namespace shardwright
