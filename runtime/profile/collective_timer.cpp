#include "runtime/profile/collective_timer.hpp"

#include "runtime/comm/collectives.hpp"
#include "runtime/profile/prepared_call.hpp"
#include "runtime/trainer/gather.hpp"

#include <algorithm>
#include <cstring>
#include <string>

namespace shardwright {
namespace {

// One rank's pass, in ms since the end of the barrier.
struct Pass {
  double start = 0;
  double end = 0;
};

// passes[rank][pass]
using Passes = std::vector<std::vector<Pass>>;

void gather_passes(Communicator& comm, const std::vector<Pass>& mine, Passes& all) {
  const std::string bytes(reinterpret_cast<const char*>(mine.data()), mine.size() * sizeof(Pass));
  const std::vector<std::string> texts = all_gather(comm, bytes);
  for (std::size_t rank = 0; rank < texts.size(); ++rank) {
    const std::size_t before = all[rank].size();
    all[rank].resize(before + texts[rank].size() / sizeof(Pass));
    std::memcpy(all[rank].data() + before, texts[rank].data(), texts[rank].size());
  }
}

// A value of each pass over all ranks.
template <class Value>
std::vector<double> largest(const Passes& passes, const Value& value) {
  std::vector<double> result(passes.front().size());
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] = value(passes.front()[i]);
    for (const std::vector<Pass>& rank : passes) result[i] = std::max(result[i], value(rank[i]));
  }
  return result;
}

std::vector<double> last_starts(const Passes& passes) {
  return largest(passes, [](const Pass& pass) { return pass.start; });
}

std::vector<double> last_ends(const Passes& passes) {
  return largest(passes, [](const Pass& pass) { return pass.end; });
}

std::vector<double> differences(std::vector<double> a, const std::vector<double>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] -= b[i];
  return a;
}

RankCallTiming timing_of_rank(const std::vector<Pass>& own, const std::vector<double>& last_start) {
  std::vector<double> starts;
  std::vector<double> ends;
  for (const Pass& pass : own) {
    starts.push_back(pass.start);
    ends.push_back(pass.end);
  }
  RankCallTiming timing;
  timing.wait_ms = median_of(differences(last_start, starts)).ms;
  timing.time = median_of(differences(ends, last_start));
  return timing;
}

void count_bytes(const ProfiledCall& call, std::int64_t bytes, std::uint64_t seed,
                 CollectiveTiming& timing) {
  const auto ranks = static_cast<std::int64_t>(timing.ranks.size());
  if (call.operation != CollectiveKind::all_to_all) {
    for (RankCallTiming& rank : timing.ranks) {
      rank.send_bytes = rank.receive_bytes = static_cast<double>(bytes);
    }
    return;
  }
  const auto blocks = blocks_of(call, ranks, seed);
  for (std::size_t from = 0; from < blocks.size(); ++from) {
    for (std::size_t to = 0; to < blocks.size(); ++to) {
      timing.ranks[from].send_bytes += static_cast<double>(blocks[from][to]);
      timing.ranks[to].receive_bytes += static_cast<double>(blocks[from][to]);
    }
  }
}

class Timer {
 public:
  Timer(Communicator& comm, const ProfiledCall& call, std::uint64_t seed, Prober* prober)
      : comm_(comm),
        call_(call),
        seed_(seed),
        prober_(prober),
        prepared_(comm, call, seed),
        passes_(static_cast<std::size_t>(comm.size())) {}

  CollectiveTiming time(const CollectiveEffort& effort) {
    const double delay = warm_up();
    probe();
    CollectiveTiming timing;
    double spent = 0;
    bool enough = false;
    while (!enough) {
      run_passes(std::min(effort.least_passes, effort.most_passes - timing.passes), delay);
      probe();
      const std::vector<double> times = differences(last_ends(passes_), last_starts(passes_));
      timing.passes = static_cast<std::int64_t>(times.size());
      timing.time = median_of(times);
      spent = timing.time.ms * static_cast<double>(timing.passes);
      enough = timing.time.ci <= effort.precision || timing.passes >= effort.most_passes ||
               spent >= effort.most_ms;
    }
    const std::vector<double> last_start = last_starts(passes_);
    for (const auto& own : passes_) timing.ranks.push_back(timing_of_rank(own, last_start));
    count_bytes(call_, prepared_.bytes(), seed_, timing);
    timing.probe = mean_probe(gather(comm_, median_probe(probes_)));
    return timing;
  }

 private:
  // How long this rank is to wait before each pass.
  double warm_up() {
    constexpr double kPassesOfDelay = 2;
    run_passes(2, 0);
    const double pace = last_ends(passes_).back();
    passes_.assign(passes_.size(), {});
    return kPassesOfDelay * pace * delays_of(call_, comm_.size(), seed_)[comm_.rank().index()];
  }

  void run_passes(std::int64_t count, double delay_ms) {
    std::vector<Pass> mine;
    for (std::int64_t i = 0; i < count; ++i) mine.push_back(pass(delay_ms));
    gather_passes(comm_, mine, passes_);
  }

  Pass pass(double delay_ms) {
    prepared_.get_ready();
    comm_.barrier();
    const double begin = comm_.clock_ms();
    double start = begin;
    while (start - begin < delay_ms) start = comm_.clock_ms();  // as a rank that still computes
    prepared_.run();
    return {start - begin, comm_.clock_ms() - begin};
  }

  void probe() {
    if (prober_ == nullptr) return;
    comm_.barrier();
    probes_.push_back(prober_->now());
  }

  Communicator& comm_;
  const ProfiledCall& call_;
  std::uint64_t seed_;
  Prober* prober_;
  std::vector<MachineProbe> probes_;
  PreparedCall prepared_;
  Passes passes_;
};

}  // namespace

CollectiveTiming time_collective(Communicator& comm, const ProfiledCall& call, std::uint64_t seed,
                                 const CollectiveEffort& effort, Prober* prober) {
  return Timer(comm, call, seed, prober).time(effort);
}

}  // namespace shardwright
