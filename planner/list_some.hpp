#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstddef>
#include <string>
#include <vector>

namespace shardwright {

/// For a sentence: word(thing) of the first `most` of the things, and how many more there are, as
/// "'a', 'b' and 3 more".
template <class Things, class Word>
std::string list_some(const Things& things, Word word, std::size_t most = 5) {
  std::vector<std::string> words;
  for (const auto& thing : things) {
    if (words.size() == most) break;
    words.push_back(word(thing));
  }
  const std::size_t more = things.size() - words.size();
  return fmt::format("{}{}", fmt::join(words, ", "),
                     more > 0 ? fmt::format(" and {} more", more) : "");
}

}  // namespace shardwright
