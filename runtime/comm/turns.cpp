#include "runtime/comm/turns.hpp"

#include "costmodel/errors.hpp"
#include "runtime/comm/collectives.hpp"
#include "runtime/comm/waiting.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

namespace shardwright {
namespace {

/// What the ranks share: whose turn it is. One semaphore per rank stands behind it.
struct Board {
  std::atomic<int> arrived = 0;         ///< of the ranks of this turn
  std::atomic<int> finished = 0;        ///< of the ranks of this turn
  std::atomic<std::int64_t> turns = 0;  ///< that have ended
};
static_assert(std::atomic<int>::is_always_lock_free);
static_assert(std::atomic<std::int64_t>::is_always_lock_free);

constexpr std::size_t kSemaphores = 64;  ///< where they begin, in bytes; aligned
static_assert(sizeof(Board) <= kSemaphores && kSemaphores % alignof(sem_t) == 0);

void check(bool succeeded, const char* doing) {
  if (succeeded) return;
  throw EnvironmentError(
      fmt::format("{} failed: {}. Ranks that take turns need shared memory (/dev/shm).", doing,
                  std::strerror(errno)));
}

/// Memory of all ranks of one host; its name is gone once all have it.
class SharedMemory {
 public:
  SharedMemory(Communicator& comm, std::size_t bytes) : bytes_(bytes) {
    const bool is_first = comm.rank() == RankId{0};
    std::string name;
    run_together(comm, [&] {
      if (!is_first) return;
      name = fmt::format("/shardwright-turns-{}", getpid());
      shm_unlink(name.c_str());  // left by a process of the same number that was killed
      map(shm_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600));
    });
    name = all_gather(comm, name).front();
    run_together(comm, [&] {
      if (!is_first) map(shm_open(name.c_str(), O_RDWR, 0600));
    });
    if (is_first) shm_unlink(name.c_str());
  }
  ~SharedMemory() {
    if (data_ != nullptr) munmap(data_, bytes_);
  }
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  std::byte* data() const { return static_cast<std::byte*>(data_); }

 private:
  void map(int descriptor) {
    check(descriptor >= 0, "shm_open");
    const bool sized = ftruncate(descriptor, static_cast<off_t>(bytes_)) == 0;
    void* mapped = sized ? mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
                         : MAP_FAILED;
    const int error = errno;
    close(descriptor);
    errno = error;
    check(mapped != MAP_FAILED, "Mapping shared memory");
    data_ = mapped;
  }

  std::size_t bytes_;
  void* data_ = nullptr;
};

struct Pair {
  std::size_t low = 0;
  std::size_t high = 0;
  bool has(std::size_t rank) const { return rank == low || rank == high; }
};

/// A cycle has one turn per rank, then one per pair of ranks.
std::vector<Pair> turns_of_cycle(std::size_t ranks) {
  std::vector<Pair> turns;
  for (std::size_t r = 0; r < ranks; ++r) turns.push_back({r, r});
  for (std::size_t a = 0; a < ranks; ++a) {
    for (std::size_t b = a + 1; b < ranks; ++b) turns.push_back({a, b});
  }
  return turns;
}

class TurnTaking final : public Communicator {
 public:
  explicit TurnTaking(Communicator& inner)
      : inner_(inner),
        self_(inner.rank().index()),
        ranks_(static_cast<std::size_t>(inner.size())),
        turns_(turns_of_cycle(ranks_)),
        memory_(inner, kSemaphores + ranks_ * sizeof(sem_t)),
        beside_(inner.ranks_beside()) {
    set_wait_limit_s(inner.wait_limit_s());
    inner.set_waits_awake(true);  // exchanges are timed, by pairs that have cores of their own
    if (self_ == 0) set_board_up();
    inner_.barrier();
    begin(self_);
  }

  ~TurnTaking() override {
    try {
      end(self_);
    } catch (...) {  // the others' turns are lost; they end with the job
    }
  }
  TurnTaking(const TurnTaking&) = delete;
  TurnTaking& operator=(const TurnTaking&) = delete;

  RankId rank() const override { return inner_.rank(); }
  std::int64_t size() const override { return inner_.size(); }
  std::vector<bool> ranks_beside() override { return beside_; }
  [[noreturn]] void abort(int exit_code) override {
    inner_.abort(exit_code);
    std::_Exit(exit_code);  // the compiler does not know that the call above never returns
  }
  double clock_ms() const override { return spent_ms_ + inner_.clock_ms() - turn_began_ms_; }

  void barrier() override {
    const std::vector<SendBlock> send(ranks_);
    const std::vector<ReceiveBlock> receive(ranks_);
    do_all_to_all(send, receive);
  }

 private:
  void do_all_to_all(std::span<const SendBlock> send,
                     std::span<const ReceiveBlock> receive) override {
    std::copy(send[self_].begin(), send[self_].end(), receive[self_].begin());
    end(self_);
    for (std::size_t turn = ranks_; turn < turns_.size(); ++turn) {
      if (!turns_[turn].has(self_)) continue;
      begin(turn);
      exchange(turns_[turn], send, receive);
      end(turn);
    }
    begin(self_);
  }

