#include "costmodel/names.hpp"
#include "runtime/comm/communication_thread.hpp"

namespace shardwright {
namespace {

constexpr Names<CommunicationThread, 3> kChoices = {{{CommunicationThread::automatic, "auto"},
                                                     {CommunicationThread::on, "on"},
                                                     {CommunicationThread::off, "off"}}};

}  // namespace

std::string_view to_string(CommunicationThread choice) { return name_of(choice, kChoices); }

CommunicationThread parse_communication_thread(std::string_view text) {
  return value_of(text, kChoices, "choice of a communication thread");
}

}  // namespace shardwright
