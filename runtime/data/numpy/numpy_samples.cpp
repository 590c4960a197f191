#include "runtime/data/numpy/numpy_samples.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace shardwright {
namespace {

void require_same_size(const NpyArray& labels, std::int64_t samples, const std::string& file) {
  if (samples != labels.rows())
    throw InputError(fmt::format("{} has {} samples, but {} has {}.", file, samples, labels.name(),
                                 labels.rows()));
}

}  // namespace

NumpySamples::NumpySamples(const NumpyFiles& files)
    : files_(files), labels_(open_array(files.labels)), bags_(files.ids) {
  if (!files.dense.empty()) dense_.emplace(open_array(files.dense));
  if (labels_.columns() != 1)
    throw InputError(fmt::format("{} has {} columns, expected one label a sample.", files.labels,
                                 labels_.columns()));
  require_same_size(labels_, bags_.samples(), files.ids);
  if (dense_) require_same_size(labels_, dense_->rows(), files.dense);
}

void NumpySamples::next(const NumpyIdRules& rules, Sample& sample) {
  labels_.next(label_);
  sample.label = label_.front();
  if (sample.label != 0.0F && sample.label != 1.0F)
    labels_.reject(0, fmt::to_string(sample.label), "a label of 0 or 1");
  sample.dense.clear();
  if (dense_) dense_->next(sample.dense);
  for (std::size_t i = 0; i < sample.dense.size(); ++i)
    if (!std::isfinite(sample.dense[i]))
      dense_->reject(i, fmt::to_string(sample.dense[i]), "a finite number");
  bags_.next(rules, sample.ids);
}

std::map<std::string, std::string> NumpySamples::hashes() const {
  std::map<std::string, std::string> hashes = {{files_.labels, labels_.hash()},
                                               {files_.ids, bags_.hash()}};
  if (dense_) hashes[files_.dense] = dense_->hash();
  return hashes;
}

}  // namespace shardwright
