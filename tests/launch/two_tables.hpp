#pragma once

#include "tests/launch/planning_command.hpp"

#include <gmock/gmock.h>

#include <string>

namespace shardwright {

/// Planning commands about a small spec, tables.json.
class TwoTables : public PlanningCommand {
 protected:
  TwoTables() {
    write("tables.json", R"({"schema": "shardwright.tables/1", "batch_size": 64, "tables": [
      {"name": "a", "rows": 1000, "dim": 16}, {"name": "b", "rows": 50, "dim": 16}]})");
  }

  void expect_failure(const std::string& arguments, int code, const std::string& message) const {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, code) << arguments;
    EXPECT_THAT(outcome.err, ::testing::HasSubstr(message)) << arguments;
    EXPECT_THAT(outcome.out, ::testing::IsEmpty()) << arguments;
  }

  Outcome plan(const std::string& more) const {
    return run("plan tables.json --topology 2xcpu-1MiB --algorithm size_greedy " + more);
  }
};

}  // namespace shardwright
