#pragma once

#include <nlohmann/json.hpp>

#include <istream>
#include <string>
#include <string_view>

namespace shardwright {

/// All that the page shows of a training run, from the lines of its metrics.jsonl
/// (docs/metrics.md): "shardwright.run_report/1", docs/report.md. A last line that is cut off is
/// left out, as the job may be writing it. Throws InputError (file, line) for what is no such file,
/// or has no step.
nlohmann::json run_report_to_json(std::istream& metrics, const std::string& file);

/// The same of the metrics.jsonl in a training's output folder. Throws InputError.
nlohmann::json read_run_report(const std::string& folder);

/// One HTML document that needs no network: launch/run_report/page.html with `data` inside.
std::string run_report_to_html(const nlohmann::json& data);

/// launch/run_report/page.html, built into the program.
std::string_view run_report_page();

}  // namespace shardwright
