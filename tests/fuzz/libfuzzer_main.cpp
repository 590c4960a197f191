// The program that libFuzzer drives: `fuzz_readers --target=NAME` and libFuzzer's own options,
// which leaves alone what begins with two hyphens.
#include "tests/fuzz/json_mutation.hpp"
#include "tests/fuzz/targets.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>

// Of libFuzzer: changes the bytes in place, and returns how many there are then.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace {

const shardwright::fuzz::Target* chosen = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  constexpr std::string_view kOption = "--target=";
  for (int i = 1; i < *argc; ++i) {
    const std::string_view word = (*argv)[i];
    if (word.starts_with(kOption)) {
      chosen = shardwright::fuzz::find_target(word.substr(kOption.size()));
    }
  }
  if (chosen != nullptr) return 0;
  std::fputs("fuzz_readers: give --target=NAME, one of:\n", stderr);
  for (const auto& target : shardwright::fuzz::targets()) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(target.name.size()), target.name.data());
  }
  std::exit(2);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  shardwright::fuzz::accepts(*chosen, {reinterpret_cast<const char*>(data), size});
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned int seed) {
  std::minstd_rand random(seed);
  constexpr unsigned kTreesOfEight = 5;
  if (!chosen->is_json || random() % 8 >= kTreesOfEight) return LLVMFuzzerMutate(data, size, most);
  const std::string changed =
      shardwright::fuzz::mutate_json({reinterpret_cast<const char*>(data), size}, seed);
  if (changed.empty() || changed.size() > most) return LLVMFuzzerMutate(data, size, most);
  std::copy(changed.begin(), changed.end(), data);
  return changed.size();
}
