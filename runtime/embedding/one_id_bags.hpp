#pragma once

#include "runtime/embedding/work_split.hpp"
#include "runtime/exchange/input_source.hpp"

#include <cstddef>
#include <vector>

namespace shardwright {

/// The ids of a feature as bags of one id each, in order, in parts of at most `ids` of them: so a
/// table without pooling is looked up. A part's first_bag counts ids.
std::vector<BagsPart> one_id_bags(const BagsView& bags, std::size_t ids);

}  // namespace shardwright
