#include "planner/search/local/local_search.hpp"

#include "costmodel/errors.hpp"
#include "planner/search/algorithms.hpp"
#include "planner/search/check_shapes.hpp"
#include "planner/search/local/annealer.hpp"
#include "planner/search/local/deadline.hpp"
#include "planner/search/local/deal.hpp"
#include "planner/search/local/in_parallel.hpp"
#include "planner/search/local/lower_bound.hpp"
#include "planner/search/local/price_alone.hpp"
#include "planner/search/local/race.hpp"
#include "planner/search/local/search_reasons.hpp"
#include "planner/search/local/spread.hpp"
#include "planner/search/local/starts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>
#include <memory>
#include <thread>

namespace shardwright {
namespace {

// Where the lines of search, not the number of threads, begin to cool, relative to the cost: hot
// lines find other plans than the start, cold ones improve what there is in little time.
constexpr std::array kHot = {5e-2, 2e-2, 1e-2, 3e-3};
constexpr std::size_t kLines = kHot.size();
// Begins from the median start, the others from the cheapest: else all would end where that leads.
constexpr std::size_t kStrayLine = 1;
// Of the work limit, what improving one start may take before the cheapest are known.
constexpr std::int64_t kRaceShare = 64;
// What a start may cost above the cheapest for spreading the tables that dominate.
constexpr double kSpreadMore = 0.04;
constexpr std::int64_t kRounds = 128;
constexpr std::int64_t kShortestRound = 64;
constexpr std::int64_t kTimedRounds = 32;  // fewer, as threads take some time to begin
constexpr std::int64_t kShortestTimedRound = 256;
constexpr std::int64_t kLongestRound = 1 << 15;  // evaluations of one line between two looks
constexpr std::int64_t kPhases = 8;              // after each, the worst line takes over the best
constexpr std::int64_t kFirstTakeOver = 4;       // but lines may go their own way for a while
constexpr double kCold = 5e-5;                   // where they all end
constexpr double kProved = 1e-9;

class LocalSearch {
 public:
  LocalSearch(const Question& question, const RankPricer& pricer, const Deadline& deadline)
      : question_(question),
        space_(question.problem, pricer, question.objective, question.widths),
        deadline_(deadline) {}

  Found run() {
    found_.lower_bound = lower_bound(space_);
    const bool times = question_.objective != Objective::memory;
    const double mean =
        times && found_.lower_bound ? *found_.lower_bound : mean_price_alone(space_);
    if (times) widest_ = spread_widths(space_, mean);
    auto starts = find_starts(space_, question_, mean, widest_, deadline_.passed(),
                              deadline_.nearly_passed(), found_.evaluations);
    if (starts.empty()) return give_up();
    improve(starts);
    draw_lines(std::move(starts));
    anneal();
    const std::vector<Piece>& pieces = line_wins() ? best().best() : cheapest_.pieces;
    found_.placement.shards = deal(space_, pieces);
    found_.placement.reasons = search_reasons(space_, pieces);
    return std::move(found_);
  }

 private:
  Found give_up() {
    const Algorithm& greedy = find_algorithm("size_greedy");
    found_.placement = greedy.place(question_.problem, question_.seed);
    if (found_.placement.unplaced.empty()) {  // it cut as the widths asked for do not allow
      std::swap(found_.placement.unplaced, found_.placement.shards);
    }
    return std::move(found_);
  }

  void improve(std::vector<Start>& starts) {
    const std::int64_t limit = std::min(work_limit(), default_work_limit(question_.problem));
    const double of_others = cheapest_of_others(starts);
    race(space_, starts, widest_, question_.seed, limit / kRaceShare, num_threads(), deadline_,
         done_);
    found_.evaluations += done_;
    cheapest_ = starts.front();
    keep_spread(starts);
    to_beat_ = widest_.empty() ? cheapest_.cost : of_others;
  }

  static double cheapest_of_others(const std::vector<Start>& starts) {
    const auto found =
        std::find_if(starts.begin(), starts.end(), [](const Start& start) { return !start.ours; });
    return found == starts.end() ? std::numeric_limits<double>::infinity() : found->cost;
  }

  void draw_lines(std::vector<Start> starts) {
    for (std::size_t line = 0; line < kLines; ++line) {
      const Start& start = starts[line == kStrayLine ? starts.size() / 2 : 0];
      lines_.push_back(
          std::make_unique<Annealer>(space_, start.pieces, question_.seed, line, widest_));
    }
  }

  // Where starts spread the tables that dominate and cost little more, those alone are left, and
  // their widths are to be kept: what a start does with such a table is rarely undone.
  void keep_spread(std::vector<Start>& starts) {
    if (widest_.empty()) return;
    std::vector<Start> spread;
    std::copy_if(starts.begin(), starts.end(), std::back_inserter(spread), [&](const Start& start) {
      return start.cost <= cheapest_.cost * (1 + kSpreadMore) &&
             holds_widths(space_, start.pieces, widest_);
    });
    if (spread.empty()) return widest_.clear();
    starts = std::move(spread);
  }

  // Cheapest line; the first of equals.
  const Annealer& best() const {
    return **std::min_element(lines_.begin(), lines_.end(), [](const auto& a, const auto& b) {
      return a->best_cost() < b->best_cost();
    });
  }

