#include "launch/failure_line.hpp"

#include <fmt/color.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace shardwright {
namespace {

bool may_color() {
  const char* no_color = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return isatty(STDERR_FILENO) == 1 && (no_color == nullptr || *no_color == '\0') &&
         terminal != nullptr && std::string_view(terminal) != "dumb";
}

}  // namespace

void print_failure(const std::string& message) {
  const auto style =
      may_color() ? fmt::emphasis::bold | fmt::fg(fmt::terminal_color::red) : fmt::text_style();
  fmt::print(stderr, "{} {}\n", fmt::styled("shardwright:", style), message);
}

}  // namespace shardwright
