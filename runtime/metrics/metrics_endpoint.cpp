#include "runtime/metrics/metrics_endpoint.hpp"

#include "costmodel/errors.hpp"
#include "runtime/metrics/listening_socket.hpp"

#include <fmt/format.h>
#include <microhttpd.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <exception>
#include <string_view>
#include <utility>

namespace shardwright {

struct MetricsEndpoint::Server {
  std::function<std::string()> page;
  std::atomic<double> cpu_seconds = 0;
  MHD_Daemon* daemon = nullptr;
};

namespace {

constexpr unsigned kMostConnections = 16;
constexpr unsigned kIdleSeconds = 5;
constexpr std::size_t kBytesPerConnection = 16384;

struct Answer {
  unsigned status = MHD_HTTP_OK;
  std::string text;
};

Answer answer_to(std::string_view path, std::string_view method,
                 const std::function<std::string()>& page) {
  if (path != "/metrics") return {MHD_HTTP_NOT_FOUND, "The metrics are at /metrics.\n"};
  if (method != MHD_HTTP_METHOD_GET && method != MHD_HTTP_METHOD_HEAD) {
    return {MHD_HTTP_METHOD_NOT_ALLOWED, "The metrics can be read alone: GET or HEAD.\n"};
  }
  try {
    return {MHD_HTTP_OK, page()};
  } catch (const std::exception& error) {  // must not fly through a C library
    return {MHD_HTTP_INTERNAL_SERVER_ERROR, fmt::format("{}\n", error.what())};
  }
}

MHD_Result send(MHD_Connection* connection, Answer& answer) {
  MHD_Response* response = MHD_create_response_from_buffer(answer.text.size(), answer.text.data(),
                                                           MHD_RESPMEM_MUST_COPY);
  if (response == nullptr) return MHD_NO;
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                          "text/plain; version=0.0.4; charset=utf-8");
  if (answer.status == MHD_HTTP_METHOD_NOT_ALLOWED) {
    MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
  }
  const MHD_Result sent = MHD_queue_response(connection, answer.status, response);
  MHD_destroy_response(response);
  return sent;
}

double cpu_seconds_of_thread() {
  constexpr double kNanosecond = 1e-9;
  timespec time = {};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * kNanosecond;
}

/// In the endpoint's thread, once the headers are there.
MHD_Result handle(void* closure, MHD_Connection* connection, const char* path, const char* method,
                  const char* /*version*/, const char* /*body*/, std::size_t* /*body_size*/,
                  void** /*state*/) {
  auto& server = *static_cast<MetricsEndpoint::Server*>(closure);
  Answer answer = answer_to(path, method, server.page);
  const MHD_Result sent = send(connection, answer);
  server.cpu_seconds = cpu_seconds_of_thread();
  return sent;
}

/// Threads begin with their maker's mask: signals stay with the thread that trains.
MHD_Daemon* start_without_signals(int descriptor, void* server) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  MHD_Daemon* daemon =
      MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO, 0, nullptr, nullptr, &handle,
                       server, MHD_OPTION_LISTEN_SOCKET, descriptor, MHD_OPTION_CONNECTION_LIMIT,
                       kMostConnections, MHD_OPTION_CONNECTION_TIMEOUT, kIdleSeconds,
                       MHD_OPTION_CONNECTION_MEMORY_LIMIT, kBytesPerConnection, MHD_OPTION_END);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return daemon;
}

}  // namespace

MetricsEndpoint::MetricsEndpoint(const std::string& address, std::int64_t port,
                                 std::function<std::string()> page)
    : server_(std::make_unique<Server>()) {
  server_->page = std::move(page);
  const ListeningSocket socket = listen_on(address, port);
  const bool six = address.find(':') != std::string::npos;
  url_ =
      fmt::format("http://{}{}{}:{}/metrics", six ? "[" : "", address, six ? "]" : "", socket.port);
  server_->daemon = start_without_signals(socket.descriptor, server_.get());
  if (server_->daemon != nullptr) return;
  ::close(socket.descriptor);
  throw EnvironmentError(
      fmt::format("Metrics cannot be served at {}: there is no thread for it. "
                  "Raise the limit (ulimit -u) or leave out --metrics-port.",
                  url_));
}

MetricsEndpoint::~MetricsEndpoint() { MHD_stop_daemon(server_->daemon); }

std::string MetricsEndpoint::url() const { return url_; }

double MetricsEndpoint::cpu_seconds() const { return server_->cpu_seconds; }

}  // namespace shardwright
