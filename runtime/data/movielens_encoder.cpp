#include "runtime/data/movielens_encoder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace shardwright {
namespace {

constexpr std::int64_t kSecondsPerHour = 3600;
constexpr std::int64_t kHoursPerDay = 24;
constexpr std::int64_t kSecondsPerDay = kHoursPerDay * kSecondsPerHour;
constexpr std::int64_t kDaysPerWeek = 7;
constexpr std::int64_t kThursday = 3;  // 1970-01-01, where Monday is 0
constexpr double kSecondsPerYear = 365.2425 * static_cast<double>(kSecondsPerDay);

std::optional<double> film_age_years(const Movie& movie, std::int64_t time) {
  if (!movie.year) return {};
  return 1970 + static_cast<double>(time) / kSecondsPerYear - static_cast<double>(*movie.year);
}

// Gives the keys 0, 1, … in their order.
template <class Key>
void number(std::map<Key, std::int64_t>& rows) {
  std::int64_t next = 0;
  for (auto& [key, row] : rows) row = next++;
}

Table make_table(const std::string& name, std::int64_t rows, std::int64_t dim) {
  Table table;
  table.name = name;
  table.rows = rows;
  table.dim = dim;
  table.features = {name};
  return table;
}

}  // namespace

MovieLensEncoder::MovieLensEncoder(const MovieLens& source, const std::vector<Part>& parts)
    : source_(&source) {
  number_users();
  number_genres();
  find_years();
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (parts[i] == Part::train) learn_scales(source.ratings[i]);
}

const Movie& MovieLensEncoder::movie_of(const Rating& rating) const {
  return source_->movies[static_cast<std::size_t>(rating.movie)];
}

void MovieLensEncoder::number_users() {
  for (const Rating& rating : source_->ratings) users_[rating.user] = 0;
  number(users_);
}

void MovieLensEncoder::number_genres() {
  for (const Movie& movie : source_->movies)
    for (const std::string& genre : movie.genres) genres_[genre] = 0;
  number(genres_);
}

void MovieLensEncoder::find_years() {
  std::optional<std::int64_t> first;
  std::optional<std::int64_t> last;
  for (const Movie& movie : source_->movies) {
    if (!movie.year) continue;
    first = std::min(first.value_or(*movie.year), *movie.year);
    last = std::max(last.value_or(*movie.year), *movie.year);
  }
  if (!first) return;
  first_year_ = *first;
  year_rows_ = *last - *first + 2;
}

void MovieLensEncoder::learn_scales(const Rating& rating) {
  if (const auto age = film_age_years(movie_of(rating), rating.time)) age_.learn(*age);
  time_.learn(static_cast<double>(rating.time));
}

std::vector<Table> MovieLensEncoder::tables(std::int64_t dim) const {
  const auto count = [](const auto& items) {
    return std::max(std::int64_t{1}, static_cast<std::int64_t>(items.size()));
  };
  std::vector<Table> tables = {
      make_table("user", count(users_), dim),    make_table("movie", count(source_->movies), dim),
      make_table("genres", count(genres_), dim), make_table("release_year", year_rows_, dim),
      make_table("hour", kHoursPerDay, dim),     make_table("weekday", kDaysPerWeek, dim)};
  tables[2].mode = PoolingMode::mean;
  return tables;
}

Sample MovieLensEncoder::encode(const Rating& rating) const {
  const Movie& movie = movie_of(rating);
  std::vector<std::int64_t> genres;
  for (const std::string& genre : movie.genres) genres.push_back(genres_.at(genre));
  Sample sample;
  sample.label = rating.stars >= kPositiveStars ? 1.0F : 0.0F;
  sample.ids = {{users_.at(rating.user)},
                {rating.movie},
                std::move(genres),
                {movie.year ? *movie.year - first_year_ + 1 : 0},
                {rating.time / kSecondsPerHour % kHoursPerDay},
                {(rating.time / kSecondsPerDay + kThursday) % kDaysPerWeek}};
  const auto age = film_age_years(movie, rating.time);
  sample.dense = {age ? age_.score(*age) : 0.0F, time_.score(static_cast<double>(rating.time))};
  return sample;
}

std::string MovieLensEncoder::describe() const {
  return fmt::format(
      "Dense features are in standard units of the training part: film_age {} years, rating_time "
      "{} "
      "seconds since 1970. A film of unknown year has film_age 0 and release_year 0; row y of "
      "release_year is the year {} + y.",
      age_.describe(), time_.describe(), first_year_ - 1);
}

}  // namespace shardwright
