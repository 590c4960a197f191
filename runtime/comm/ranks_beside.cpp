#include "runtime/comm/ranks_beside.hpp"

#include "costmodel/errors.hpp"
#include "runtime/comm/shared_floats.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string_view>

namespace shardwright {
namespace {

/// Random, so that no other job's memory has the same; whole numbers, as floats too.
using Token = std::array<float, 8>;

/// Sent as it stands.
struct Offer {
  SharedPlace place;
  Token token = {};
};

bool is_wanted() {
  const char* set = std::getenv("SHARDWRIGHT_NODE_MEMORY");
  return set == nullptr || std::string_view(set) != "off";
}

Token draw_token() {
  std::random_device random;
  Token token;
  for (float& value : token) value = static_cast<float>(random() >> 8);
  return token;
}

/// Without a place if this rank's memory is not to be seen, or cannot be.
Offer make_offer(SharedFloats& memory) {
  Offer offer;
  if (!is_wanted()) return offer;
  offer.token = draw_token();
  try {
    memory.resize(offer.token.size());
  } catch (const EnvironmentError&) {
    return offer;
  }
  std::copy(offer.token.begin(), offer.token.end(), memory.values().begin());
  offer.place = memory.place();
  return offer;
}

bool reaches(const Offer& offer) {
  if (offer.place.serial == 0) return false;
  PeerFloats memory;
  try {
    memory.map(offer.place);
  } catch (const EnvironmentError&) {
    return false;  // on another host, or the system forbids it
  }
  return std::equal(offer.token.begin(), offer.token.end(), memory.values().begin());
}

/// Sends each rank its element, and receives one from each.
template <class T>
std::vector<T> swapped(const AllToAll& exchange, const std::vector<T>& sent) {
  std::vector<T> received(sent.size());
  std::vector<Communicator::SendBlock> send;
  std::vector<Communicator::ReceiveBlock> receive;
  send.reserve(sent.size());
  receive.reserve(sent.size());
  for (const T& value : sent) send.push_back(std::as_bytes(std::span(&value, 1)));
  for (T& value : received) receive.push_back(std::as_writable_bytes(std::span(&value, 1)));
  exchange(send, receive);
  return received;
}

/// Which other ranks' memory this one reaches, if they are to reach its.
std::vector<std::byte> reached_by(std::size_t self, bool is_offered,
                                  const std::vector<Offer>& offers) {
  std::vector<std::byte> reached(offers.size());
  if (!is_offered) return reached;
  for (std::size_t r = 0; r < offers.size(); ++r) {
    reached[r] = std::byte{r != self && reaches(offers[r])};
  }
  return reached;
}

}  // namespace

std::vector<bool> find_ranks_beside(const Communicator& comm, const AllToAll& exchange) {
  const auto ranks = static_cast<std::size_t>(comm.size());
  SharedFloats memory;
  const Offer offer = make_offer(memory);
  const std::vector<Offer> offers = swapped(exchange, std::vector<Offer>(ranks, offer));
  const auto reached = reached_by(comm.rank().index(), offer.place.serial != 0, offers);
  const std::vector<std::byte> reached_from = swapped(exchange, reached);
  std::vector<bool> beside(ranks);
  for (std::size_t r = 0; r < ranks; ++r) {
    beside[r] = reached[r] != std::byte{0} && reached_from[r] != std::byte{0};
  }
  return beside;
}

}  // namespace shardwright
