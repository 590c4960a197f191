#include "runtime/data/movielens.hpp"

#include "costmodel/errors.hpp"
#include "planner/spec/read_workload.hpp"
#include "runtime/data/movielens_files.hpp"
#include "tests/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

namespace shardwright {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kTiny = SHARDWRIGHT_SOURCE_DIR "/tests/data/movielens_tiny";
constexpr const char* kCarried = SHARDWRIGHT_SOURCE_DIR "/data/movielens_latest_small";

MovieLensOptions options_for(const std::string& input, const std::string& folder) {
  MovieLensOptions options;
  options.input = input;
  options.output.folder = folder;
  options.output.made_by = {"shardwright data movielens", "1.2.3", {}};
  return options;
}

std::string conversion_message(const std::string& movies, const std::string& ratings) {
  const TemporaryFolder temporary;
  write_text(temporary / "movies.csv", movies);
  write_text(temporary / "ratings.csv", ratings);
  return message_of<InputError>(
      [&] { convert_movielens(options_for(temporary / "", temporary / "out")); });
}

constexpr const char* kMovies = "movieId,title,genres\n1,A (1990),Drama\n";
constexpr const char* kRatings = "userId,movieId,rating,timestamp\n1,1,4.0,100\n";

// All samples of a part as one batch.
Batch read_all(const std::string& folder) {
  const Dataset dataset(folder);
  Batch batch;
  dataset.read(0, dataset.size(), batch);
  return batch;
}

TEST(ReleaseYear, StandsInTheBracketsThatEndATitle) {
  EXPECT_EQ(release_year("Toy Story (1995)"), 1995);
  EXPECT_EQ(release_year("Assembly (Ji jie hao) (2007) "), 2007);
  EXPECT_EQ(release_year("Death Note: Desu nôto (2006–2007)"), 2006);
  EXPECT_EQ(release_year("2001: A Space Odyssey (1968)"), 1968);
  for (const char* title : {"", "Babylon 5", "Movie (Film)", "A (199)", "A (19955)", "A (1995) B",
                            "A 1995)", "A (-995)", "A (0000)"})
    EXPECT_EQ(release_year(title), std::nullopt) << title;
}

TEST(MovieLens, EncodesRatingsAsDocumented) {
  const TemporaryFolder temporary;
  MovieLensOptions options = options_for(kTiny, temporary / "out");
  options.split = SplitBy::time;
  const DataSummary summary = convert_movielens(options);
  EXPECT_EQ(summary.parts[0].samples, 8);
  EXPECT_EQ(summary.parts[1].samples, 2);
  const Batch test = read_all(temporary / "out/test");  // the last of each user's five ratings
  std::map<std::int64_t, std::size_t> row_of_user;
  for (std::size_t i = 0; i < 2; ++i) row_of_user[test.features[0].ids[i]] = i;
  ASSERT_EQ(row_of_user.size(), 2U);

  // User 3 (row 0): movie 10 (row 0), 1.0 stars, Comedy (row 0), 2001, at 1500000000 =
  // Friday 14 July 2017 02:40:00 UTC.
  const std::size_t a = row_of_user[0];
  EXPECT_EQ(test.labels[a], 0);
  EXPECT_EQ(test.features[1].ids[a], 0);
  EXPECT_EQ(test.features[2].lengths[a], 1);
  EXPECT_EQ(test.features[3].ids[a], 2001 - 1990 + 1);
  EXPECT_EQ(test.features[4].ids[a], 2);
  EXPECT_EQ(test.features[5].ids[a], 4);
  // User 7 (row 1): movie 30 (row 2), 4.5 stars, Drama and Romance, 1990, at 1000014400 =
  // Sunday 9 September 2001 05:46:40 UTC.
  const std::size_t b = row_of_user[1];
  EXPECT_EQ(test.labels[b], 1);
  EXPECT_EQ(test.features[1].ids[b], 2);
  EXPECT_EQ(test.features[2].lengths[b], 2);
  EXPECT_EQ(test.features[3].ids[b], 1);
  EXPECT_EQ(test.features[4].ids[b], 5);
  EXPECT_EQ(test.features[5].ids[b], 6);
  EXPECT_THAT(test.features[2].ids, b == 1 ? ElementsAre(0, 1, 2) : ElementsAre(1, 2, 0));
}

TEST(MovieLens, GivesUnknownYearsRow0AndNoGenresAnEmptyBag) {
  const TemporaryFolder temporary;
  MovieLensOptions options = options_for(kTiny, temporary / "out");
  options.split = SplitBy::time;
  convert_movielens(options);
  const Batch train = read_all(temporary / "out/train");
  int nameless = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    if (train.features[1].ids[i] != 1) continue;  // movie 20
    ++nameless;
    EXPECT_EQ(train.features[2].lengths[i], 0);
    EXPECT_EQ(train.features[3].ids[i], 0);
    EXPECT_EQ(train.dense[2 * i], 0);
  }
  EXPECT_EQ(nameless, 2);
}

