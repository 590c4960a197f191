#include "costmodel/timings/collective.hpp"

#include "costmodel/names.hpp"

namespace shardwright {
namespace {

constexpr Names<CollectiveKind, kNumCollectiveKinds> kCollectives = {{
    {CollectiveKind::all_to_all, "all_to_all"},
    {CollectiveKind::all_gather, "all_gather"},
    {CollectiveKind::reduce_scatter, "reduce_scatter"},
    {CollectiveKind::all_reduce, "all_reduce"},
    {CollectiveKind::pack_ids, "pack_ids"},
    {CollectiveKind::split_ids, "split_ids"},
    {CollectiveKind::place_outputs, "place_outputs"},
    {CollectiveKind::add_partial_sums, "add_partial_sums"},
    {CollectiveKind::pack_gradients, "pack_gradients"},
    {CollectiveKind::values_in_place, "values_in_place"},
    {CollectiveKind::sums_in_place, "sums_in_place"},
    {CollectiveKind::gradients_in_place, "gradients_in_place"},
}};

}  // namespace

std::string_view to_string(CollectiveKind kind) { return name_of(kind, kCollectives); }

CollectiveKind parse_collective(std::string_view name) {
  return value_of(name, kCollectives, "collective");
}

double evenness(const CollectiveCall& call) {
  return call.mean_bytes > 0 ? call.mean_bytes / call.bytes : 1;
}

double mean_bytes(const CollectiveCall& call) {
  return call.mean_bytes > 0 ? call.mean_bytes : call.bytes;
}

std::string fabric_of(const CommSetting& setting) {
  return setting.link.empty() ? setting.hardware : setting.hardware + " over " + setting.link;
}

}  // namespace shardwright
