#include "launch/error_report.hpp"

#include <fmt/format.h>

namespace shardwright {
namespace {

using nlohmann::ordered_json;

void put_errors(ordered_json& json, const ErrorSlice& slice) {
  const ErrorSummary& errors = slice.errors;
  json["rows"] = errors.rows;
  json["geometric_mean_error"] = errors.geometric_mean_error;
  json["geometric_mean_relative_error"] = errors.geometric_mean_relative_error;
  json["mean_signed_error"] = errors.mean_signed_error;
  json["p95_relative_error"] = errors.p95_relative_error;
  json["share_within_10_percent"] = errors.share_within_10_percent;
  json["kendall_tau"] = errors.kendall_tau;
  json["repeat_scatter"] = slice.repeat_scatter ? ordered_json(*slice.repeat_scatter) : nullptr;
}

std::string percent(double share) { return fmt::format("{:.1f} %", 100 * share); }

std::string cut(const std::string& text, std::size_t length) {
  return text.size() <= length ? text : text.substr(0, length - 3) + "...";
}

}  // namespace

ordered_json errors_to_json(const std::string& model, const std::vector<ErrorSlice>& slices) {
  ordered_json json = {{"schema", "shardwright.errors/1"}, {"model", model}};
  put_errors(json, slices.front());
  json["slices"] = ordered_json::array();
  for (const ErrorSlice& slice : slices) {
    ordered_json part = {{"by", slice.by}, {"name", slice.name}};
    put_errors(part, slice);
    json["slices"].push_back(std::move(part));
  }
  return json;
}

std::string errors_to_text(const std::vector<ErrorSlice>& slices) {
  constexpr const char* kRow = "{:<10}{:<32}{:>8}{:>11}{:>11}{:>9}{:>9}{:>10}{:>8}{:>10}\n";
  std::string text = fmt::format(kRow, "slice", "", "rows", "geo.mean", "geo.mean", "signed", "p95",
                                 "within", "tau", "repeats");
  text += fmt::format(kRow, "", "", "", "error", "|rel.err|", "mean", "", "10 %", "", "scatter");
  for (const ErrorSlice& slice : slices) {
    const ErrorSummary& errors = slice.errors;
    text += fmt::format(
        kRow, slice.by, cut(slice.name, 31), errors.rows, percent(errors.geometric_mean_error),
        percent(errors.geometric_mean_relative_error), percent(errors.mean_signed_error),
        percent(errors.p95_relative_error), percent(errors.share_within_10_percent),
        fmt::format("{:.3f}", errors.kendall_tau),
        slice.repeat_scatter ? percent(*slice.repeat_scatter) : "-");
  }
  return text;
}

}  // namespace shardwright
