#include "costmodel/errors.hpp"
#include "launch/job/hosts.hpp"

#include <fmt/format.h>

#include <charconv>

namespace shardwright {
namespace {

constexpr std::int64_t kMostHosts = 1 << 17;

[[noreturn]] void refuse(std::string_view text) {
  throw InputError(
      fmt::format("Slurm's list '{}' is not understood; name the hosts with --host.", text));
}

std::int64_t number_in(std::string_view digits, std::string_view whole) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || value < 0) refuse(whole);
  return value;
}

/// Cuts at commas outside brackets.
std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  std::int64_t depth = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] == '[') ++depth;
    if (i < text.size() && text[i] == ']') --depth;
    if (i < text.size() && (text[i] != ',' || depth > 0)) continue;
    parts.push_back(text.substr(begin, i - begin));
    begin = i + 1;
  }
  return parts;
}

/// The numbers of "01-03" with as many digits, put between what stands before and after them.
void add_range(std::string_view range, std::string_view before, std::string_view after,
               std::vector<std::string>& names) {
  const std::size_t dash = range.find('-');
  const std::string_view first = range.substr(0, dash);
  const std::string_view last = dash == std::string_view::npos ? first : range.substr(dash + 1);
  // Numbers are padded to as many digits as the first is written with.
  if (before.size() + range.size() + after.size() > kLongestHostName) refuse(range);
  const std::int64_t begin = number_in(first, range);
  const std::int64_t end = number_in(last, range);
  if (end < begin || end - begin >= kMostHosts - std::ssize(names)) refuse(range);
  for (std::int64_t i = 0; i <= end - begin; ++i) {
    names.push_back(fmt::format("{}{:0{}}{}", before, begin + i, first.size(), after));
  }
}

std::vector<std::string> expand(std::string_view list) {
  std::vector<std::string> names;
  for (const std::string_view part : split(list)) {
    const std::size_t open = part.find('[');
    if (open == std::string_view::npos) {
      if (std::ssize(names) >= kMostHosts) refuse(list);
      names.emplace_back(part);
      continue;
    }
    const std::size_t close = part.find(']', open);
    if (close == std::string_view::npos || part.find('[', close) != std::string_view::npos) {
      refuse(list);
    }
    for (const std::string_view range : split(part.substr(open + 1, close - open - 1))) {
      add_range(range, part.substr(0, open), part.substr(close + 1), names);
    }
  }
  return names;
}

/// "4(x3),2": how often each number of tasks comes.
std::vector<std::int64_t> expand_tasks(std::string_view text) {
  std::vector<std::int64_t> tasks;
  for (const std::string_view part : split(text)) {
    const std::size_t open = part.find("(x");
    std::int64_t times = 1;
    if (open != std::string_view::npos) {
      if (!part.ends_with(')')) refuse(text);
      times = number_in(part.substr(open + 2, part.size() - open - 3), text);
    }
    if (times > kMostHosts - std::ssize(tasks)) refuse(text);
    tasks.insert(tasks.end(), static_cast<std::size_t>(times),
                 number_in(part.substr(0, open), text));
  }
  return tasks;
}

}  // namespace

std::vector<JobHost> slurm_hosts(std::string_view node_list, std::string_view tasks_per_node) {
  const std::vector<std::string> names = expand(node_list);
  const std::vector<std::int64_t> tasks = expand_tasks(tasks_per_node);
  if (names.size() != tasks.size()) refuse(tasks_per_node);
  for (const std::string& name : names) {
    if (!is_host_name(name)) refuse(name);
  }
  std::vector<JobHost> hosts;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (tasks[i] > 0) hosts.push_back({names[i], tasks[i]});
  }
  return hosts;
}

}  // namespace shardwright
