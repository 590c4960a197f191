#pragma once

#include "costmodel/table.hpp"
#include "runtime/data/data_folder_writer.hpp"
#include "runtime/data/movielens_files.hpp"
#include "runtime/data/standard_score.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace shardwright {

/// Ratings of this many stars or more have label 1.
inline constexpr double kPositiveStars = 4;

/// Turns ratings into samples: dense numbers for users and genres, the range of release years, and
/// the scale of the dense features, which the training part alone sets. Borrows the source.
class MovieLensEncoder {
 public:
  /// `parts` says of each rating where it goes.
  MovieLensEncoder(const MovieLens& source, const std::vector<Part>& parts);

  std::vector<Table> tables(std::int64_t dim) const;
  static std::vector<std::string> dense_names() { return {"film_age", "rating_time"}; }
  Sample encode(const Rating& rating) const;
  std::string describe() const;

 private:
  const Movie& movie_of(const Rating& rating) const;
  void number_users();
  void number_genres();
  void find_years();
  void learn_scales(const Rating& rating);

  const MovieLens* source_;
  std::map<std::int64_t, std::int64_t> users_;  ///< id in the file → row, by rising id
  std::map<std::string, std::int64_t> genres_;  ///< name → row, in alphabetical order
  std::int64_t first_year_ = 1;                 ///< row 1 of release_year; row 0 is unknown
  std::int64_t year_rows_ = 1;
  StandardScore age_;
  StandardScore time_;
};

}  // namespace shardwright
