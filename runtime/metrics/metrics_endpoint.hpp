#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace shardwright {

/// Answers GET /metrics over HTTP/1.1, from one thread of its own that libmicrohttpd runs, until it
/// is destroyed: up to 16 connections at once, 16 KiB of request each, 5 s for a client that says
/// nothing.
class MetricsEndpoint {
 public:
  /// `page` makes the text of an answer, in the endpoint's thread. Throws as listen_on().
  MetricsEndpoint(const std::string& address, std::int64_t port, std::function<std::string()> page);
  ~MetricsEndpoint();
  MetricsEndpoint(const MetricsEndpoint&) = delete;
  MetricsEndpoint& operator=(const MetricsEndpoint&) = delete;

  /// "http://127.0.0.1:9400/metrics".
  std::string url() const;
  /// Processor time of its thread so far, up to the last answer.
  double cpu_seconds() const;

  struct Server;  ///< of the implementation

 private:
  std::unique_ptr<Server> server_;
  std::string url_;
};

}  // namespace shardwright
