#pragma once

#include "planner/report/baselines.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace shardwright {

/// All that the page shows of a plan that `cost_model` has rated: "shardwright.report/1".
nlohmann::json report_to_json(const Plan& plan, const CostModel& cost_model,
                              const std::vector<Baseline>& baselines);

/// `page` with `data` in the place of @report@, as JSON that cannot end the element it stands in:
/// whatever text the data holds stays text. Throws std::logic_error for a page without the place.
std::string page_with_data(std::string_view page, const nlohmann::json& data);

/// One HTML document that needs no network: planner/report/page.html with `data` inside. Whatever
/// text the data holds stays text.
std::string report_to_html(const nlohmann::json& data);

/// planner/report/page.html, built into the program.
std::string_view report_page();

}  // namespace shardwright
