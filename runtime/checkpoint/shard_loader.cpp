#include "runtime/checkpoint/shard_loader.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace shardwright {
namespace {

/// Values that stand together both in a saved row and in a wanted one.
struct Strip {
  std::int64_t from = 0;  ///< position in the saved row
  std::int64_t to = 0;    ///< in the wanted row
  std::int64_t count = 0;
};

/// The rows that a saved and a wanted shard share, and how each is put together.
struct RowCopy {
  std::int64_t first_saved = 0;   ///< row of the saved shard
  std::int64_t first_wanted = 0;  ///< of the wanted one
  std::int64_t rows = 0;
  std::int64_t saved_width = 0;  ///< values per row
  std::int64_t wanted_width = 0;
  std::vector<Strip> strips;
  bool keeps_rows() const {
    return saved_width == wanted_width && strips.size() == 1 && strips.front().count == saved_width;
  }
};

/// The columns that both have, counted from the first of each.
Strip shared_columns(const SavedShard& saved, const WantedShard& wanted) {
  const std::int64_t begin = std::max(saved.col_begin, wanted.col_begin);
  const std::int64_t end = std::min(saved.col_end, wanted.col_end);
  return {begin - saved.col_begin, begin - wanted.col_begin, end - begin};
}

std::vector<Strip> state_strips(const std::vector<StatePart>& parts, const SavedShard& saved,
                                const WantedShard& wanted) {
  const Strip columns = shared_columns(saved, wanted);
  std::vector<Strip> strips;
  std::int64_t from = 0;
  std::int64_t to = 0;
  for (const StatePart& part : parts) {
    if (part.per_column) {
      strips.push_back({from + columns.from, to + columns.to, columns.count});
    } else {
      strips.push_back({from, to, 1});
    }
    from += part.per_column ? saved.columns() : 1;
    to += part.per_column ? wanted.col_end - wanted.col_begin : 1;
  }
  // Neighbours that stay neighbours are one: a whole row is then read to its place.
  std::vector<Strip> joined;
  for (const Strip& strip : strips) {
    Strip* last = joined.empty() ? nullptr : &joined.back();
    if (last != nullptr && last->from + last->count == strip.from &&
        last->to + last->count == strip.to) {
      last->count += strip.count;
    } else {
      joined.push_back(strip);
    }
  }
  return joined;
}

void place(std::span<const float> saved_rows, const RowCopy& copy, std::int64_t first_wanted,
           std::span<float> wanted) {
  const std::int64_t rows = std::ssize(saved_rows) / copy.saved_width;
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto from = saved_rows.begin() + row * copy.saved_width;
    const auto to = wanted.begin() + (first_wanted + row) * copy.wanted_width;
    for (const Strip& strip : copy.strips) {
      std::copy_n(from + strip.from, strip.count, to + strip.to);
    }
  }
}

void copy_rows(const SafetensorsReader& reader, const SafetensorsReader::Entry& entry,
               const RowCopy& copy, std::vector<float>& buffer, std::span<float> wanted) {
  if (copy.keeps_rows()) {
    const auto first = static_cast<std::size_t>(copy.first_wanted * copy.wanted_width);
    const auto count = static_cast<std::size_t>(copy.rows * copy.wanted_width);
    return reader.read_values(entry, copy.first_saved * copy.saved_width,
                              wanted.subspan(first, count));
  }
  constexpr auto kValues = ShardLoader::kBufferBytes / static_cast<std::int64_t>(sizeof(float));
  const std::int64_t at_once = std::max<std::int64_t>(1, kValues / copy.saved_width);
  for (std::int64_t done = 0; done < copy.rows; done += at_once) {
    const std::int64_t rows = std::min(at_once, copy.rows - done);
    buffer.resize(static_cast<std::size_t>(rows * copy.saved_width));
    reader.read_values(entry, (copy.first_saved + done) * copy.saved_width, buffer);
    place(buffer, copy, copy.first_wanted + done, wanted);
  }
}

