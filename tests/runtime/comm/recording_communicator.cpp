#include "tests/runtime/comm/recording_communicator.hpp"

#include <stdexcept>
#include <utility>

namespace shardwright {

class RecordingCommunicator::Recorded final : public Exchange {
 public:
  Recorded(std::vector<std::string>& events, std::shared_ptr<int> advances)
      : events_(events), advances_(std::move(advances)) {}

  bool advance() override {
    events_.emplace_back("advance");
    ++*advances_;
    return false;
  }
  void wait() override { events_.emplace_back("wait"); }

 private:
  std::vector<std::string>& events_;
  std::shared_ptr<int> advances_;
};

void RecordingCommunicator::abort(int /*exit_code*/) {
  throw std::logic_error("A recorded job has no rank that ends it.");
}

void RecordingCommunicator::do_all_to_all(std::span<const SendBlock> send,
                                          std::span<const ReceiveBlock> receive) {
  inner_.all_to_all(send, receive);
}

std::unique_ptr<Communicator::Exchange> RecordingCommunicator::do_start(
    std::span<const SendBlock> send, std::span<const ReceiveBlock> receive) {
  std::string event = "start";
  for (std::size_t peer = 0; peer < send.size(); ++peer) {
    if (peer == rank().index() || send[peer].empty()) continue;
    event += (event == "start" ? " " : ",") + std::to_string(peer);
  }
  events_.push_back(event);
  inner_.all_to_all(send, receive);
  advances_.push_back(std::make_shared<int>(0));
  return std::make_unique<Recorded>(events_, advances_.back());
}

std::vector<std::size_t> positions(const std::vector<std::string>& events,
                                   const std::string& begin) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events[i].rfind(begin, 0) == 0) found.push_back(i);
  }
  return found;
}

}  // namespace shardwright
