#include "launch/commands.hpp"
#include "launch/plan_under_model.hpp"
#include "launch/print_json.hpp"
#include "planner/explain/explain_plan.hpp"
#include "planner/explain/explanation_json.hpp"
#include "planner/explain/explanation_text.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <string>

namespace shardwright {
namespace {

struct ExplainArguments {
  PlanSource source;
  std::string table;
  std::int64_t tables = 20;
  std::string types;
  bool json = false;
};

void run(const ExplainArguments& arguments) {
  const RatedPlan rated = read_rated_plan(arguments.source);
  ExplainOptions options;
  if (!arguments.table.empty()) options.table = arguments.table;
  options.most_tables = static_cast<std::size_t>(arguments.tables);
  if (!arguments.types.empty()) options.types = parse_type_list(arguments.types);
  const Explanation explanation = explain_plan(rated.plan, *rated.cost_model, options);
  if (arguments.json) {
    print_json(explanation_to_json(rated.plan, explanation));
  } else if (options.table) {
    fmt::print("{}", table_explanation_to_text(rated.plan, explanation));
  } else {
    fmt::print("{}", explanation_to_text(rated.plan, explanation));
  }
}

}  // namespace

void add_explain_command(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("explain", "Say why tables are where they are, and what would be better");
  command->footer(
      "Examples:\n"
      "  shardwright explain plan.json\n"
      "  shardwright explain plan.json --table t_cat_20\n"
      "  shardwright explain plan.json --cost-model torchrec --json");
  const auto arguments = std::make_shared<ExplainArguments>();
  add_plan_source(*command, arguments->source);
  command->add_option("--table", arguments->table, "Only this table, with all that was priced")
      ->type_name("NAME");
  command->add_option("--tables", arguments->tables, "How many tables, the worst ones")
      ->check(CLI::Range(std::int64_t{1}, std::numeric_limits<std::int64_t>::max()).description(""))
      ->capture_default_str();
  command->add_option("--types", arguments->types, "Types that others may have (default: all)")
      ->type_name("A,B");
  command->add_flag("--json", arguments->json, "Print one JSON document");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace shardwright
