#include "planner/search/reason.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace shardwright {
namespace {

// The place of every table by weight, heaviest first, counted from 1.
std::vector<std::size_t> places(const std::vector<Story>& stories) {
  std::vector<std::size_t> order(stories.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return stories[a].weight > stories[b].weight;
  });
  std::vector<std::size_t> result(stories.size());
  for (std::size_t i = 0; i < order.size(); ++i) result[order[i]] = i + 1;
  return result;
}

std::string ordinal(std::size_t number) {
  const bool teen = number / 10 % 10 == 1;
  const std::size_t last = teen ? 0 : number % 10;
  return fmt::format("{}{}", number, last == 1 ? "st" : last == 2 ? "nd" : last == 3 ? "rd" : "th");
}

std::string cut(const Problem& problem, const TableRules& rules, const Story& story) {
  std::string text;
  if (story.first_parts > 1) {
    text = fmt::format("cut in {} by max_column_width {}; ", story.first_parts, rules.max_width);
  }
  if (story.parts > story.first_parts) {
    const Bytes roomiest = *std::max_element(problem.room.begin(), problem.room.end());
    const bool ever = story.fitted_nowhere <= roomiest;
    text += fmt::format("halved into {} parts, {} {}; ", story.parts,
                        format_bytes(story.fitted_nowhere),
                        ever ? "was left on no rank" : "fits no rank");
  }
  return text;
}

std::string choice(const Problem& problem, const GreedyRule& rule, const TableRules& rules,
                   const Story& story) {
  if (story.candidates == 0) return "no rank had room";
  const bool constrained = rules.ranks.size() < problem.room.size();
  const bool full = story.candidates < rules.ranks.size();
  const std::string_view kind = full ? " with room" : constrained ? " allowed" : "";
  if (story.candidates == 1 && !kind.empty()) return fmt::format("the only rank{}", kind);
  return fmt::format("{} of {} ranks{}", rule.choice_name, story.candidates, kind);
}

}  // namespace

std::vector<std::string> reasons_of(const Problem& problem, const GreedyRule& rule,
                                    const std::vector<Story>& stories) {
  const auto place = places(stories);
  std::vector<std::string> reasons;
  for (std::size_t i = 0; i < stories.size(); ++i) {
    const TableRules& rules = problem.rules[i];
    const std::string order =
        rule.weight ? fmt::format("{} by {}; ", ordinal(place[i]), rule.weight_name) : "";
    reasons.push_back(order + cut(problem, rules, stories[i]) +
                      choice(problem, rule, rules, stories[i]));
  }
  return reasons;
}

}  // namespace shardwright