  void exchange(const Pair& pair, std::span<const SendBlock> send,
                std::span<const ReceiveBlock> receive) {
    const std::size_t peer = pair.low == self_ ? pair.high : pair.low;
    std::vector<SendBlock> sent(ranks_);
    std::vector<ReceiveBlock> received(ranks_);
    sent[peer] = send[peer];
    received[peer] = receive[peer];
    inner_.all_to_all(sent, received);
  }

  Board& board() const { return *reinterpret_cast<Board*>(memory_.data()); }
  sem_t* semaphore(std::size_t rank) const {
    return reinterpret_cast<sem_t*>(memory_.data() + kSemaphores) + rank;
  }

  void set_board_up() {
    new (memory_.data()) Board;
    for (std::size_t r = 0; r < ranks_; ++r) {
      check(sem_init(semaphore(r), 1, r == 0 ? 1 : 0) == 0, "sem_init");
    }
  }

  static int members(const Pair& turn) { return turn.low == turn.high ? 1 : 2; }

  /// Sleeps until it is this turn, then waits awake for the pair's other rank.
  void begin(std::size_t turn) {
    sleep_until_woken();
    board().arrived.fetch_add(1);
    Waiting waiting(inner_.clock_ms());
    while (board().arrived.load() < members(turns_[turn])) {
      if (is_too_long(waiting.seconds(inner_.clock_ms()))) throw_timeout(turns_[turn]);
      sched_yield();
    }
    turn_began_ms_ = inner_.clock_ms();
  }

  /// Looks up now and then whether the others get on with their turns. A pair has twice the time:
  /// its ranks wait for each other too, and know better which one hangs.
  void sleep_until_woken() {
    constexpr int kSecondsAsleep = 1;
    std::int64_t ended = board().turns.load();
    Waiting waiting(inner_.clock_ms());
    while (!sleep_for(kSecondsAsleep)) {
      if (board().turns.load() != ended) waiting = Waiting(inner_.clock_ms());
      ended = board().turns.load();
      const Pair& turn = turns_[static_cast<std::size_t>(ended) % turns_.size()];
      const double waited_s = waiting.seconds(inner_.clock_ms());
      if (is_too_long(waited_s / members(turn))) throw_timeout(turn);
    }
  }

  /// False if this rank was not woken in that time.
  bool sleep_for(int seconds) const {
    timespec until = {};
    check(clock_gettime(CLOCK_MONOTONIC, &until) == 0, "clock_gettime");
    until.tv_sec += seconds;
    while (sem_clockwait(semaphore(self_), CLOCK_MONOTONIC, &until) != 0) {
      if (errno == ETIMEDOUT) return false;
      check(errno == EINTR, "sem_clockwait");
    }
    return true;
  }

  /// Rank after rank, so that the first one to speak ends the job before the others do.
  bool is_too_long(double waited_s) const {
    constexpr double kSecondsBetweenRanks = 0.5;
    return wait_limit_s() > 0 &&
           waited_s >= wait_limit_s() + kSecondsBetweenRanks * static_cast<double>(self_);
  }

  [[noreturn]] void throw_timeout(const Pair& turn) const {
    const bool not_in_pair = turn.low != turn.high && !turn.has(self_);
    const std::size_t other = turn.low == self_ ? turn.high : turn.low;
    throw Error(ExitCode::timeout,
                fmt::format("Waited over {} s for rank {}, which hangs or is very slow: look at it "
                            "on its host. --wait-limit-s says how long ranks wait for each other "
                            "(0: for ever).",
                            wait_limit_s(),
                            not_in_pair ? fmt::format("{} or {}", turn.low, turn.high)
                                        : fmt::to_string(other)));
  }

  /// The last rank of a turn wakes those of the next.
  void end(std::size_t turn) {
    spent_ms_ += inner_.clock_ms() - turn_began_ms_;
    if (board().finished.fetch_add(1) + 1 < members(turns_[turn])) return;
    board().arrived.store(0);
    board().finished.store(0);
    board().turns.fetch_add(1);
    const Pair& next = turns_[(turn + 1) % turns_.size()];
    check(sem_post(semaphore(next.low)) == 0, "sem_post");
    if (next.high != next.low) check(sem_post(semaphore(next.high)) == 0, "sem_post");
  }

  Communicator& inner_;
  std::size_t self_;
  std::size_t ranks_;
  std::vector<Pair> turns_;
  SharedMemory memory_;
  std::vector<bool> beside_;
  double spent_ms_ = 0;       ///< in the turns before this one
  double turn_began_ms_ = 0;  ///< by the wall clock
};

}  // namespace

std::unique_ptr<Communicator> take_turns(Communicator& inner) {
  return std::make_unique<TurnTaking>(inner);
}

}  // namespace shardwright
