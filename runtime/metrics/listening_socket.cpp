#include "runtime/metrics/listening_socket.hpp"

#include "costmodel/errors.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace shardwright {
namespace {

/// An IPv4 or IPv6 address with its port.
struct Endpoint {
  sockaddr_storage storage = {};
  socklen_t size = 0;
  sockaddr* address() { return reinterpret_cast<sockaddr*>(&storage); }
};

Endpoint parse(const std::string& address, std::int64_t port) {
  Endpoint endpoint;
  auto& four = reinterpret_cast<sockaddr_in&>(endpoint.storage);
  auto& six = reinterpret_cast<sockaddr_in6&>(endpoint.storage);
  if (::inet_pton(AF_INET, address.c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    four.sin_port = htons(static_cast<std::uint16_t>(port));
    endpoint.size = sizeof four;
  } else if (::inet_pton(AF_INET6, address.c_str(), &six.sin6_addr) == 1) {
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(static_cast<std::uint16_t>(port));
    endpoint.size = sizeof six;
  } else {
    throw UsageError(
        fmt::format("'{}' is no address for --metrics-bind: give one of this host in numbers, as "
                    "127.0.0.1 or ::1, or 0.0.0.0 for all.",
                    address));
  }
  return endpoint;
}

std::string remedy(int error) {
  if (error == EADDRINUSE) {
    return "Another program, or another job's metrics, has this port: choose another one with "
           "--metrics-port, or 0 for any that is free.";
  }
  if (error == EACCES) return "Choose a --metrics-port above 1023.";
  return "Choose another --metrics-bind or --metrics-port.";
}

[[noreturn]] void fail(const std::string& address, std::int64_t port, int descriptor) {
  const int error = errno;
  if (descriptor >= 0) ::close(descriptor);
  throw EnvironmentError(fmt::format("Metrics cannot be served at port {} of {}: {}. {}", port,
                                     address, std::strerror(error), remedy(error)));
}

std::int64_t port_of(const Endpoint& endpoint) {
  if (endpoint.storage.ss_family == AF_INET) {
    return ntohs(reinterpret_cast<const sockaddr_in&>(endpoint.storage).sin_port);
  }
  return ntohs(reinterpret_cast<const sockaddr_in6&>(endpoint.storage).sin6_port);
}

}  // namespace

ListeningSocket listen_on(const std::string& address, std::int64_t port) {
  constexpr int kBacklog = 16;
  Endpoint endpoint = parse(address, port);
  const int kind = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
  const int descriptor = ::socket(endpoint.storage.ss_family, kind, 0);
  if (descriptor < 0) fail(address, port, descriptor);
  const int yes = 1;  // a port that a job before this one has just left
  if (::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
      ::bind(descriptor, endpoint.address(), endpoint.size) != 0 ||
      ::listen(descriptor, kBacklog) != 0 ||
      ::getsockname(descriptor, endpoint.address(), &endpoint.size) != 0) {
    fail(address, port, descriptor);
  }
  return {descriptor, port_of(endpoint)};
}

}  // namespace shardwright
