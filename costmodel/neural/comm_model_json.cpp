#include "costmodel/neural/comm_model_json.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"
#include "costmodel/machine_probe_json.hpp"

#include <fmt/format.h>

namespace shardwright {
namespace {

using nlohmann::ordered_json;

constexpr double kLargestLog = 100;  // of a curve's value: far beyond any time, far below overflow

ordered_json range_to_json(const Range& range) { return {range.least, range.most}; }

ordered_json effect_to_json(const CommEffect& effect) {
  ordered_json by = ordered_json::array();
  for (const EffectKey key : effect.by) by.push_back(to_string(key));
  ordered_json json = {{"by", by},
                       {"times", to_string(effect.times)},
                       {"level_sd", effect.level_sd},
                       {"step_sd", effect.step_sd},
                       {"curves", ordered_json::object()}};
  for (const auto& [key, curve] : effect.curves) json["curves"][key] = curve;
  return json;
}

// Of a setting that was measured on as many ranks as all are, these are not said again.
ordered_json settings_to_json(const CommTraining& training) {
  ordered_json json = ordered_json::array();
  for (const auto& [setting, ranks] : training.settings) {
    ordered_json item = {
        {"hardware", setting.hardware}, {"link", setting.link}, {"library", setting.library}};
    if (ranks != training.ranks) item["ranks"] = range_to_json(ranks);
    json.push_back(std::move(item));
  }
  return json;
}

ordered_json training_to_json(const CommTraining& training) {
  return {{"rows", training.rows},
          {"data_fingerprint", training.data_fingerprint},
          {"settings", settings_to_json(training)},
          {"operations", training.operations},
          {"ranks", range_to_json(training.ranks)},
          {"nodes", range_to_json(training.nodes)},
          {"bytes", range_to_json(training.bytes)},
          {"element_bytes", range_to_json(training.element_bytes)},
          {"evenness", range_to_json(training.evenness)},
          {"wait_us", range_to_json(training.wait_us)}};
}

Range read_range(const JsonView& view) {
  const auto ends = view.elements();
  if (ends.size() != 2) view.fail("two numbers, the least and the most");
  const double least = ends[0].number(0);
  return {least, ends[1].number(least)};
}

std::set<std::string> read_names(const JsonView& view) {
  std::set<std::string> names;
  for (const JsonView& name : view.elements()) names.insert(name.string());
  if (names.empty()) view.fail("at least one name");
  return names;
}

std::map<CommSetting, Range> read_settings(const JsonView& view, const Range& all_ranks) {
  std::map<CommSetting, Range> settings;
  for (const JsonView& item : view.elements()) {
    const CommSetting setting = {item.at("hardware").string(), item.at("link").string(),
                                 item.at("library").string()};
    const auto ranks = item.find("ranks");
    settings.emplace(setting, ranks ? read_range(*ranks) : all_ranks);
  }
  return settings;
}

// Of a model that was fitted to timings without probes there are none.
CommSpeeds read_speeds(const JsonView& document) {
  const auto view = document.find("speeds");
  if (!view) return {};
  const auto exponents = [&](std::string_view name) {
    constexpr double kMost = 10;
    return rates_from_json(view->at(name), 0, kMost);
  };
  return {probe_from_json(view->at("reference")), exponents("messages"), exponents("local"),
          exponents("in_place")};
}

CommTraining read_training(const JsonView& view) {
  CommTraining training;
  training.rows = static_cast<std::size_t>(view.at("rows").integer(1));
  training.data_fingerprint = view.at("data_fingerprint").string();
  training.ranks = read_range(view.at("ranks"));
  training.settings = read_settings(view.at("settings"), training.ranks);
  training.operations = read_names(view.at("operations"));
  for (const std::string& operation : training.operations) parse_collective(operation);
  training.nodes = read_range(view.at("nodes"));
  training.bytes = read_range(view.at("bytes"));
  training.element_bytes = read_range(view.at("element_bytes"));
  // Models of equal sizes and common starts need not say so.
  if (const auto range = view.find("evenness")) training.evenness = read_range(*range);
  if (const auto range = view.find("wait_us")) training.wait_us = read_range(*range);
  if (training.element_bytes.least < 1) view.at("element_bytes").fail("sizes of at least 1 byte");
  return training;
}

std::vector<double> read_knots(const JsonView& view) {
  std::vector<double> knots;
  for (const JsonView& knot : view.elements()) {
    const double bytes = knot.number();
    if (bytes <= (knots.empty() ? 0 : knots.back())) {
      knot.fail("a size in bytes above that of the knot before");
    }
    knots.push_back(bytes);
  }
  if (knots.size() < 2) view.fail("at least two knots");
  return knots;
}

// Empty if the model has none.
std::vector<double> read_pace(const JsonView& document, std::size_t knots) {
  std::vector<double> pace;
  const auto view = document.find("pace_us");
  if (!view) return pace;
  constexpr double kLeast = 1e-6;
  for (const JsonView& value : view->elements()) pace.push_back(value.number(kLeast));
  if (pace.size() != knots) view->fail(fmt::format("{} values, one for each knot", knots));
  return pace;
}

std::vector<double> read_curve(const JsonView& view, std::size_t knots) {
  std::vector<double> curve;
  for (const JsonView& value : view.elements()) {
    curve.push_back(value.number(-kLargestLog, kLargestLog));
  }
  if (curve.size() != knots) view.fail(fmt::format("{} values, one for each knot", knots));
  return curve;
}

CommEffect read_effect(const JsonView& view, std::size_t knots) {
  CommEffect effect;
  for (const JsonView& key : view.at("by").elements()) {
    effect.by.push_back(parse_effect_key(key.string()));
  }
  if (effect.by.empty()) view.at("by").fail("at least one key");
  effect.times = parse_effect_factor(view.at("times").string());
  effect.level_sd = view.at("level_sd").number(0);
  effect.step_sd = view.at("step_sd").number(0);
  const JsonView curves = view.at("curves");
  if (!curves.raw().is_object()) curves.fail("an object of curves");
  for (const auto& [key, values] : curves.raw().items()) {
    const JsonView curve(values, view.file(), fmt::format("{}[\"{}\"]", curves.path(), key));
    effect.curves.emplace(key, read_curve(curve, knots));
  }
  return effect;
}

// Without a base curve of an operation its times would be e^0 µs.
void check_base(const CommModel& model, const std::string& file) {
  for (const std::string& operation : model.training.operations) {
    bool found = false;
    for (const CommEffect& effect : model.effects) {
      const bool base = effect.times == EffectFactor::one && effect.by.size() == 1 &&
                        effect.by.front() == EffectKey::operation;
      found = found || (base && effect.curves.contains(operation));
    }
    if (found) continue;
    throw InputError(fmt::format(
        "{}: no effect by operation, times one, has a curve for {}, on which the model was "
        "trained: the file is not whole.",
        file, operation));
  }
}

}  // namespace

std::string comm_model_to_json(const CommModel& model) {
  ordered_json json = {
      {"schema", "shardwright.comm_model/1"},
      {"name", model.name},
      {"trained_on", training_to_json(model.training)},
      {"error",
       {{"geometric_mean_error", model.error.geometric_mean_error}, {"how", model.error.how}}},
      {"knots_bytes", model.knots},
      {"effects", ordered_json::array()}};
  if (!model.pace_us.empty()) json["pace_us"] = model.pace_us;
  if (model.speeds.reference.known()) {
    json["speeds"] = {{"reference", probe_to_json(model.speeds.reference)},
                      {"messages", rates_to_json(model.speeds.messages)},
                      {"local", rates_to_json(model.speeds.local)},
                      {"in_place", rates_to_json(model.speeds.in_place)}};
  }
  for (const CommEffect& effect : model.effects) json["effects"].push_back(effect_to_json(effect));
  return json.dump() + "\n";
}

CommModel comm_model_of(const JsonView& document) {
  expect_schema(document, "comm_model");
  CommModel model;
  model.name = document.at("name").string();
  model.training = read_training(document.at("trained_on"));
  model.error = {document.at("error").at("geometric_mean_error").number(0),
                 document.at("error").at("how").string()};
  model.knots = read_knots(document.at("knots_bytes"));
  model.pace_us = read_pace(document, model.knots.size());
  model.speeds = read_speeds(document);
  for (const JsonView& effect : document.at("effects").elements()) {
    model.effects.push_back(read_effect(effect, model.knots.size()));
  }
  check_base(model, document.file());
  return model;
}

CommModel parse_comm_model(std::string_view text, const std::string& file) {
  const nlohmann::json json = parse_json(text, file);
  return comm_model_of(JsonView(json, file));
}

}  // namespace shardwright
