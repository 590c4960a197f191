#include "runtime/data/numpy/numpy_files.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <system_error>

namespace shardwright {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLabels = "labels.npy";
constexpr std::string_view kDense = "dense.npy";
constexpr std::string_view kSparse = "sparse.npy";
constexpr std::string_view kMultiHot = "sparse_multi_hot.npz";

bool exists(const std::string& file) {
  std::error_code ignored;  // what cannot be looked at is not there for us
  return fs::exists(file, ignored);
}

// The files whose names begin with `stem`: "criteo/day_0_".
NumpyFiles files_of(const std::string& stem) {
  NumpyFiles files{fmt::format("{}{}", stem, kLabels), fmt::format("{}{}", stem, kDense), {}};
  if (!exists(files.dense)) files.dense.clear();
  const std::string sparse = fmt::format("{}{}", stem, kSparse);
  const std::string multi_hot = fmt::format("{}{}", stem, kMultiHot);
  if (exists(sparse) == exists(multi_hot))
    throw InputError(exists(sparse)
                         ? fmt::format("{} and {} are both there: which has the ids? Move one of "
                                       "them elsewhere.",
                                       sparse, multi_hot)
                         : fmt::format("Beside {} there is neither {} nor {} with the ids.",
                                       files.labels, sparse, multi_hot));
  files.ids = exists(sparse) ? sparse : multi_hot;
  return files;
}

std::vector<std::string> stems_in(const std::string& folder) {
  std::vector<std::string> stems;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string file = entry.path().string();
    if (file.ends_with(kLabels)) stems.push_back(file.substr(0, file.size() - kLabels.size()));
  }
  if (error) throw InputError(fmt::format("Cannot read {}: {}.", folder, error.message()));
  if (stems.empty())
    throw InputError(
        fmt::format("{} holds no *{}, so no samples as numpy has them.", folder, kLabels));
  std::sort(stems.begin(), stems.end(), counts_before);
  return stems;
}

std::vector<std::string> stems_of(const std::string& place) {
  std::error_code ignored;
  if (fs::is_directory(place, ignored)) return stems_in(place);
  for (const char* const joint : {"_", ""})
    if (exists(fmt::format("{}{}{}", place, joint, kLabels))) return {place + joint};
  throw InputError(
      fmt::format("There is neither a folder {0} nor a file {0}_{1}.", place, kLabels));
}

// The text up to where its leading digits, or what is before the first digit, end.
std::string_view first_piece(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789";
  const bool number = !text.empty() && kDigits.find(text.front()) != std::string_view::npos;
  return text.substr(0, number ? text.find_first_not_of(kDigits) : text.find_first_of(kDigits));
}

std::string_view without_zeros(std::string_view digits) {
  return digits.substr(std::min(digits.find_first_not_of('0'), digits.size()));
}

}  // namespace

bool counts_before(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    const std::string_view from_a = first_piece(a);
    const std::string_view from_b = first_piece(b);
    if (from_a != from_b) {
      const std::string_view x = without_zeros(from_a);
      const std::string_view y = without_zeros(from_b);
      const bool numbers = std::isdigit(static_cast<unsigned char>(a.front())) != 0 &&
                           std::isdigit(static_cast<unsigned char>(b.front())) != 0;
      if (numbers && x != y) return x.size() != y.size() ? x.size() < y.size() : x < y;
      return from_a < from_b;
    }
    a.remove_prefix(from_a.size());
    b.remove_prefix(from_b.size());
  }
  return a.empty() && !b.empty();
}

std::vector<NumpyFiles> find_numpy_files(const std::vector<std::string>& places) {
  std::vector<NumpyFiles> found;
  for (const std::string& place : places)
    for (const std::string& stem : stems_of(place)) found.push_back(files_of(stem));
  return found;
}

}  // namespace shardwright
