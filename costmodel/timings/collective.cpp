#include "costmodel/timings/collective.hpp"

#include "costmodel/names.hpp"

namespace shardwright {
namespace {

constexpr Names<CollectiveKind, 4> kCollectives = {{
    {CollectiveKind::all_to_all, "all_to_all"},
    {CollectiveKind::all_gather, "all_gather"},
    {CollectiveKind::reduce_scatter, "reduce_scatter"},
    {CollectiveKind::all_reduce, "all_reduce"},
}};

}  // namespace

std::string_view to_string(CollectiveKind kind) { return name_of(kind, kCollectives); }

CollectiveKind parse_collective(std::string_view name) {
  return value_of(name, kCollectives, "collective");
}

std::string fabric_of(const CommSetting& setting) {
  return setting.link.empty() ? setting.hardware : setting.hardware + " over " + setting.link;
}

}  // namespace shardwright
