#include "launch/job/hosts.hpp"

#include "costmodel/errors.hpp"
#include "planner/input_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>

namespace shardwright {
namespace {

std::optional<std::int64_t> parse_count(std::string_view text) {
  constexpr std::int64_t kMost = 1 << 20;
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (count < 1 || count > kMost) return std::nullopt;
  return count;
}

JobHost parse_line(const std::string& text, const std::string& place) {
  std::istringstream words(text);
  JobHost host;
  words >> host.name;
  if (!is_host_name(host.name)) {
    throw InputError(fmt::format("{}: '{}' is no host name.", place, host.name));
  }
  for (std::string word; words >> word;) {
    const std::string_view value = word;
    if (value.starts_with("max_slots=") || value.starts_with("max-slots=")) continue;
    const auto slots =
        value.starts_with("slots=") ? parse_count(value.substr(6)) : std::optional<std::int64_t>();
    if (!slots) throw InputError(fmt::format("{}: '{}', expected slots=N.", place, word));
    host.slots = *slots;
  }
  return host;
}

}  // namespace

bool is_host_name(std::string_view name) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
  return !name.empty() && name.size() <= kLongestHostName && name.front() != '-' &&
         name.find_first_not_of(kAllowed) == std::string_view::npos;
}

std::int64_t num_slots(const std::vector<JobHost>& hosts) {
  std::int64_t slots = 0;
  for (const JobHost& host : hosts) slots += host.slots;
  return slots;
}

std::vector<JobHost> read_hosts_file(const std::string& file) {
  const InputFile input = read_input_file(file);
  std::istringstream lines(input.content);
  std::vector<JobHost> hosts;
  std::int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    line.erase(std::min(line.find('#'), line.size()));
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    hosts.push_back(parse_line(line, fmt::format("{}:{}", input.name, number)));
  }
  if (hosts.empty()) throw InputError(fmt::format("{} names no host.", input.name));
  return hosts;
}

std::vector<JobHost> parse_hosts(std::string_view list) {
  std::vector<JobHost> hosts;
  std::istringstream entries{std::string(list)};
  for (std::string entry; std::getline(entries, entry, ',');) {
    const std::size_t colon = entry.find(':');
    const std::string name = entry.substr(0, colon);
    const auto slots = colon == std::string::npos ? 1 : parse_count(entry.substr(colon + 1));
    if (!is_host_name(name) || !slots) {
      throw UsageError(fmt::format(
          "'{}' is no host: write --host as nodeA:8,nodeB:8, with the ranks of each.", entry));
    }
    hosts.push_back({name, *slots});
  }
  if (hosts.empty()) throw UsageError("--host names no host.");
  return hosts;
}

}  // namespace shardwright
