#include "costmodel/json/json_view.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace shardwright {
namespace {

using nlohmann::json;

std::string excerpt(const json& value) {
  constexpr std::size_t kLongest = 60;
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() <= kLongest) return text;
  std::size_t end = kLongest;  // of a whole letter: its further bytes are 10xxxxxx
  while ((static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

std::string range_text(std::string_view kind, const std::string& least, const std::string& most) {
  return fmt::format("{} from {} to {}", kind, least, most);
}

// The value as a 64-bit integer, if it is one: 3, 3.0 and 1e6 are.
std::optional<std::int64_t> exact_integer(const json& value) {
  constexpr double kExact = 0x1p53;
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return {};
    return static_cast<std::int64_t>(number);
  }
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (!value.is_number_float()) return {};
  const double number = value.get<double>();
  if (std::abs(number) > kExact || number != std::floor(number)) return {};
  return static_cast<std::int64_t>(number);
}

}  // namespace

void JsonView::fail(std::string_view expected) const {
  const std::string place = path_.empty() ? "the document" : path_;
  throw InputError(
      fmt::format("{}: {} is {}, expected {}.", file_, place, excerpt(*value_), expected));
}

JsonView JsonView::at(std::string_view key) const {
  if (auto member = find(key)) return *member;
  const std::string place = path_.empty() ? "the document" : path_;
  throw InputError(fmt::format("{}: {} lacks the required member \"{}\".", file_, place, key));
}

std::optional<JsonView> JsonView::find(std::string_view key) const {
  if (!value_->is_object()) fail("an object");
  const auto member = value_->find(key);
  if (member == value_->end() || member->is_null()) return {};
  return JsonView(*member, file_,
                  path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key));
}

std::vector<JsonView> JsonView::elements() const {
  if (!value_->is_array()) fail("an array");
  std::vector<JsonView> views;
  views.reserve(value_->size());
  for (std::size_t i = 0; i < value_->size(); ++i) {
    views.emplace_back((*value_)[i], file_, fmt::format("{}[{}]", path_, i));
  }
  return views;
}

void JsonView::allow_keys(std::initializer_list<std::string_view> keys) const {
  if (!value_->is_object()) fail("an object");
  for (const auto& [key, member] : value_->items()) {
    if (key.starts_with('_') || std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    const std::string guess = nearest(key, {keys.begin(), keys.end()});
    const std::string hint = guess.empty() ? "." : fmt::format("; did you mean \"{}\"?", guess);
    throw InputError(fmt::format(
        "{}: {} has the unknown member \"{}\"{} Allowed are {}; names that start with _ are "
        "comments.",
        file_, path_.empty() ? "the document" : path_, key, hint, fmt::join(keys, ", ")));
  }
}

std::int64_t JsonView::integer(std::int64_t least, std::int64_t most) const {
  const auto number = exact_integer(*value_);
  if (!number || *number < least || *number > most) {
    fail(range_text("an integer", fmt::format("{}", least), fmt::format("{}", most)));
  }
  return *number;
}

double JsonView::number(double least, double most) const {
  const double number = value_->is_number() ? value_->get<double>() : std::nan("");
  if (!(number >= least && number <= most)) {
    const bool any = least == std::numeric_limits<double>::lowest();
    const bool open = most == std::numeric_limits<double>::max();
    if (any) fail("a finite number");
    if (open) fail(fmt::format("a finite number of at least {}", least));
    fail(range_text("a number", fmt::format("{}", least), fmt::format("{}", most)));
  }
  return number;
}

std::string JsonView::string() const {
  if (!value_->is_string()) fail("a string");
  return value_->get<std::string>();
}

bool JsonView::boolean() const {
  if (!value_->is_boolean()) fail("true or false");
  return value_->get<bool>();
}

}  // namespace shardwright
