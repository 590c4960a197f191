#include "runtime/data/movielens.hpp"

#include "runtime/data/movielens_encoder.hpp"
#include "runtime/data/movielens_files.hpp"
#include "runtime/data/splitmix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace shardwright {
namespace {

// Ratings in a seeded random order.
std::vector<std::size_t> shuffled(std::size_t count, std::uint64_t seed) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  SplitMix64 random(seed);
  for (std::size_t i = count; i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  return order;
}

std::size_t share_of(std::size_t count, double share) {
  return static_cast<std::size_t>(std::llround(static_cast<double>(count) * share));
}

std::vector<Part> split_at_random(const std::vector<std::size_t>& order, double test_share) {
  std::vector<Part> parts(order.size(), Part::train);
  for (std::size_t i = 0; i < share_of(order.size(), test_share); ++i) parts[order[i]] = Part::test;
  return parts;
}

// The last share of each user's ratings, to the nearest count; ratings of the same second stand in
// file order.
std::vector<Part> split_by_time(const std::vector<Rating>& ratings, double test_share) {
  std::map<std::int64_t, std::vector<std::size_t>> by_user;
  for (std::size_t i = 0; i < ratings.size(); ++i) by_user[ratings[i].user].push_back(i);
  std::vector<Part> parts(ratings.size(), Part::train);
  for (auto& [user, mine] : by_user) {
    std::stable_sort(mine.begin(), mine.end(), [&](std::size_t a, std::size_t b) {
      return ratings[a].time < ratings[b].time;
    });
    const std::size_t first_test = mine.size() - share_of(mine.size(), test_share);
    for (std::size_t i = first_test; i < mine.size(); ++i) parts[mine[i]] = Part::test;
  }
  return parts;
}

std::string describe_split(const MovieLensOptions& options) {
  return fmt::format(
      "{} (test share {}, seed {}); both parts are stored in a random order by the same seed. The "
      "label is 1 from {} stars.",
      options.split == SplitBy::time
          ? "Split by time: the test part holds the last ratings of each user"
          : "Split at random: any rating may be in the test part",
      options.test_share, options.output.seed, kPositiveStars);
}

}  // namespace

DataSummary convert_movielens(const MovieLensOptions& options) {
  const MovieLens source = read_movielens(options.input);
  const std::vector<std::size_t> order = shuffled(source.ratings.size(), options.output.seed);
  const std::vector<Part> parts = options.split == SplitBy::time
                                      ? split_by_time(source.ratings, options.test_share)
                                      : split_at_random(order, options.test_share);
  const MovieLensEncoder encoder(source, parts);
  DataFolderWriter writer(options.output, MovieLensEncoder::dense_names(),
                          encoder.tables(options.embedding_dim));
  for (const auto& [file, hash] : source.hashes) writer.add_input(file, hash);
  for (const std::size_t index : order)
    writer.add(parts[index], encoder.encode(source.ratings[index]));
  return writer.finish({describe_split(options), encoder.describe()});
}

}  // namespace shardwright
