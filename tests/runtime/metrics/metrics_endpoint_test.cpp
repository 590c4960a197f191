#include "runtime/metrics/metrics_endpoint.hpp"

#include "costmodel/errors.hpp"
#include "runtime/metrics/listening_socket.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <iterator>
#include <string>

namespace shardwright {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

std::uint16_t port_of(const std::string& url) {
  return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
}

int connect_to(const std::string& url) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_of(url));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
  const int code = ::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address);
  EXPECT_EQ(code, 0);
  return descriptor;
}

/// All that comes back until the server hangs up.
std::string answer_to(const std::string& url, const std::string& request) {
  const int descriptor = connect_to(url);
  EXPECT_EQ(::send(descriptor, request.data(), request.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(request.size()));
  std::string answer;
  std::array<char, 4096> part;
  for (ssize_t size = 0; (size = ::recv(descriptor, part.data(), part.size(), 0)) > 0;) {
    answer.append(part.data(), static_cast<std::size_t>(size));
  }
  ::close(descriptor);
  return answer;
}

std::string request(const std::string& method, const std::string& path) {
  return method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
}

class MetricsEndpointTest : public testing::Test {
 protected:
  MetricsEndpoint endpoint_{"127.0.0.1", 0, [] { return std::string("loss 0.5\n"); }};
};

TEST_F(MetricsEndpointTest, AnswersWithThePage) {
  const std::string answer = answer_to(endpoint_.url(), request("GET", "/metrics"));

  EXPECT_THAT(endpoint_.url(), StartsWith("http://127.0.0.1:"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain; version=0.0.4"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nloss 0.5\n"));
  EXPECT_GT(endpoint_.cpu_seconds(), 0);
}

TEST_F(MetricsEndpointTest, AnswersHeadWithoutAPage) {
  const std::string answer = answer_to(endpoint_.url(), request("HEAD", "/metrics"));

  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 9\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_F(MetricsEndpointTest, RefusesWhatIsNotARequestForMetrics) {
  EXPECT_THAT(answer_to(endpoint_.url(), request("GET", "/")), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(answer_to(endpoint_.url(), request("GET", "/metrics/../etc")),
              StartsWith("HTTP/1.1 404 "));
  const std::string post = answer_to(endpoint_.url(), request("POST", "/metrics"));
  EXPECT_THAT(post, StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(post, HasSubstr("Allow: GET, HEAD"));
  EXPECT_THAT(answer_to(endpoint_.url(), "no request at all\r\n\r\n"),
              testing::Not(HasSubstr("200 OK")));
}

// What it keeps of a request is bounded; it answers others afterwards.
TEST_F(MetricsEndpointTest, OutlivesARequestWithoutEnd) {
  const int descriptor = connect_to(endpoint_.url());
  const std::string header = "GET /metrics HTTP/1.1\r\nX-Long: " + std::string(1 << 20, 'x');
  for (int i = 0; i < 32; ++i) {  // fails once the server has hung up
    if (::send(descriptor, header.data(), header.size(), MSG_NOSIGNAL) < 0) break;
  }
  std::array<char, 256> answer{};
  const ssize_t size = ::recv(descriptor, answer.data(), answer.size() - 1, 0);
  ::close(descriptor);

  if (size > 0) {
    EXPECT_THAT(std::string(answer.data()), StartsWith("HTTP/1.1 4"));
  }
  EXPECT_THAT(answer_to(endpoint_.url(), request("GET", "/metrics")), HasSubstr("loss 0.5"));
}

TEST_F(MetricsEndpointTest, AnswersBesideClientsThatSayNothing) {
  std::array<int, 8> silent{};
  for (int& descriptor : silent) descriptor = connect_to(endpoint_.url());

  EXPECT_THAT(answer_to(endpoint_.url(), request("GET", "/metrics")), HasSubstr("loss 0.5"));
  for (const int descriptor : silent) ::close(descriptor);
}

TEST_F(MetricsEndpointTest, SaysThatThePortIsTaken) {
  try {
    listen_on("127.0.0.1", port_of(endpoint_.url()));
    FAIL() << "two listen on one port";
  } catch (const EnvironmentError& error) {
    EXPECT_THAT(error.what(), HasSubstr("Address already in use"));
    EXPECT_THAT(error.what(), HasSubstr("choose another one with --metrics-port, or 0"));
  }
}

TEST(MetricsEndpoint, LeavesNothingOpen) {
  const auto descriptors = [] {
    const std::filesystem::directory_iterator open("/proc/self/fd");
    return std::distance(begin(open), end(open));
  };
  const auto before = descriptors();
  for (int i = 0; i < 3; ++i) {
    const MetricsEndpoint endpoint("127.0.0.1", 0, [] { return std::string(); });
    EXPECT_GT(descriptors(), before);
  }
  EXPECT_EQ(descriptors(), before);
}

TEST(MetricsEndpoint, SaysWhatAFailingPageSaid) {
  const MetricsEndpoint endpoint("127.0.0.1", 0,
                                 []() -> std::string { throw EnvironmentError("no memory"); });
  const std::string answer = answer_to(endpoint.url(), request("GET", "/metrics"));

  EXPECT_THAT(answer, StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(answer, EndsWith("no memory\n"));
}

TEST(ListeningSocket, RefusesWhatIsNoAddressOfThisHost) {
  EXPECT_THROW(listen_on("localhost", 0), UsageError);
  EXPECT_THROW(listen_on("", 0), UsageError);
  EXPECT_THROW(listen_on("203.0.113.7", 0), EnvironmentError);  // for documents alone
}

}  // namespace
}  // namespace shardwright
