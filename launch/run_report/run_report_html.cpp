#include "launch/run_report/run_report.hpp"
#include "planner/report/report.hpp"

namespace shardwright {

std::string run_report_to_html(const nlohmann::json& data) {
  return page_with_data(run_report_page(), data);
}

}  // namespace shardwright
