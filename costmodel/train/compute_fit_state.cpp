#include "costmodel/train/compute_fit_state.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/json/write_file.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <fmt/format.h>
#include <torch/serialize.h>

#include <cstddef>
#include <filesystem>
#include <mutex>
#include <sstream>

namespace shardwright {
namespace {

std::string key_of(const char* what, std::size_t i) { return fmt::format("{}_{}", what, i); }

at::Tensor random_state() {
  at::Generator generator = at::detail::getDefaultCPUGenerator();
  const std::lock_guard<std::mutex> lock(generator.mutex());
  return generator.get_state();
}

void set_random_state(const at::Tensor& state) {
  at::Generator generator = at::detail::getDefaultCPUGenerator();
  const std::lock_guard<std::mutex> lock(generator.mutex());
  generator.set_state(state);
}

void write_numbers(torch::serialize::OutputArchive& archive, const ComputeFitState& state) {
  archive.write("fit", c10::IValue(state.fit));
  archive.write("epoch", c10::IValue(state.epoch));
  archive.write("since_best", c10::IValue(state.since_best));
  archive.write("best_error", c10::IValue(state.best_error));
}

void read_numbers(torch::serialize::InputArchive& archive, ComputeFitState& state) {
  c10::IValue value;
  archive.read("epoch", value);
  state.epoch = value.toInt();
  archive.read("since_best", value);
  state.since_best = value.toInt();
  archive.read("best_error", value);
  state.best_error = value.toDouble();
}

void read_tensors(torch::serialize::InputArchive& archive, const Tensors& weights,
                  ComputeFitState& state) {
  Tensors now = copies_of(weights);
  state.best = copies_of(weights);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    archive.read(key_of("weights", i), now[i]);
    archive.read(key_of("best", i), state.best[i]);
  }
  put_values(now, weights);
  at::Tensor random;
  archive.read("random", random);
  set_random_state(random);
}

void read_archive(torch::serialize::InputArchive& archive, const std::string& file,
                  const Tensors& weights, torch::optim::AdamW& adam, ComputeFitState& state) {
  c10::IValue fit;
  archive.read("fit", fit);
  if (fit.toStringRef() != state.fit) {
    throw InputError(fmt::format(
        "{} is the state of another fit: other timings, options, or program. Remove it to begin "
        "anew.",
        file));
  }
  read_numbers(archive, state);
  read_tensors(archive, weights, state);
  torch::serialize::InputArchive optimizer;
  archive.read("adam", optimizer);
  adam.load(optimizer);
}

}  // namespace

std::string short_name(const std::string& description) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char letter : description) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3U;
  }
  return fmt::format("{:016x}", hash);
}

void save_fit_state(const std::string& file, const Tensors& weights,
                    const torch::optim::AdamW& adam, const ComputeFitState& state) {
  torch::serialize::OutputArchive archive;
  write_numbers(archive, state);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    archive.write(key_of("weights", i), weights[i].detach());
    archive.write(key_of("best", i), state.best[i]);
  }
  archive.write("random", random_state());
  torch::serialize::OutputArchive optimizer;
  adam.save(optimizer);
  archive.write("adam", optimizer);
  std::ostringstream bytes;
  archive.save_to(bytes);
  write_file(file, bytes.str());
}

void load_fit_state(const std::string& file, const Tensors& weights, torch::optim::AdamW& adam,
                    ComputeFitState& state) {
  if (!std::filesystem::exists(file)) return;
  try {
    torch::serialize::InputArchive archive;
    archive.load_from(file);
    read_archive(archive, file, weights, adam, state);
  } catch (const c10::Error&) {
    throw InputError(
        fmt::format("{} is not the state of a fit, or damaged. Remove it to begin anew.", file));
  }
}

}  // namespace shardwright
