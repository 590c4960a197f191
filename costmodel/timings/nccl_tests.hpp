#pragma once

#include "costmodel/timings/comm_timings.hpp"

#include <string>
#include <string_view>

namespace shardwright {

// Readers of what nccl-tests (and rccl-tests) print; out-of-place times are taken. The operation is
// taken from the settings, else from "# Collective test starting: alltoall_perf" (text) or the
// program's name (JSON); ranks, nodes and hardware from the list of devices.

bool is_nccl_tests_table(std::string_view text);
CommTimings parse_nccl_tests_table(std::string_view text, const std::string& file,
                                   const ImportSettings& settings);

bool is_nccl_tests_json(std::string_view text);
CommTimings parse_nccl_tests_json(std::string_view text, const std::string& file,
                                  const ImportSettings& settings);

}  // namespace shardwright
