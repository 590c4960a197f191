#include "costmodel/compute/compute_model_json.hpp"

#include "costmodel/compute/compute_dataset.hpp"
#include "costmodel/json/json_view.hpp"
#include "costmodel/machine_probe_json.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace shardwright {
namespace {

using nlohmann::ordered_json;

constexpr double kLargest = 1e9;                      // of weights: beyond any that training gives
constexpr std::size_t kNewFeatures = kNumProbes + 1;  // since speeds and lines
constexpr std::size_t kNewHeadInputs = kNumProbes + kNumOutputInputs;
constexpr std::size_t kWidest = 256;  // outputs or inputs of a layer

ordered_json layers_to_json(const std::vector<DenseLayer>& layers) {
  ordered_json json = ordered_json::array();
  for (const DenseLayer& layer : layers) {
    json.push_back({{"inputs", layer.inputs}, {"weights", layer.weights}, {"bias", layer.bias}});
  }
  return json;
}

ordered_json roofline_to_json(const Roofline& roofline) {
  return {{"forward", roofline.forward}, {"backward", roofline.backward}};
}

ordered_json training_to_json(const ComputeTraining& training) {
  ordered_json ranges = ordered_json::object();
  for (const auto& [what, range] : training.ranges) ranges[what] = {range.least, range.most};
  return {{"rows", training.rows},
          {"data_fingerprint", training.data_fingerprint},
          {"hardware", training.hardware},
          {"formats", training.formats},
          {"optimizers", training.optimizers},
          {"ranges", ranges}};
}

std::vector<double> read_values(const JsonView& view, double least = -kLargest) {
  std::vector<double> values;
  for (const JsonView& value : view.elements()) values.push_back(value.number(least, kLargest));
  return values;
}

std::vector<double> read_exactly(const JsonView& view, std::size_t count,
                                 double least = -kLargest) {
  std::vector<double> values = read_values(view, least);
  if (values.size() != count) view.fail(fmt::format("{} numbers", count));
  return values;
}

// Layers that follow `inputs` values and end in `outputs` (0: any number).
std::vector<DenseLayer> read_layers(const JsonView& view, std::size_t inputs, std::size_t outputs) {
  std::vector<DenseLayer> layers;
  for (const JsonView& part : view.elements()) {
    DenseLayer layer;
    layer.inputs = static_cast<std::size_t>(part.at("inputs").integer(1));
    if (layer.inputs != inputs) {
      part.at("inputs").fail(fmt::format("{}, as the layer before puts out", inputs));
    }
    layer.bias = read_values(part.at("bias"));
    if (layer.bias.empty() || layer.bias.size() > kWidest) {
      part.at("bias").fail(fmt::format("1 to {} numbers", kWidest));
    }
    layer.weights = read_exactly(part.at("weights"), layer.inputs * layer.bias.size());
    inputs = layer.bias.size();
    layers.push_back(std::move(layer));
  }
  if (layers.empty()) view.fail("at least one layer");
  if (outputs != 0 && inputs != outputs)
    view.fail(fmt::format("layers that end in {} outputs", outputs));
  return layers;
}

Roofline read_roofline(const JsonView& view, const RivalSizes& sizes) {
  return {read_exactly(view.at("forward"), sizes.forward, 0.0),
          read_exactly(view.at("backward"), sizes.backward, 0.0)};
}

void read_rivals(const JsonView& view, ComputeModel& model) {
  if (!view.raw().is_object()) view.fail("an object of constants");
  const auto known = rival_names();
  for (const auto& [name, values] : view.raw().items()) {
    const JsonView rival(values, view.file(), view.path() + "." + name);
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      rival.fail(fmt::format("constants of one of {}", fmt::join(known, ", ")));
    }
    model.rivals[name] = read_roofline(rival, rival_sizes(name));
  }
}

// Files of before nets were told of machines' speeds and of lines, the last inputs, lack these;
// older ones lack the one before them too, whether row statistics are shared.
std::size_t num_features(const JsonView& document) {
  const std::size_t has = document.at("mean").raw().size();
  const bool is_older =
      has + kNewFeatures == kNumFeatures || has + kNewFeatures + 1 == kNumFeatures;
  return is_older ? has : kNumFeatures;
}

// Inputs that the layer does not see.
void widen(DenseLayer& layer, std::size_t inputs) {
  std::vector<double> weights;
  for (auto row = layer.weights.begin(); row != layer.weights.end();) {
    const auto end = row + static_cast<std::ptrdiff_t>(layer.inputs);
    weights.insert(weights.end(), row, end);
    weights.resize(weights.size() + inputs - layer.inputs);
    row = end;
  }
  layer.weights = std::move(weights);
  layer.inputs = inputs;
}

