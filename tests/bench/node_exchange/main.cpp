// Two ranks of one host exchange blocks both ways, by messages and in memory that both have mapped,
// in turns. run.sh runs it with and without Open MPI's single copy.

#include "costmodel/errors.hpp"
#include "runtime/comm/mpi_communicator.hpp"
#include "runtime/comm/shared_floats.hpp"
#include "runtime/embedding/huge_pages.hpp"
#include "runtime/embedding/line_vector.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace {

using namespace shardwright;

// A row of a block is a sample's values of eight tables, which come to stand between the values of
// eight others.
constexpr std::size_t kRun = 128;
constexpr std::size_t kRuns = 8;
constexpr std::size_t kColumns = kRun * kRuns;

enum class Way { copy, unpack, pack };
constexpr std::array kWays{Way::copy, Way::unpack, Way::pack};

/// One rank's memory for blocks of a size.
class Ends {
 public:
  Ends(Communicator& comm, std::size_t rows) : comm_(comm), order_(rows * kRuns) {
    shared_.resize(rows * kColumns);
    std::array<SharedPlace, 2> places{shared_.place(), shared_.place()};
    exchange(std::as_bytes(std::span(places).last(1)),
             std::as_writable_bytes(std::span(places).first(1)));
    peer_.map(places.front());
    for (auto* values : {&own_, &received_, &packed_}) {
      resize_in_huge_pages(*values, rows * kColumns, 1.0F);
    }
    resize_in_huge_pages(pooled_, 2 * rows * kColumns, 1.0F);
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::shuffle(order_.begin(), order_.end(), std::mt19937_64(1));
  }

  /// Milliseconds from the moment that both ranks have their values until both are done.
  double time(Way way, bool in_place) {
    refresh(way, in_place);
    comm_.barrier();
    const double start = comm_.clock_ms();
    if (in_place) {
      by_memory(way);
    } else {
      by_messages(way);
    }
    comm_.barrier();
    return comm_.clock_ms() - start;
  }
  float seen() const { return seen_ + received_[0] + pooled_[0]; }

 private:
  /// What is sent has just been computed.
  void refresh(Way way, bool in_place) {
    const std::span<float> written = way == Way::pack ? pooled_
                                     : in_place       ? shared_.values()
                                                      : std::span<float>(own_);
    std::fill(written.begin(), written.end(), seen_ += 1.0F);
  }

  void by_messages(Way way) {
    if (way == Way::pack) pack(packed_);
    exchange(std::as_bytes(std::span(way == Way::pack ? packed_ : own_)),
             std::as_writable_bytes(std::span(received_)));
    if (way == Way::unpack) unpack(received_);
    if (way == Way::pack) gather(received_);
  }

  void by_memory(Way way) {
    if (way != Way::pack) comm_.barrier();  // the peer's values are there
    if (way == Way::copy) std::copy_n(peer_.values().data(), received_.size(), received_.data());
    if (way == Way::unpack) unpack(peer_.values());
    if (way != Way::pack) return;
    pack(peer_.values());
    comm_.barrier();
    gather(shared_.values());
  }

  void exchange(Communicator::SendBlock sent, Communicator::ReceiveBlock received) {
    std::array<Communicator::SendBlock, 2> send;
    std::array<Communicator::ReceiveBlock, 2> receive;
    send[1 - comm_.rank().index()] = sent;
    receive[1 - comm_.rank().index()] = received;
    comm_.all_to_all(send, receive);
  }

  void unpack(std::span<const float> block) {
    float* to = pooled_.data();
    for (const float* from = block.data(); from != block.data() + block.size(); from += kRun) {
      std::copy_n(from, kRun, to);
      to += 2 * kRun;
    }
  }

  void pack(std::span<float> block) const {
    const float* from = pooled_.data();
    for (float* to = block.data(); to != block.data() + block.size(); to += kRun) {
      std::copy_n(from, kRun, to);
      from += 2 * kRun;
    }
  }

  /// Reads it as updates do: run by run, in any order.
  void gather(std::span<const float> block) {
    std::array<float, kRun> sums = {};
    for (const std::size_t run : order_) {
      const float* from = block.data() + run * kRun;
      for (std::size_t i = 0; i < kRun; ++i) sums[i] += from[i];
    }
    seen_ += sums[0] == 0 ? 1.0F : 0.0F;
  }

  Communicator& comm_;
  SharedFloats shared_;
  PeerFloats peer_;
  LineVector<float> own_;
  LineVector<float> received_;
  LineVector<float> packed_;
  LineVector<float> pooled_;
  std::vector<std::size_t> order_;
  float seen_ = 0;
};

double median(std::vector<double> values) {
  const auto middle = values.begin() + std::ssize(values) / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// By messages, in memory, and the median of neighbours' ratios.
std::string cells(const std::vector<double>& messages, const std::vector<double>& memory) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < messages.size(); ++i) ratios.push_back(memory[i] / messages[i]);
  return fmt::format(" {:.3f} | {:.3f} | {:.2f} |", median(messages), median(memory),
                     median(ratios));
}

std::string line(Communicator& comm, std::size_t bytes, int rounds) {
  Ends ends(comm, bytes / (kColumns * sizeof(float)));
  std::array<std::array<std::vector<double>, 2>, kWays.size()> times;
  for (int round = -2; round < rounds; ++round) {
    for (std::size_t w = 0; w < kWays.size(); ++w) {
      for (const bool in_place : {round % 2 == 0, round % 2 != 0}) {
        const double ms = ends.time(kWays[w], in_place);
        if (round >= 0) times[w][in_place ? 1 : 0].push_back(ms);
      }
    }
  }
  std::string text = fmt::format("| {} KiB |", bytes / 1024);
  for (const auto& of_way : times) text += cells(of_way[0], of_way[1]);
  return ends.seen() == 0 ? "" : text;
}

void run(int rounds) {
  const auto comm = make_mpi_communicator();
  if (comm->size() != 2) throw UsageError("Two ranks are needed.");
  for (std::size_t kib = 4; kib <= 64 * 1024; kib *= 4) {
    const std::string text = line(*comm, kib * 1024, rounds);
    if (comm->rank() == RankId{0}) fmt::print("{}\n", text);
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const MpiEnvironment mpi;
    run(argc > 1 ? std::atoi(argv[1]) : 20);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
  return 0;
}
