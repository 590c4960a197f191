#pragma once

#include <cstdint>
#include <string>

namespace shardwright {

/// A TCP socket that listens; owned by whoever calls.
struct ListeningSocket {
  int descriptor = -1;
  std::int64_t port = 0;
};

/// On an address of this host (IPv4 or IPv6, in numbers) and a port; 0: one that is free. Throws
/// UsageError if `address` is none, EnvironmentError if it cannot be listened on, with what to do.
ListeningSocket listen_on(const std::string& address, std::int64_t port);

}  // namespace shardwright
