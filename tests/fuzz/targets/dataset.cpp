#include "runtime/data/dataset.hpp"

#include "runtime/data/batch_reuse.hpp"
#include "runtime/data/data_layout.hpp"
#include "tests/fuzz/scratch_folder.hpp"
#include "tests/fuzz/targets.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace shardwright::fuzz {
namespace {

constexpr std::size_t kSamples = 3;

template <class Value, std::size_t N>
std::string_view bytes_of(const std::array<Value, N>& values) {
  return {reinterpret_cast<const char*>(values.data()), sizeof(values)};
}

std::string small_meta() {
  return R"({"schema":"shardwright.data/1","samples":3,"dense":["age"],)"
         R"("features":[{"name":"user","table":"user","weighted":true}]})";
}

// As training does, rank 1 of 2 in batches of 2, and as `data` measures reuse.
void read_all(const std::string& folder) {
  const Dataset dataset(folder);
  Batch batch;
  for (const std::int64_t rank : {0, 1}) {
    const BatchReader reader(dataset, 2, rank, 2);
    const std::int64_t batches = std::min<std::int64_t>(reader.num_batches(), 4);
    for (std::int64_t step = 0; step < batches; ++step) reader.read(step, batch);
  }
  std::vector<Table> tables(1);
  tables[0].name = "user";
  measure_batch_reuse(dataset, 2, tables);
}

// The next of `rest`, at most `size` bytes of it.
std::string_view take(std::string_view& rest, std::size_t size) {
  const std::string_view part = rest.substr(0, size);
  rest.remove_prefix(part.size());
  return part;
}

}  // namespace

// Any meta.json beside columns of three samples.
void read_dataset_meta(std::string_view input) {
  scratch().write(std::string(kMetaFile), input);
  scratch().write(std::string(kLabelsFile), bytes_of(std::array{0.0F, 1.0F, 1.0F}));
  scratch().write(std::string(kDenseFile), bytes_of(std::array{0.5F, 1.5F, 2.5F}));
  scratch().write(offsets_file(0), bytes_of(std::array<std::uint64_t, 4>{0, 1, 1, 2}));
  scratch().write(ids_file(0), bytes_of(std::array<std::int64_t, 2>{7, -1}));
  scratch().write(weights_file(0), bytes_of(std::array{1.0F, 2.0F}));
  read_all(scratch().path());
}

// Columns of any content for a sound meta.json: labels, dense values, offsets, then as many ids as
// are left with their weights.
void read_dataset_columns(std::string_view input) {
  scratch().write(std::string(kMetaFile), small_meta());
  scratch().write(std::string(kLabelsFile), take(input, kSamples * sizeof(float)));
  scratch().write(std::string(kDenseFile), take(input, kSamples * sizeof(float)));
  scratch().write(offsets_file(0), take(input, (kSamples + 1) * sizeof(std::uint64_t)));
  const std::size_t ids = input.size() / (sizeof(std::int64_t) + sizeof(float));
  scratch().write(ids_file(0), take(input, ids * sizeof(std::int64_t)));
  scratch().write(weights_file(0), input);
  read_all(scratch().path());
}

}  // namespace shardwright::fuzz