TEST(MovieLens, ScalesDenseFeaturesByTheTrainingPart) {
  const TemporaryFolder temporary;
  convert_movielens(options_for(kTiny, temporary / "out"));
  const Batch train = read_all(temporary / "out/train");
  double sum = 0;
  double squares = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    const auto time = static_cast<double>(train.dense[2 * i + 1]);
    sum += time;
    squares += time * time;
  }
  EXPECT_NEAR(sum / 8, 0, 1e-6);
  EXPECT_NEAR(squares / 8, 1, 1e-5);
}

TEST(MovieLens, WritesTablesWithMeasuredPoolingAndReuse) {
  const TemporaryFolder temporary;
  MovieLensOptions options = options_for(kTiny, temporary / "out");
  options.split = SplitBy::time;
  options.embedding_dim = 8;
  options.output.batch_size = 8;  // the whole training part
  convert_movielens(options);
  const WorkloadReading reading = read_workload({temporary / "out/tables.json", {}, {}});
  EXPECT_EQ(reading.workload.batch_size, 8);
  const std::vector<Table>& tables = reading.workload.tables;
  ASSERT_EQ(tables.size(), 6U);
  EXPECT_EQ(tables[0].name, "user");
  EXPECT_EQ(tables[0].rows, 2);
  EXPECT_EQ(tables[1].rows, 4);
  EXPECT_EQ(tables[2].name, "genres");
  EXPECT_EQ(tables[2].rows, 3);
  EXPECT_EQ(tables[2].mode, PoolingMode::mean);
  EXPECT_EQ(tables[3].rows, 2001 - 1990 + 2);
  EXPECT_EQ(tables[4].rows, 24);
  EXPECT_EQ(tables[5].rows, 7);
  for (const Table& table : tables) {
    EXPECT_EQ(table.dim, 8);
    EXPECT_EQ(table.reuse_batch_size, 8);
  }
  // Training: user 7 rated 30, 10, 20, 40 (2 + 1 + 0 + 2 genres), user 3 20, 30, 10, 40 (0+2+1+2).
  EXPECT_DOUBLE_EQ(tables[2].pooling, 10.0 / 8);
  EXPECT_DOUBLE_EQ(tables[0].pooling, 1);
  // Two users of four ratings each: all rows in (2, 4].
  ASSERT_TRUE(tables[0].reuse);
  EXPECT_EQ((*tables[0].reuse)[2], 1);
  // Comedy and Drama four times, Romance twice.
  EXPECT_DOUBLE_EQ((*tables[2].reuse)[1], 1.0 / 3);
  EXPECT_DOUBLE_EQ((*tables[2].reuse)[2], 2.0 / 3);
}

TEST(MovieLens, SaysWhereItsFilesComeFrom) {
  const TemporaryFolder temporary;
  MovieLensOptions options = options_for(kTiny, temporary / "out");
  options.output.seed = 77;
  convert_movielens(options);
  for (const char* file : {"out/tables.json", "out/train/meta.json", "out/test/meta.json"}) {
    const auto json = nlohmann::json::parse(read_text(temporary / file));
    EXPECT_EQ(json["made_by"]["command"], "shardwright data movielens") << file;
    EXPECT_EQ(json["made_by"]["version"], "1.2.3") << file;
    EXPECT_EQ(json["made_by"]["seed"], 77) << file;
    EXPECT_EQ(json["made_by"]["inputs"].size(), 2U) << file;
    EXPECT_TRUE(json["made_by"]["inputs"].contains(std::string(kTiny) + "/ratings.csv")) << file;
  }
  const auto meta = nlohmann::json::parse(read_text(temporary / "out/train/meta.json"));
  EXPECT_THAT(meta["about"].dump(), AllOf(HasSubstr("Split at random"), HasSubstr("seed 77")));
}

TEST(MovieLens, SplitsTheSameWayForTheSameSeedOnly) {
  const TemporaryFolder temporary;
  MovieLensOptions options = options_for(kTiny, temporary / "a");
  convert_movielens(options);
  options.output.folder = temporary / "b";
  convert_movielens(options);
  options.output.folder = temporary / "c";
  options.output.seed = 2;
  convert_movielens(options);
  const auto dense = [&](const char* folder) { return read_text(temporary / folder); };
  EXPECT_TRUE(dense("a/train/dense.f32") == dense("b/train/dense.f32"));
  EXPECT_FALSE(dense("a/train/feature_1.ids.i64") == dense("c/train/feature_1.ids.i64"));
}