void require_shape(const std::string& folder, const SavedShard& saved,
                   const SafetensorsReader::Entry& entry, std::int64_t width) {
  const std::vector<std::int64_t> expected = {saved.rows(), width};
  if (entry.shape == expected) return;
  throw InputError(fmt::format("{}/{}: tensor {} has the shape [{}], and index.json says [{}].",
                               folder, saved.file, entry.name, fmt::join(entry.shape, ", "),
                               fmt::join(expected, ", ")));
}

bool overlap(const SavedShard& saved, const WantedShard& wanted) {
  return saved.row_begin < wanted.row_end && wanted.row_begin < saved.row_end &&
         saved.col_begin < wanted.col_end && wanted.col_begin < saved.col_end;
}

}  // namespace

ShardLoader::ShardLoader(std::string folder, const SavedIndex& index)
    : folder_(std::move(folder)), index_(index) {}

const SavedTable& ShardLoader::table(const std::string& name) const {
  const auto found = std::find_if(index_.tables.begin(), index_.tables.end(),
                                  [&](const SavedTable& table) { return table.name == name; });
  if (found != index_.tables.end()) return *found;
  throw InputError(fmt::format("{} has no table {}.", folder_, name));
}

const SafetensorsReader& ShardLoader::reader(const std::string& file) {
  const auto found = readers_.find(file);
  if (found != readers_.end()) return found->second;
  return readers_.emplace(file, SafetensorsReader(folder_ + "/" + file)).first->second;
}

void ShardLoader::load(const WantedShard& wanted) {
  const SavedTable& saved = table(wanted.table);
  const std::int64_t width = state_width(saved.state, wanted.col_end - wanted.col_begin);
  if (!wanted.state.empty() && std::ssize(wanted.state) != wanted.rows() * width) {
    throw InputError(fmt::format(
        "{}: table {} was trained with {}, whose state the job's optimizer cannot go on from.",
        folder_, saved.name, to_string(saved.optimizer)));
  }
  for (const SavedShard& shard : saved.shards) {
    if (overlap(shard, wanted)) load_part(saved, shard, wanted);
  }
}

void ShardLoader::load_part(const SavedTable& table, const SavedShard& saved,
                            const WantedShard& wanted) {
  const SafetensorsReader& file = reader(saved.file);
  const std::int64_t begin = std::max(saved.row_begin, wanted.row_begin);
  const std::int64_t end = std::min(saved.row_end, wanted.row_end);
  const std::int64_t wanted_columns = wanted.col_end - wanted.col_begin;
  RowCopy copy{begin - saved.row_begin, begin - wanted.row_begin, end - begin,
               saved.columns(),         wanted_columns,           {shared_columns(saved, wanted)}};
  if (!wanted.weights.empty()) {
    const auto& weights = file.entry(saved.name + "/weights");
    require_shape(folder_, saved, weights, copy.saved_width);
    copy_rows(file, weights, copy, buffer_, wanted.weights);
  }
  if (table.state.empty() || wanted.state.empty()) return;
  copy.saved_width = state_width(table.state, saved.columns());
  copy.wanted_width = state_width(table.state, wanted_columns);
  copy.strips = state_strips(table.state, saved, wanted);
  const auto& state = file.entry(saved.name + "/state");
  require_shape(folder_, saved, state, copy.saved_width);
  copy_rows(file, state, copy, buffer_, wanted.state);
}

void ShardLoader::load_dense(const std::string& name, std::span<float> values) {
  const SafetensorsReader& file = reader(index_.dense);
  const SafetensorsReader::Entry& entry = file.entry(name);
  const std::int64_t bytes = std::ssize(values) * static_cast<std::int64_t>(sizeof(float));
  if (entry.end - entry.begin != bytes) {
    throw InputError(fmt::format("{}/{}: tensor {} has {} bytes, and the model needs {}.", folder_,
                                 index_.dense, name, entry.end - entry.begin, bytes));
  }
  file.read_values(entry, 0, values);
}

}  // namespace shardwright
