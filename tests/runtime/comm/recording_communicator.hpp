#pragma once

#include "runtime/comm/communicator.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace shardwright {

/// Hands everything on to another communicator, which does it at once and must outlive it, and
/// notes the order: "start 1,2" where an exchange with something for ranks 1 and 2 begins ("start"
/// if it has nothing for others), "advance", "wait". Exchanges say that they are not done until
/// they are waited for.
class RecordingCommunicator final : public Communicator {
 public:
  explicit RecordingCommunicator(Communicator& inner) : inner_(inner) {}

  RankId rank() const override { return inner_.rank(); }
  std::int64_t size() const override { return inner_.size(); }
  void barrier() override { inner_.barrier(); }
  [[noreturn]] void abort(int /*exit_code*/) override;

  const std::vector<std::string>& events() const { return events_; }
  /// Of the exchange number `exchange` among those that have begun, how often it was moved on.
  int advances(std::size_t exchange) const { return *advances_.at(exchange); }
  void forget() {
    events_.clear();
    advances_.clear();
  }
  /// Among the others, something that the test does.
  void note(const std::string& event) { events_.push_back(event); }

 private:
  class Recorded;
  void do_all_to_all(std::span<const SendBlock> send,
                     std::span<const ReceiveBlock> receive) override;
  std::unique_ptr<Exchange> do_start(std::span<const SendBlock> send,
                                     std::span<const ReceiveBlock> receive) override;

  Communicator& inner_;
  std::vector<std::string> events_;
  std::vector<std::shared_ptr<int>> advances_;  ///< of each exchange
};

/// The positions of the events that begin so.
std::vector<std::size_t> positions(const std::vector<std::string>& events,
                                   const std::string& begin);

}  // namespace shardwright
