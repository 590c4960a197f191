#include "runtime/profile/profile_comm.hpp"

#include "costmodel/errors.hpp"
#include "runtime/comm/collectives.hpp"
#include "runtime/doctor/free_memory.hpp"
#include "runtime/profile/in_place_work.hpp"
#include "runtime/trainer/gather.hpp"
#include "runtime/trainer/rank_placement.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <optional>

namespace shardwright {
namespace {

// Where more ranks than cores wait for each other, it is the system's turns that are measured.
std::string link_of(const RankPlacement& placement) {
  std::string link = placement.hosts > 1 ? "network" : "shared memory";
  if (placement.shares_cores()) {
    link += fmt::format(", {} ranks on {} cores", placement.most_ranks_per_host,
                        placement.cores_of_that_host);
  }
  return link;
}

std::map<std::string, std::string> metadata_of(const CommProfileOptions& options) {
  std::map<std::string, std::string> result;
  result["command"] = options.command;
  result["date"] = fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::time(nullptr)));
  result["operator"] = "runtime/comm of shardwright, one thread a rank";
  result["version"] = options.version;
  result["compiler"] = __VERSION__;
  std::array<double, 3> load{};
  if (getloadavg(load.data(), 3) == 3) {
    result["load_average"] = fmt::format("{:.2f} {:.2f} {:.2f}", load[0], load[1], load[2]);
  }
  return result;
}

class Profile {
 public:
  Profile(Communicator& comm, const CommProfileOptions& options) : comm_(comm), options_(options) {
    run_together(comm_, [&] {
      if (comm_.size() > 1) return;
      throw UsageError(
          "Collectives need at least two ranks: `mpirun -n 2 shardwright profile comm …`.");
    });
    name_run();
    choose_calls();
    open_file();
  }

  CommProfileEnd run(const std::function<void(const CommProfileProgress&)>& progress) {
    for (const ProfiledCall& call : calls_) {
      if (done_.contains(call.index)) continue;
      if (is_late()) break;
      const CollectiveTiming timing = time_collective(comm_, call, options_.seed, options_.effort,
                                                      prober_ ? &*prober_ : nullptr);
      run_together(comm_, [&] {
        if (file_) file_->append(comm_timing_lines(end_.run, call, timing));
      });
      done_.insert(call.index);
      ++measured_now_;
      if (is_first()) progress(state());
    }
    end_.measured = static_cast<std::int64_t>(done_.size());
    return end_;
  }

 private:
  bool is_first() const { return comm_.rank() == RankId{0}; }

  double spent_seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

  // By the clock of rank 0.
  bool is_late() {
    const bool mine = spent_seconds() >= options_.budget_seconds;
    return gather(comm_, std::int64_t{mine}).front() != 0;
  }

  void name_run() {
    const RankPlacement placement = find_placement(comm_);
    end_.run.setting = {options_.hardware,
                        options_.link.empty() ? link_of(placement) : options_.link,
                        options_.library};
    end_.run.ranks = placement.ranks;
    end_.run.nodes = placement.hosts;
    end_.run.ranks_per_node = placement.most_ranks_per_host;
    end_.run.seed = options_.seed;
    end_.run.repeat = options_.repeat;
    if (!placement.shares_cores()) prober_.emplace();
  }

  // What is of samples first, which takes little time and which a model needs all kinds of. The
  // same on all ranks: by the least of their hosts' free memory, as if all were full.
  void choose_calls() {
    std::int64_t least = free_memory().value();
    for (const std::int64_t free : gather(comm_, least)) least = std::min(least, free);
    end_.free = Bytes{least / end_.run.ranks_per_node};
    std::vector<ProfiledCall> calls = comm_profile_calls();
    std::stable_partition(calls.begin(), calls.end(),
                          [](const ProfiledCall& call) { return is_of_samples(call.operation); });
    const bool in_place = can_exchange_in_place(comm_);
    for (const ProfiledCall& call : calls) {
      if (!is_possible(call, in_place)) continue;
      calls_.push_back(call);
      end_.largest = Bytes{call.bytes};
    }
    end_.total = static_cast<std::int64_t>(calls_.size());
  }

  // Of the sizes asked for; counts what is not.
  bool is_possible(const ProfiledCall& call, bool in_place) {
    if (call.bytes > options_.most_bytes.value()) return false;
    const bool is_apart = is_in_place(call.operation) && !in_place;
    const bool fits = memory_of(call, comm_.size(), options_.seed) <= end_.free.value() / 2;
    if (is_apart) {
      ++end_.apart;
    } else if (!fits) {
      ++end_.too_large;
    }
    return fits && !is_apart;
  }

  void open_file() {
    run_together(comm_, [&] {
      if (!is_first()) return;
      file_ =
          std::make_unique<CommTimingFile>(options_.output, [&] { return metadata_of(options_); });
    });
    std::string mine(calls_.size(), '0');
    for (std::size_t i = 0; file_ && i < calls_.size(); ++i) {
      if (file_->calls_of(end_.run).contains(calls_[i].index)) mine[i] = '1';
    }
    const std::string done = all_gather(comm_, mine).front();
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      if (done[i] == '1') done_.insert(calls_[i].index);
    }
  }

  CommProfileProgress state() const {
    CommProfileProgress state{static_cast<std::int64_t>(done_.size()), end_.total, spent_seconds(),
                              0};
    const double per_call = state.spent_seconds / static_cast<double>(measured_now_);
    state.left_seconds =
        std::clamp(per_call * static_cast<double>(state.total - state.measured), 0.0,
                   std::max(0.0, options_.budget_seconds - state.spent_seconds));
    return state;
  }

  Communicator& comm_;
  const CommProfileOptions& options_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::vector<ProfiledCall> calls_;
  std::set<std::int64_t> done_;
  std::optional<Prober> prober_;  // where each rank has a core: else it would measure their turns
  std::int64_t measured_now_ = 0;
  std::unique_ptr<CommTimingFile> file_;  // rank 0 only
  CommProfileEnd end_;
};

}  // namespace

CommProfileEnd profile_comm(Communicator& comm, const CommProfileOptions& options,
                            const std::function<void(const CommProfileProgress&)>& progress) {
  return Profile(comm, options).run(progress);
}

}  // namespace shardwright
