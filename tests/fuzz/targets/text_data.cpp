#include "runtime/data/criteo_line.hpp"
#include "runtime/data/line_reader.hpp"
#include "runtime/data/movielens_encoder.hpp"
#include "runtime/data/movielens_files.hpp"
#include "tests/fuzz/scratch_folder.hpp"
#include "tests/fuzz/targets.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace shardwright::fuzz {

void read_criteo_lines(std::string_view input) {
  LineReader lines(scratch().write("train.txt", input));
  const std::vector<std::int64_t> rows(kCriteoIds, 1000);
  Sample sample;
  for (std::string_view line; lines.next(line);) {
    parse_criteo_line(line, lines.path(), lines.line_number(), rows, sample);
  }
}

// Two files in one: movies.csv up to the line "-- ratings.csv", then ratings.csv.
void read_movielens_files(std::string_view input) {
  constexpr std::string_view kCut = "-- ratings.csv\n";
  const std::size_t cut = std::min(input.find(kCut), input.size());
  scratch().write("movies.csv", input.substr(0, cut));
  scratch().write("ratings.csv", input.substr(std::min(cut + kCut.size(), input.size())));
  const MovieLens source = read_movielens(scratch().path());
  const MovieLensEncoder encoder(source, std::vector<Part>(source.ratings.size(), Part::train));
  encoder.tables(16);
  for (const Rating& rating : source.ratings) encoder.encode(rating);
}

}  // namespace shardwright::fuzz