void add_blind_inputs(ComputeModel& model) {
  model.mean.resize(kNumFeatures, 0);
  model.deviation.resize(kNumFeatures, 1);
  widen(model.encoder.front(), kNumFeatures);
  widen(model.head.front(), num_head_inputs(model));
}

// None in files of before machines were told apart.
void read_machines(const JsonView& document, ComputeModel& model) {
  if (const auto reference = document.find("reference")) {
    model.reference = model.usual = probe_from_json(*reference);
  }
  if (const auto usual = document.find("usual")) model.usual = probe_from_json(*usual);
}

std::set<std::string> read_names(const JsonView& view) {
  std::set<std::string> names;
  for (const JsonView& name : view.elements()) names.insert(name.string());
  return names;
}

void read_training(const JsonView& view, ComputeTraining& training) {
  training.rows = static_cast<std::size_t>(view.at("rows").integer(1));
  training.data_fingerprint = view.at("data_fingerprint").string();
  training.hardware = read_names(view.at("hardware"));
  if (const auto formats = view.find("formats")) training.formats = read_names(*formats);
  if (const auto names = view.find("optimizers")) training.optimizers = read_names(*names);
  const JsonView ranges = view.at("ranges");
  if (!ranges.raw().is_object()) ranges.fail("an object of ranges");
  for (const auto& [what, ends] : ranges.raw().items()) {
    const auto values = read_exactly(ranges.at(what), 2);
    if (values[1] < values[0]) ranges.at(what).fail("the least and the most");
    if (what.starts_with("probe_") && values[0] < kLeastProbe) ranges.at(what).fail("rates");
    training.ranges[what] = {values[0], values[1]};
  }
}

}  // namespace

std::string compute_model_to_json(const ComputeModel& model) {
  ordered_json rivals = ordered_json::object();
  for (const auto& [name, rival] : model.rivals) rivals[name] = roofline_to_json(rival);
  ordered_json json = {
      {"schema", "shardwright.compute_model/1"},
      {"name", model.name},
      {"device", model.device},
      {"architecture", to_string(model.architecture)},
      {"trained_on", training_to_json(model.training)},
      {"error",
       {{"geometric_mean_error", model.error.geometric_mean_error}, {"how", model.error.how}}},
      {"mean", model.mean},
      {"deviation", model.deviation},
      {"roofline", roofline_to_json(model.roofline)},
      {"encoder", layers_to_json(model.encoder)},
      {"head", layers_to_json(model.head)},
      {"rivals", rivals}};
  if (model.reference.known()) json["reference"] = probe_to_json(model.reference);
  if (model.usual != model.reference) json["usual"] = probe_to_json(model.usual);
  return json.dump() + "\n";
}

bool is_compute_model(std::string_view text) {
  return text.substr(0, 200).find("shardwright.compute_model/") != std::string_view::npos;
}

ComputeModel compute_model_of(const JsonView& document) {
  expect_schema(document, "compute_model");
  ComputeModel model;
  model.name = document.at("name").string();
  model.device = document.at("device").string();
  model.architecture = parse_compute_architecture(document.at("architecture").string());
  const bool residual = model.architecture == ComputeArchitecture::roofline_residual;
  const std::size_t features = residual ? num_features(document) : kNumNeuroshardFeatures;
  read_training(document.at("trained_on"), model.training);
  model.error = {document.at("error").at("geometric_mean_error").number(0),
                 document.at("error").at("how").string()};
  constexpr double kLeastDeviation = 1e-9;
  read_machines(document, model);
  model.mean = read_exactly(document.at("mean"), features);
  model.deviation = read_exactly(document.at("deviation"), features, kLeastDeviation);
  model.roofline = read_roofline(document.at("roofline"), rival_sizes("roofline"));
  model.encoder = read_layers(document.at("encoder"), features, residual ? 2 + kNumCodes : 0);
  const bool knows_speeds = !residual || features == kNumFeatures;
  model.head =
      read_layers(document.at("head"), num_head_inputs(model) - (knows_speeds ? 0 : kNewHeadInputs),
                  residual ? 2 : 1);
  read_rivals(document.at("rivals"), model);
  if (!knows_speeds) add_blind_inputs(model);
  return model;
}

ComputeModel parse_compute_model(std::string_view text, const std::string& file) {
  const nlohmann::json json = parse_json(text, file);
  return compute_model_of(JsonView(json, file));
}

ComputeModel read_compute_model(const std::string& file) {
  const nlohmann::json json = read_json(file);
  return compute_model_of(JsonView(json, file));
}

}  // namespace shardwright