  // Lines that keep tables spread need not come below a start of ours that does not, only below
  // what other algorithms would have given: where time is short they would not, though they do
  // later. They begin little above it.
  bool line_wins() const { return best().best_cost() <= to_beat_; }
  double best_cost() const { return line_wins() ? best().best_cost() : cheapest_.cost; }

  bool proved() const {
    return found_.lower_bound && best_cost() <= *found_.lower_bound * (1 + kProved);
  }

  std::int64_t work_limit() const {
    const Effort& effort = question_.effort;
    if (effort.work_limit > 0) return effort.work_limit;
    if (effort.time_limit_seconds) return std::int64_t{1} << 60;
    return default_work_limit(question_.problem);
  }

  void anneal() {
    const std::int64_t limit = work_limit();
    std::int64_t phase = 0;
    while (true) {
      const double share = std::max(static_cast<double>(done_) / static_cast<double>(limit),
                                    deadline_.share_spent());
      if (question_.effort.progress) {
        question_.effort.progress({best_cost(), found_.lower_bound, share});
      }
      if (stop(share)) break;
      const auto now = static_cast<std::int64_t>(share * kPhases);
      if (now > phase && now >= kFirstTakeOver) take_over();
      phase = now;
      const std::int64_t steps = steps_of_round(limit);
      round(steps, share);
      done_ += steps * static_cast<std::int64_t>(kLines);
    }
    for (const auto& line : lines_) found_.evaluations += line->evaluations();
  }

  // Of a line, so that it cools in many steps. Where time is the limit, how many there will be is
  // seen from how many there were.
  std::int64_t steps_of_round(std::int64_t limit) const {
    const auto of_line = [](std::int64_t steps) {
      return std::max<std::int64_t>(steps / std::int64_t{kLines}, 1);
    };
    const double spent = deadline_.share_spent();
    const bool by_time = spent > 0;
    const auto most = static_cast<double>(limit);
    const double all = by_time ? std::min(static_cast<double>(done_) / spent, most) : most;
    const std::int64_t rounds = by_time ? kTimedRounds : kRounds;
    const std::int64_t shortest = by_time ? kShortestTimedRound : kShortestRound;
    return std::clamp(of_line(static_cast<std::int64_t>(all)) / rounds,
                      std::min(of_line(limit), shortest), kLongestRound);
  }

  bool stop(double share) {
    found_.optimal = proved();
    if (found_.optimal) {
      found_.stopped_by = "optimal";
    } else if (deadline_.interrupted()) {
      found_.stopped_by = "interrupt";
    } else if (deadline_.passed() || deadline_.share_spent() >= 1) {  // the flag lags a little
      found_.stopped_by = "time";
    } else {
      return share >= 1;
    }
    return true;
  }

  void take_over() {
    auto& worst = **std::max_element(
        lines_.begin(), lines_.end(),
        [](const auto& a, const auto& b) { return a->best_cost() < b->best_cost(); });
    if (worst.best_cost() > best().best_cost()) worst.restart(best().best());
  }

  void round(std::int64_t steps, double share) {
    in_parallel(lines_.size(), num_threads(), [&](std::size_t line) {
      const double temperature = kHot[line] * std::pow(kCold / kHot[line], share);
      lines_[line]->run(steps, temperature, deadline_.passed());
    });
  }

  unsigned num_threads() const {
    const unsigned asked = question_.effort.threads;
    const unsigned threads = asked > 0 ? asked : std::thread::hardware_concurrency();
    return std::clamp(threads, 1U, static_cast<unsigned>(kLines));
  }

  const Question& question_;
  SearchSpace space_;
  const Deadline& deadline_;
  std::vector<std::unique_ptr<Annealer>> lines_;
  std::vector<std::int32_t> widest_;  // parts of tables that are kept spread; empty: none is
  Start cheapest_{};                  // after the race
  double to_beat_ = 0;                // by a line, or the cheapest start is the answer
  std::int64_t done_ = 0;             // evaluations that count towards the work limit
  Found found_;
};

}  // namespace

std::unique_ptr<RankPricer> rank_pricer_of(const Question& question) {
  auto pricer =
      question.cost_model.rank_pricer(question.problem.workload, question.problem.topology);
  if (pricer) return pricer;
  throw UsageError(
      fmt::format("The cost model {} cannot be priced rank by rank, which this algorithm needs. "
                  "Choose another --cost-model or --algorithm.",
                  question.cost_model.name()));
}

Found local_search(const Question& question) {
  const Deadline deadline(question.effort.time_limit_seconds, question.effort.interrupt);
  const auto pricer = rank_pricer_of(question);  // of many tables this takes some of the time
  if (pricer->assumes_even_rows()) check_shapes(question.problem, true);
  return LocalSearch(question, *pricer, deadline).run();
}

std::int64_t default_work_limit(const Problem& problem) {
  constexpr std::int64_t kBase = 400'000;
  constexpr std::int64_t kPerTable = 2'000;
  return kBase + kPerTable * static_cast<std::int64_t>(problem.rules.size());
}

}  // namespace shardwright
