#include "tests/fuzz/json_mutation.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <limits>
#include <random>
#include <vector>

namespace shardwright::fuzz {
namespace {

using nlohmann::json;
using Random = std::minstd_rand;

std::size_t below(Random& random, std::size_t count) { return random() % count; }

// All values of the document that lie in another one.
void collect(json& value, std::vector<json*>& parents, std::vector<json*>& all) {
  all.push_back(&value);
  if (!value.is_structured() || value.empty()) return;
  parents.push_back(&value);
  for (json& member : value) collect(member, parents, all);
}

json awkward_number(Random& random) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  static const std::array<json, 14> kNumbers = {0,
                                                1,
                                                -1,
                                                4,
                                                kMost,
                                                kMost - 1,
                                                std::uint64_t(kMost) + 1,
                                                1e300,
                                                1LL << 40,
                                                1LL << 62,
                                                1e-9,
                                                0.5,
                                                1e19,
                                                std::numeric_limits<std::int64_t>::min()};
  return kNumbers[below(random, kNumbers.size())];
}

json awkward_value(Random& random) {
  static const std::array<json, 8> kValues = {
      nullptr, true, "", "a", "../x", json::array(), json::object(), std::string(300, 'n')};
  return below(random, 2) == 0 ? awkward_number(random) : kValues[below(random, kValues.size())];
}

// A number near another one: half, double, one more, one less.
void nudge(json& value, Random& random) {
  if (!value.is_number()) return;
  const double number = value.get<double>();
  const std::array<double, 4> near = {number / 2, number * 2, number + 1, number - 1};
  const double chosen = near[below(random, near.size())];
  const bool whole = value.is_number_integer() && chosen > -9e15 && chosen < 9e15;
  value = whole ? json(static_cast<std::int64_t>(chosen)) : json(chosen);
}

json::iterator member_of(json& parent, Random& random) {
  return std::next(parent.begin(), static_cast<std::ptrdiff_t>(below(random, parent.size())));
}

void change_once(json& document, Random& random) {
  std::vector<json*> parents;
  std::vector<json*> all;
  collect(document, parents, all);
  if (parents.empty()) return;
  json& parent = *parents[below(random, parents.size())];
  const json::iterator member = member_of(parent, random);
  switch (below(random, 6)) {
    case 0:
      *member = awkward_value(random);
      break;
    case 1:
      parent.erase(member);
      break;
    case 2:
      nudge(*member, random);
      break;
    case 3: {
      const json copy = *all[below(random, all.size())];
      *member = copy;
      break;
    }
    case 4:
      if (parent.is_array()) parent.push_back(json(*member));
      break;
    default:
      if (member->is_number()) *member = awkward_number(random);
  }
}

}  // namespace

std::string mutate_json(std::string_view text, std::uint32_t seed) {
  // What lies too deep for functions that call themselves is left out.
  const auto keep = [](int depth, json::parse_event_t, json&) { return depth < 50; };
  json document = json::parse(text, keep, false);
  if (document.is_discarded()) return "";
  Random random(seed);
  const std::size_t changes = 1 + below(random, 3);
  for (std::size_t i = 0; i < changes; ++i) change_once(document, random);
  return document.dump();
}

}  // namespace shardwright::fuzz
