#pragma once

#include "runtime/comm/communicator.hpp"
#include "runtime/data/batch.hpp"
#include "runtime/exchange/input_exchange.hpp"
#include "runtime/exchange/layout.hpp"

#include <cstdint>
#include <optional>

namespace shardwright {

/// The ids of a step's batch, and on their way beside them those of the next one. The ranks call
/// all of it in the same order among all that they do together.
class InputAhead {
 public:
  /// The next batch: its ids travel during the step that begins with the next take(). It must stay
  /// as it is until start().
  void announce(const Batch& next) { announced_ = &next; }

  /// Begins a step: the ids of its batch are there, or are brought now if it was not announced.
  /// Throws std::logic_error if another one was. Blocks.
  void take(Communicator& comm, const ExchangeLayout& layout, const Batch& batch);
  /// Of the step's batch, until the next take().
  const InputExchange& current() const { return current_; }

  /// Parts of the exchange of the announced batch's ids, which do nothing if there is none: as
  /// InputExchange's. All of them in one step; send() and finish() block.
  void start(Communicator& comm, const ExchangeLayout& layout);
  void send(Communicator& comm, const ExchangeLayout& layout);
  void finish(const ExchangeLayout& layout);
  /// Moves on what is under way; does not block.
  void advance() { next_.advance(); }

 private:
  /// What tells batches apart.
  struct Samples {
    std::int64_t first = 0;
    std::int64_t count = 0;
    bool operator==(const Samples&) const = default;
  };

  const Batch* announced_ = nullptr;
  std::optional<Samples> ready_;  ///< of the batch that next_ has
  InputExchange current_;
  InputExchange next_;
};

}  // namespace shardwright
