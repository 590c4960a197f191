#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

struct Movie {
  std::int64_t id = 0;               ///< as in the file
  std::optional<std::int64_t> year;  ///< of release
  std::vector<std::string> genres;
};

struct Rating {
  std::int64_t user = 0;   ///< as in the file
  std::int64_t movie = 0;  ///< position in MovieLens::movies
  double stars = 0;        ///< 0.5 to 5
  std::int64_t time = 0;   ///< seconds since 1970-01-01 UTC
};

/// ratings.csv and movies.csv of a MovieLens folder.
struct MovieLens {
  std::vector<Movie> movies;                  ///< by rising id, rated or not
  std::vector<Rating> ratings;                ///< as in the file
  std::map<std::string, std::string> hashes;  ///< of the files read
};

/// Columns are found by name; the movie's is movieId or Id. Throws InputError with file, line and
/// column, also for a movie listed twice or rated but not listed.
MovieLens read_movielens(const std::string& folder);

/// The year in the brackets that end a title: "Toy Story (1995)" gives 1995, "Death Note
/// (2006–2007)" its first; empty if there is none.
std::optional<std::int64_t> release_year(std::string_view title);

}  // namespace shardwright
