#include "runtime/data/numpy/numpy_bags.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/timings/utf8.hpp"
#include "runtime/data/numpy/zip_directory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <set>
#include <utility>

namespace shardwright {
namespace {

constexpr std::size_t kMostFeatures = 1024;  // each has a buffer

std::string column_name(std::size_t feature) { return fmt::format("C{}", feature + 1); }

// Members 0.npy, 1.npy, … in the order of their numbers, which the archive need not have; false if
// they are called otherwise.
bool sort_numbered(std::vector<ZipMember>& members) {
  std::vector<ZipMember> sorted;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto found = std::find_if(members.begin(), members.end(), [&](const ZipMember& member) {
      return member.name == fmt::format("{}.npy", i);
    });
    if (found == members.end()) return false;
    sorted.push_back(*found);
  }
  members = std::move(sorted);
  return true;
}

void require_arrays(const std::string& file, const std::vector<ZipMember>& members) {
  std::set<std::string> names;
  for (const ZipMember& member : members)
    if (!member.name.ends_with(".npy") || member.name == ".npy" || !is_utf8(member.name) ||
        !names.insert(member.name).second)
      throw InputError(
          fmt::format("{}: expected one array NAME.npy for each feature.", member.region.name));
  if (members.empty() || members.size() > kMostFeatures)
    throw InputError(fmt::format("{} has {} arrays, expected 1 to {}, one for each feature.", file,
                                 members.size(), kMostFeatures));
}

}  // namespace

NumpyBags::NumpyBags(const std::string& file) {
  if (file.ends_with(".npz")) {
    open_members(file);
  } else {
    open_columns(file);
  }
  for (const NpyArray& array : arrays_) {
    if (array.rows() != samples())
      throw InputError(fmt::format("{} has {} samples, but {} has {}.", array.name(), array.rows(),
                                   arrays_.front().name(), samples()));
    if (!array.type().is_integer())
      throw InputError(fmt::format("{}: ids are float{}, expected integers.", array.name(),
                                   8 * array.type().bytes));
  }
}

void NumpyBags::open_columns(const std::string& file) {
  arrays_.push_back(open_array(file));
  const auto columns = static_cast<std::size_t>(arrays_.front().columns());
  if (columns > kMostFeatures)
    throw InputError(fmt::format("{} has {} columns, expected at most {}, one for each feature.",
                                 file, columns, kMostFeatures));
  for (std::size_t i = 0; i < columns; ++i) names_.push_back(column_name(i));
}

void NumpyBags::open_members(const std::string& path) {
  const auto file = std::make_shared<const RandomFile>(path);
  ZipDirectory directory = read_zip_directory(*file);
  require_arrays(path, directory.members);
  const bool numbered = sort_numbered(directory.members);
  for (ZipMember& member : directory.members) {
    member.name.resize(member.name.size() - std::string_view(".npy").size());
    names_.push_back(numbered ? column_name(names_.size()) : member.name);
    arrays_.emplace_back(ByteStream(file, std::move(member.region)));
  }
  directory_hash_ = directory.hash;
}

std::string NumpyBags::hash() const {
  return directory_hash_.empty() ? arrays_.front().hash() : directory_hash_;
}

std::int64_t NumpyBags::row_of(const NumpyIdRules& rules, std::size_t feature,
                               std::size_t position) const {
  const std::int64_t id = ids_[position];
  const std::int64_t rows =
      rules.rows.empty() ? std::numeric_limits<std::int64_t>::max() : rules.rows[feature];
  if (id >= 0 && (id < rows || rules.wrap)) return id % rows;
  const NpyArray& array = arrays_[arrays_.size() == 1 ? 0 : feature];
  array.reject(position, fmt::to_string(id),
               rules.wrap
                   ? std::string("an id of 0 or more")
                   : fmt::format("an id from 0 to {} (feature {})", rows - 1, names_[feature]));
}

void NumpyBags::fill_bag(const NumpyIdRules& rules, std::size_t feature,
                         std::vector<std::int64_t>& bag) {
  const bool columns = names_.size() > 1 && arrays_.size() == 1;
  bag.clear();
  for (std::size_t i = columns ? feature : 0; i < (columns ? feature + 1 : ids_.size()); ++i)
    if (rules.padding_id != ids_[i]) bag.push_back(row_of(rules, feature, i));
}

void NumpyBags::next(const NumpyIdRules& rules, std::vector<std::vector<std::int64_t>>& bags) {
  bags.resize(names_.size());
  for (std::size_t feature = 0; feature < names_.size(); ++feature) {
    if (feature < arrays_.size()) arrays_[feature].next(ids_);
    fill_bag(rules, feature, bags[feature]);
  }
}

}  // namespace shardwright
