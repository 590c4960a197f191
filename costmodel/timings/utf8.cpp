#include "costmodel/timings/utf8.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>

namespace shardwright {
namespace {

// A letter's first byte is in [from, to], its second in [low, high]; any further one is a tail.
struct Form {
  unsigned char from, to, low, high;
  std::size_t bytes;
};
constexpr std::array<Form, 8> kForms = {{{0xC2, 0xDF, 0x80, 0xBF, 2},
                                         {0xE0, 0xE0, 0xA0, 0xBF, 3},
                                         {0xE1, 0xEC, 0x80, 0xBF, 3},
                                         {0xED, 0xED, 0x80, 0x9F, 3},
                                         {0xEE, 0xEF, 0x80, 0xBF, 3},
                                         {0xF0, 0xF0, 0x90, 0xBF, 4},
                                         {0xF1, 0xF3, 0x80, 0xBF, 4},
                                         {0xF4, 0xF4, 0x80, 0x8F, 4}}};

// Bytes of the letter that begins `text`, which is not empty; 0 if none does.
std::size_t letter_bytes(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return 1;
  const auto* form = std::find_if(kForms.begin(), kForms.end(), [&](const Form& candidate) {
    return byte(0) >= candidate.from && byte(0) <= candidate.to;
  });
  if (form == kForms.end() || text.size() < form->bytes) return 0;
  if (byte(1) < form->low || byte(1) > form->high) return 0;
  for (std::size_t i = 2; i < form->bytes; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  return form->bytes;
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t bytes = letter_bytes(text);
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

void require_utf8(std::string_view text, const std::string& file) {
  if (is_utf8(text)) return;
  throw InputError(fmt::format(
      "{} holds text that is not UTF-8. Convert the file, for example with iconv.", file));
}

}  // namespace shardwright
