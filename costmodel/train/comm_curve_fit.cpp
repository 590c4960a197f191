#include "costmodel/train/comm_curve_fit.hpp"

#include "costmodel/train/comm_net.hpp"

#include <torch/optim/lbfgs.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

namespace shardwright {
namespace {

constexpr double kNoise = 0.03;  // ln: scatter that is not worth bending curves for
constexpr double kReleaseShare = 0.25;
constexpr double kDigits = 1e6;  // of ln(time) that are kept: model files stay short

bool has_key(const CommEffect& effect, EffectKey key) {
  return std::find(effect.by.begin(), effect.by.end(), key) != effect.by.end();
}

bool is_shared(const CommEffect& effect) { return !has_key(effect, EffectKey::fabric); }

// Prior of every curve of a design.
struct Priors {
  std::vector<double> level_sd;
  std::vector<double> step_sd;
  torch::Tensor means;
};

Priors priors_of(const CommModel& model, const std::vector<CurveIndex>& curves, bool adapting) {
  const auto knots = static_cast<std::int64_t>(model.knots.size());
  Priors priors;
  priors.means = torch::zeros({static_cast<std::int64_t>(curves.size()), knots}, torch::kFloat64);
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const CommEffect& effect = model.effects[curves[i].effect];
    const auto known = effect.curves.find(curves[i].key);
    // A few new timings say more of the machine than of the release of its library.
    const double loose = adapting && has_key(effect, EffectKey::library) ? kReleaseShare : 1;
    const bool frozen = adapting && known != effect.curves.end() && is_shared(effect);
    priors.level_sd.push_back(frozen ? 0 : loose * effect.level_sd);
    priors.step_sd.push_back(frozen ? 0 : loose * effect.step_sd);
    if (known == effect.curves.end()) continue;
    priors.means[static_cast<std::int64_t>(i)] = torch::tensor(known->second, torch::kFloat64);
  }
  return priors;
}

}  // namespace

// A model's structure, the rows, the net.
class CommCurveFit::State {
 public:
  State(CommModel start, std::span<const CommTiming> rows, bool adapting)
      : model_(std::move(start)),
        design_(make_design(model_, rows)),
        batch_(design_.design),
        net_(make_net(adapting)),
        optimizer_({net_.parameters()}, torch::optim::LBFGSOptions(1.0)
                                            .max_iter(kIterationsPerStep)
                                            .history_size(100)
                                            .tolerance_grad(1e-9)
                                            .tolerance_change(1e-12)
                                            .line_search_fn("strong_wolfe")) {}

  void step() {
    optimizer_.step([&] {
      optimizer_.zero_grad();
      torch::Tensor loss = data_loss() + net_.prior_loss();
      loss.backward();
      return loss;
    });
  }

  double training_error() const {
    const torch::NoGradGuard no_grad;
    const torch::Tensor miss = batch_.forward(net_.curves()) - batch_.log_time;
    return std::expm1(miss.abs().mean().item<double>());
  }

  CommModel model() const {
    CommModel model = model_;
    const torch::Tensor curves = net_.curves().detach();
    const auto value = curves.accessor<double, 2>();
    for (std::size_t i = 0; i < design_.curves.size(); ++i) {
      std::vector<double> curve(model.knots.size());
      for (std::size_t k = 0; k < curve.size(); ++k) {
        const double exact = value[static_cast<std::int64_t>(i)][static_cast<std::int64_t>(k)];
        curve[k] = std::round(exact * kDigits) / kDigits;
      }
      model.effects[design_.curves[i].effect].curves[design_.curves[i].key] = std::move(curve);
    }
    return model;
  }

 private:
  CommNet make_net(bool adapting) const {
    const Priors priors = priors_of(model_, design_.curves, adapting);
    return {model_.knots, priors.level_sd, priors.step_sd, priors.means};
  }

  // Pseudo-Huber: quadratic within the noise, linear beyond, so that outliers do not pull.
  torch::Tensor data_loss() const {
    const torch::Tensor miss = (batch_.forward(net_.curves()) - batch_.log_time) / kNoise;
    return ((1 + miss.square()).sqrt() - 1).sum();
  }

  CommModel model_;
  CommDesignAndIndex design_;
  CommBatch batch_;
  CommNet net_;
  torch::optim::LBFGS optimizer_;
};

CommCurveFit::CommCurveFit(CommModel start, std::span<const CommTiming> rows, bool adapting)
    : state_(std::make_unique<State>(std::move(start), rows, adapting)) {}

CommCurveFit::~CommCurveFit() = default;

void CommCurveFit::step() { state_->step(); }

double CommCurveFit::training_error() const { return state_->training_error(); }

CommModel CommCurveFit::model() const { return state_->model(); }

std::vector<double> torch_log_predictions(const CommModel& model,
                                          std::span<const CommTiming> rows) {
  const auto [design, curves] = make_design(model, rows);
  const Priors priors = priors_of(model, curves, false);
  const torch::NoGradGuard no_grad;
  const torch::Tensor logs = CommBatch(design).forward(priors.means);
  const auto* begin = logs.data_ptr<double>();
  return {begin, begin + logs.numel()};
}

}  // namespace shardwright
