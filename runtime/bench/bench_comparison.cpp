#include "runtime/bench/bench_comparison.hpp"

#include "planner/text_table.hpp"

#include <fmt/format.h>

#include <utility>

namespace shardwright {
namespace {

using nlohmann::json;

RatioToFirst ratio_of(const BenchResult& plan, const BenchResult& first) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < plan.step_ms.size(); ++i) {
    ratios.push_back(plan.step_ms[i] / first.step_ms[i]);
  }
  return {quantile(ratios, 0.25), quantile(ratios, 0.5), quantile(ratios, 0.75)};
}

MachineProbe usual_probe(std::span<const BenchedPlan> plans) {
  std::vector<MachineProbe> probes;
  for (const BenchedPlan& plan : plans) probes.push_back(plan.result.probe);
  return mean_probe(probes);
}

std::string cost_model_of(std::span<const BenchedPlan> plans) {
  const std::string& first = plans.front().result.cost_model;
  for (const BenchedPlan& plan : plans) {
    if (plan.result.cost_model != first) return "each plan's own cost model";
  }
  return fmt::format("cost model {}", first);
}

std::string footer(std::span<const BenchedPlan> plans) {
  const BenchResult& first = plans.front().result;
  std::string text = fmt::format("medians of {} turns", first.steps());
  if (first.steps() < first.steps_taken) {
    text += fmt::format(", the least disturbed of {}", first.steps_taken);
  }
  text += fmt::format("; {}\npredicted by {}\n", placement_text(first), cost_model_of(plans));
  if (first.device.empty()) {
    text += "what differs by less than 4 % may be their memory: bench again in another order\n";
  }
  return text + probe_line(usual_probe(plans));
}

std::string phases_left_out(std::span<const BenchedPlan> plans) {
  std::string text;
  for (const BenchedPlan& plan : plans) {
    if (plan.result.without.empty()) continue;
    text += plan.name + "\n" + without_table(plan.result.without, plan.result.quantile_ms(0.5));
  }
  return text;
}

std::string predicted_text(const BenchResult& result) {
  return result.predicted ? fmt::format("{:.3f}", result.predicted->total_ms()) : "-";
}

}  // namespace

std::vector<RatioToFirst> ratios_to_first(std::span<const BenchedPlan> plans) {
  std::vector<RatioToFirst> ratios;
  for (const BenchedPlan& plan : plans) {
    ratios.push_back(ratio_of(plan.result, plans.front().result));
  }
  return ratios;
}

json comparison_to_json(std::span<const BenchedPlan> plans) {
  const std::vector<RatioToFirst> ratios = ratios_to_first(plans);
  json documents = json::array();
  for (std::size_t p = 0; p < plans.size(); ++p) {
    json document = bench_to_json(plans[p].result);
    document["plan"] = plans[p].name;
    document["ratio_to_first"] = {
        {"p25", ratios[p].p25}, {"median", ratios[p].median}, {"p75", ratios[p].p75}};
    documents.push_back(std::move(document));
  }
  return {{"plans", std::move(documents)}};
}

std::string comparison_to_text(std::span<const BenchedPlan> plans) {
  const std::vector<RatioToFirst> ratios = ratios_to_first(plans);
  TextTable table;
  table.columns = {{.title = "plan", .to_right = false, .most = 40},
                   {.title = "ms a step"},
                   {.title = "predicted"},
                   {.title = "samples/s"},
                   {.title = "to the first, by turns (quartiles)"}};
  for (std::size_t p = 0; p < plans.size(); ++p) {
    const BenchResult& result = plans[p].result;
    table.rows.push_back(
        {plans[p].name, fmt::format("{:.3f}", result.quantile_ms(0.5)), predicted_text(result),
         fmt::format("{:.0f}", result.samples_per_s()),
         fmt::format("{:.3f} ({:.3f} to {:.3f})", ratios[p].median, ratios[p].p25, ratios[p].p75)});
  }
  return format_table(std::move(table)) + footer(plans) + phases_left_out(plans);
}

}  // namespace shardwright
