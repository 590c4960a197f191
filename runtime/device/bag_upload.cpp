#include "runtime/device/bag_upload.hpp"

#include "costmodel/errors.hpp"
#include "runtime/device/row_sort.cuh"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <span>
#include <vector>

namespace shardwright {
namespace {

/// Where the next values go.
struct Target {
  std::int32_t* lengths;
  std::int64_t* ids;
  float* weights;  ///< null: no table has weights
};

void put_weights(const BagsView& bags, std::size_t first, std::size_t count, Target& target) {
  if (target.weights == nullptr) return;
  if (bags.weights.empty()) {
    target.weights = std::fill_n(target.weights, count, 1.0F);
  } else {
    target.weights = std::copy_n(bags.weights.data() + first, count, target.weights);
  }
}

void put(const BagsView& bags, std::size_t first, std::size_t count, Target& target) {
  target.ids = std::copy_n(bags.ids.data() + first, count, target.ids);
  put_weights(bags, first, count, target);
}

/// One source's bags of a block: as they stand if the table has one feature, else sample by sample.
void put_block(const InputSource& source, const OwnedBlock& block, Target& target) {
  if (block.num_features == 1) {
    const BagsView& bags = source.features[block.first_feature];
    target.lengths = std::copy(bags.lengths.begin(), bags.lengths.end(), target.lengths);
    return put(bags, 0, bags.ids.size(), target);
  }
  std::vector<std::size_t> next(block.num_features);
  for (std::size_t sample = 0; sample < static_cast<std::size_t>(source.samples); ++sample) {
    for (std::size_t k = 0; k < block.num_features; ++k) {
      const BagsView& bags = source.features[block.first_feature + k];
      const auto length = static_cast<std::size_t>(bags.lengths[sample]);
      *target.lengths++ = bags.lengths[sample];
      put(bags, next[k], length, target);
      next[k] += length;
    }
  }
}

struct Sizes {
  std::size_t bags = 0;
  std::size_t ids = 0;
};

Sizes sizes_of(const InputExchange& input) {
  Sizes sizes;
  for (const InputSource& source : input.sources()) {
    for (const BagsView& bags : source.features) {
      sizes.bags += bags.lengths.size();
      sizes.ids += bags.ids.size();
    }
  }
  constexpr std::size_t kMost = std::numeric_limits<std::uint32_t>::max();
  if (sizes.bags < kMost && sizes.ids < kMost) return sizes;
  throw InputError(fmt::format(
      "A step brings {} ids in {} bags to one GPU, which takes fewer than 2^32 of either: use a "
      "smaller batch.",
      sizes.ids, sizes.bags));
}

}  // namespace

BagUpload::BagUpload(DeviceStream stream)
    : stream_(stream),
      device_lengths_(stream, "lengths of bags"),
      begins_(stream, "begins of bags"),
      device_ids_(stream, "ids"),
      device_weights_(stream, "per-sample weights"),
      scratch_(stream, "adding up lengths") {}

void BagUpload::arrange(const OwnerLayout& owner, const InputExchange& input, bool weighted) {
  const Sizes sizes = sizes_of(input);
  copied_.wait();  // the copy before may still read these
  lengths_.resize(sizes.bags);
  ids_.resize(sizes.ids);
  weights_.resize(weighted ? sizes.ids : 0);
  Target target{lengths_.values().data(), ids_.values().data(),
                weighted ? weights_.values().data() : nullptr};
  for (const OwnedBlock& block : owner.blocks) {
    for (const InputSource& source : input.sources()) put_block(source, block, target);
  }
}

const std::int64_t* BagUpload::begins_of(const std::int32_t* lengths, std::int64_t num_bags) {
  begins_.resize(static_cast<std::size_t>(num_bags) + 1);
  launch_begins(lengths, num_bags, begins_.data(), scratch_, stream_);
  return begins_.data();
}

DeviceBags BagUpload::run(const OwnerLayout& owner, const InputExchange& input, bool weighted) {
  arrange(owner, input, weighted);
  const auto bring = [&](auto& to, auto& from) {
    to.resize(from.values().size());
    copy_to_device(to.data(), from.values().data(), from.values().size_bytes(), stream_);
  };
  bring(device_lengths_, lengths_);
  bring(device_ids_, ids_);
  bring(device_weights_, weights_);
  copied_.record(stream_);
  DeviceBags bags;
  bags.samples = input.samples();
  bags.num_bags = std::ssize(lengths_.values());
  bags.num_ids = std::ssize(ids_.values());
  bags.begins = begins_of(device_lengths_.data(), bags.num_bags);
  bags.ids = device_ids_.data();
  bags.weights = weighted ? device_weights_.data() : nullptr;
  return bags;
}

}  // namespace shardwright
