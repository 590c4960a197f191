#include "runtime/doctor/speeds.hpp"

#include "runtime/comm/collectives.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <sstream>

namespace shardwright {
namespace {

constexpr std::size_t kCopied = std::size_t{64} << 20;     ///< beyond the caches
constexpr std::size_t kExchanged = std::size_t{16} << 20;  ///< per rank, over all others

double median_ms(const Communicator& comm, int repeats, const std::function<void()>& work) {
  work();  // touches pages and connects ranks
  std::vector<double> times;
  for (int i = 0; i < repeats; ++i) {
    const double began = comm.clock_ms();
    work();
    times.push_back(comm.clock_ms() - began);
  }
  std::nth_element(times.begin(), times.begin() + repeats / 2, times.end());
  return std::max(times[static_cast<std::size_t>(repeats / 2)], 1e-6);
}

double copy_gb_per_s(Communicator& comm) {
  std::vector<std::byte> from(kCopied, std::byte{1});
  std::vector<std::byte> to(kCopied);
  comm.barrier();
  return static_cast<double>(kCopied) / 1e6 /
         median_ms(comm, 5, [&] { std::memcpy(to.data(), from.data(), kCopied); });
}

double all_to_all_ms(Communicator& comm, std::size_t bytes_per_pair, int repeats) {
  const auto ranks = static_cast<std::size_t>(comm.size());
  const std::vector<std::byte> sent(bytes_per_pair);
  std::vector<std::byte> received(bytes_per_pair * ranks);
  const std::vector<Communicator::SendBlock> send(ranks, sent);
  std::vector<Communicator::ReceiveBlock> receive;
  for (std::size_t peer = 0; peer < ranks; ++peer) {
    receive.push_back(std::span(received).subspan(peer * bytes_per_pair, bytes_per_pair));
  }
  comm.barrier();
  return median_ms(comm, repeats, [&] { comm.all_to_all(send, receive); });
}

}  // namespace

std::vector<RankSpeeds> measure_speeds(Communicator& comm) {
  RankSpeeds mine{.copy_gb_per_s = copy_gb_per_s(comm)};
  if (comm.size() > 1) {
    const auto peers = static_cast<std::size_t>(comm.size() - 1);
    const std::size_t bytes = std::max<std::size_t>(kExchanged / peers, 1);
    mine.all_to_all_gb_per_s =
        static_cast<double>(bytes * peers) / 1e6 / all_to_all_ms(comm, bytes, 5);
    mine.smallest_exchange_us = 1000 * all_to_all_ms(comm, 8, 50);
  }
  std::vector<RankSpeeds> speeds;
  for (const std::string& text :
       all_gather(comm, fmt::format("{} {} {}", mine.copy_gb_per_s, mine.all_to_all_gb_per_s,
                                    mine.smallest_exchange_us))) {
    RankSpeeds& rank = speeds.emplace_back();
    std::istringstream(text) >> rank.copy_gb_per_s >> rank.all_to_all_gb_per_s >>
        rank.smallest_exchange_us;
  }
  return speeds;
}

}  // namespace shardwright