TEST(MovieLens, NamesARatingThatIsNoNumber) {
  EXPECT_THAT(conversion_message(kMovies, std::string(kRatings) + "1,1,good,100\n"),
              AllOf(HasSubstr("ratings.csv:3:3: rating is \"good\""), HasSubstr("0.5 to 5")));
}

TEST(MovieLens, NamesATimeBefore1970) {
  EXPECT_THAT(conversion_message(kMovies, std::string(kRatings) + "1,1,4,-5\n"),
              HasSubstr("ratings.csv:3:4: timestamp is \"-5\""));
}

TEST(MovieLens, NamesARatedMovieThatIsNotListed) {
  EXPECT_THAT(
      conversion_message(kMovies, std::string(kRatings) + "1,2,4,100\n"),
      HasSubstr("ratings.csv:3:2: movieId is \"2\", expected a movie that movies.csv lists"));
}

TEST(MovieLens, NamesAMovieListedTwice) {
  EXPECT_THAT(conversion_message(std::string(kMovies) + "1,B (1991),Drama\n", kRatings),
              HasSubstr("lists movie 1 twice"));
}

TEST(MovieLens, NamesTheColumnItMisses) {
  EXPECT_THAT(conversion_message(kMovies, "userId,movieId,rating\n1,1,4\n"),
              HasSubstr("no column is named timestamp"));
  EXPECT_THAT(conversion_message("title,genres\nA,Drama\n", kRatings),
              HasSubstr("no column is named movieId or Id"));
}

TEST(MovieLens, RefusesToMakeAnEmptyTestPart) {
  EXPECT_THAT(conversion_message(kMovies, kRatings), HasSubstr("test part would hold no samples"));
}

TEST(MovieLens, NamesTheFileItDoesNotFind) {
  const TemporaryFolder temporary;
  EXPECT_THAT(message_of<InputError>(
                  [&] { convert_movielens(options_for(temporary / "", temporary / "out")); }),
              AllOf(HasSubstr("movies.csv"), HasSubstr("No such file")));
  EXPECT_FALSE(std::filesystem::exists(temporary / "out"));
}

TEST(CarriedMovieLens, HasTheCountsThatGroupLensStates) {
  const MovieLens source = read_movielens(kCarried);
  EXPECT_EQ(source.ratings.size(), 100'836U);
  EXPECT_EQ(source.movies.size(), 9'742U);
  std::set<std::int64_t> users;
  for (const Rating& rating : source.ratings) users.insert(rating.user);
  EXPECT_EQ(users.size(), 610U);
  std::set<std::string> genres;
  std::size_t without_year = 0;
  for (const Movie& movie : source.movies) {
    genres.insert(movie.genres.begin(), movie.genres.end());
    if (!movie.year) ++without_year;
  }
  EXPECT_EQ(genres.size(), 19U);
  EXPECT_EQ(without_year, 12U);
}

TEST(CarriedMovieLens, SplitsAtRandomByAFifth) {
  const TemporaryFolder temporary;
  const DataSummary summary = convert_movielens(options_for(kCarried, temporary / "out"));
  EXPECT_EQ(summary.parts[1].samples, 20'167);  // a fifth of 100,836
  EXPECT_EQ(summary.parts[0].samples, 80'669);
  EXPECT_EQ(summary.parts[0].positives + summary.parts[1].positives, 48'580);
  std::vector<std::int64_t> rows;
  rows.reserve(6);
  for (const Table& table : summary.workload.tables) rows.push_back(table.rows);
  EXPECT_THAT(rows, ElementsAre(610, 9'742, 19, 2018 - 1902 + 2, 24, 7));
  EXPECT_NEAR(summary.workload.tables[2].pooling, 2.72, 0.02);  // genres per rated film
}

TEST(CarriedMovieLens, SplitByTimeTestsOnEachUsersLastRatings) {
  const TemporaryFolder temporary;
  MovieLensOptions options = options_for(kCarried, temporary / "out");
  options.split = SplitBy::time;
  convert_movielens(options);
  const Batch train = read_all(temporary / "out/train");
  const Batch test = read_all(temporary / "out/test");
  std::map<std::int64_t, float> last_trained;
  for (std::size_t i = 0; i < train.labels.size(); ++i) {
    const auto [entry, fresh] = last_trained.try_emplace(train.features[0].ids[i], -1e9F);
    entry->second = std::max(entry->second, train.dense[2 * i + 1]);
  }
  EXPECT_EQ(last_trained.size(), 610U);
  for (std::size_t i = 0; i < test.labels.size(); ++i)
    ASSERT_GE(test.dense[2 * i + 1], last_trained.at(test.features[0].ids[i]));
}

}  // namespace
}  // namespace shardwright
