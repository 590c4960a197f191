#include "runtime/data/movielens_files.hpp"

#include "costmodel/errors.hpp"
#include "runtime/data/csv_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>
#include <unordered_map>

namespace shardwright {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLatestTime = 253'402'300'799;  // the end of the year 9999

std::vector<std::string> split_genres(std::string_view text) {
  std::vector<std::string> genres;
  if (text.empty() || text == "(no genres listed)") return genres;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('|', begin), text.size());
    genres.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return genres;
}

std::vector<Movie> read_movies(CsvReader& csv) {
  const std::size_t id = csv.column({"movieId", "Id"});
  const std::size_t title = csv.column({"title"});
  const std::size_t genres = csv.column({"genres"});
  std::vector<Movie> movies;
  while (csv.next())
    movies.push_back({parse_integer(csv.cell(id), 0, kMost), release_year(csv.cell(title).text),
                      split_genres(csv.cell(genres).text)});
  return movies;
}

void sort_movies(std::vector<Movie>& movies, const std::string& file) {
  std::sort(movies.begin(), movies.end(),
            [](const Movie& a, const Movie& b) { return a.id < b.id; });
  const auto twice = std::adjacent_find(
      movies.begin(), movies.end(), [](const Movie& a, const Movie& b) { return a.id == b.id; });
  if (twice != movies.end())
    throw InputError(
        fmt::format("{} lists movie {} twice, expected one line per movie. Remove one of them.",
                    file, twice->id));
}

std::vector<Rating> read_ratings(CsvReader& csv, const std::vector<Movie>& movies) {
  std::unordered_map<std::int64_t, std::int64_t> positions;
  for (std::size_t i = 0; i < movies.size(); ++i)
    positions[movies[i].id] = static_cast<std::int64_t>(i);
  const std::size_t user = csv.column({"userId"});
  const std::size_t movie = csv.column({"movieId", "Id"});
  const std::size_t stars = csv.column({"rating"});
  const std::size_t time = csv.column({"timestamp"});
  std::vector<Rating> ratings;
  while (csv.next()) {
    const auto position = positions.find(parse_integer(csv.cell(movie), 0, kMost));
    if (position == positions.end()) reject(csv.cell(movie), "a movie that movies.csv lists");
    ratings.push_back({parse_integer(csv.cell(user), 0, kMost), position->second,
                       parse_number(csv.cell(stars), 0.5, 5),
                       parse_integer(csv.cell(time), 0, kLatestTime)});
  }
  return ratings;
}

}  // namespace

std::optional<std::int64_t> release_year(std::string_view title) {
  constexpr std::size_t kDigits = 4;
  while (title.ends_with(' ')) title.remove_suffix(1);
  const std::size_t bracket = title.rfind('(');
  if (bracket == std::string_view::npos || !title.ends_with(')')) return {};
  const std::string_view inside = title.substr(bracket + 1, title.size() - bracket - 2);
  const bool more_digits =
      inside.size() > kDigits && std::isdigit(static_cast<unsigned char>(inside[kDigits])) != 0;
  std::int64_t year = 0;
  const auto [stop, error] =
      std::from_chars(inside.data(), inside.data() + std::min(kDigits, inside.size()), year);
  if (error != std::errc() || stop - inside.data() != kDigits || more_digits || year <= 0)
    return {};
  return year;
}

MovieLens read_movielens(const std::string& folder) {
  const std::string movies_file = folder + "/movies.csv";
  const std::string ratings_file = folder + "/ratings.csv";
  MovieLens source;
  CsvReader movies(movies_file);
  source.movies = read_movies(movies);
  sort_movies(source.movies, movies_file);
  CsvReader ratings(ratings_file);
  source.ratings = read_ratings(ratings, source.movies);
  source.hashes = {{movies_file, movies.hash()}, {ratings_file, ratings.hash()}};
  return source;
}

}  // namespace shardwright
