#include "runtime/exchange/input_ahead.hpp"

#include <stdexcept>
#include <utility>

namespace shardwright {

void InputAhead::take(Communicator& comm, const ExchangeLayout& layout, const Batch& batch) {
  if (next_.is_under_way()) {
    throw std::logic_error("A step begins before the one before it has ended.");
  }
  const std::optional<Samples> ready = std::exchange(ready_, std::nullopt);
  if (!ready) return current_.run(comm, layout, batch);
  if (*ready != Samples{batch.first_sample, batch.size}) {
    throw std::logic_error("Another batch was announced than the one that came.");
  }
  std::swap(current_, next_);
}

void InputAhead::start(Communicator& comm, const ExchangeLayout& layout) {
  const Batch* next = std::exchange(announced_, nullptr);
  if (next == nullptr) return;
  next_.start(comm, layout, *next);
  ready_ = Samples{next->first_sample, next->size};
}

void InputAhead::send(Communicator& comm, const ExchangeLayout& layout) {
  if (next_.is_under_way()) next_.send(comm, layout);
}

void InputAhead::finish(const ExchangeLayout& layout) {
  if (next_.is_under_way()) next_.finish(layout);
}

}  // namespace shardwright
