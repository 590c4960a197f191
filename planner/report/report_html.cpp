#include "planner/report/report.hpp"

#include <stdexcept>

namespace shardwright {
namespace {

constexpr std::string_view kPlace = "@report@";

// JSON that cannot end the element it stands in: "<" only occurs in strings, where < is it.
std::string for_script(const nlohmann::json& data) {
  std::string text;
  for (const char letter : data.dump()) {
    if (letter == '<') {
      text += "\\u003c";
    } else {
      text += letter;
    }
  }
  return text;
}

}  // namespace

std::string page_with_data(std::string_view page, const nlohmann::json& data) {
  const std::size_t place = page.find(kPlace);
  if (place == std::string_view::npos) throw std::logic_error("the page has no place for data");
  std::string html(page.substr(0, place));
  html += for_script(data);
  html += page.substr(place + kPlace.size());
  return html;
}

std::string report_to_html(const nlohmann::json& data) {
  return page_with_data(report_page(), data);
}

}  // namespace shardwright
