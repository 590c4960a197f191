#pragma once

#include "runtime/data/data_folder_writer.hpp"

#include <cstdint>
#include <string>

namespace shardwright {

enum class SplitBy {
  random,  ///< any rating may be tested on
  time,    ///< each user's last ratings are
};

struct MovieLensOptions {
  std::string input;  ///< folder with ratings.csv and movies.csv
  SplitBy split = SplitBy::random;
  double test_share = 0.2;  ///< above 0 and below 1
  std::int64_t embedding_dim = 16;
  ConversionOptions output;
};

/// Turns MovieLens ratings into a data folder: six tables (user, movie, genres, release_year, hour,
/// weekday), two dense features (film_age, rating_time), label 1 from 4 stars. What each holds is
/// in docs/data_format.md. Throws InputError, UsageError, EnvironmentError.
DataSummary convert_movielens(const MovieLensOptions& options);

}  // namespace shardwright
