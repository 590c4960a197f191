#include "runtime/comm/collectives.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <new>
#include <optional>

namespace shardwright {
namespace {

std::size_t num_ranks(const Communicator& comm) { return static_cast<std::size_t>(comm.size()); }

/// Sends every rank the same bytes.
void send_to_all(Communicator& comm, std::span<const std::byte> mine,
                 std::span<const Communicator::ReceiveBlock> receive) {
  const std::vector<Communicator::SendBlock> send(num_ranks(comm), mine);
  comm.all_to_all(send, receive);
}

std::vector<std::size_t> all_gather_sizes(Communicator& comm, std::size_t mine) {
  std::vector<std::size_t> sizes(num_ranks(comm));
  std::vector<Communicator::ReceiveBlock> receive;
  receive.reserve(sizes.size());
  for (std::size_t& size : sizes) receive.push_back(std::as_writable_bytes(std::span(&size, 1)));
  send_to_all(comm, std::as_bytes(std::span(&mine, 1)), receive);
  return sizes;
}

struct Failure {
  ExitCode code = ExitCode::internal;
  std::string message;
};

/// What went wrong, or nothing.
std::optional<Failure> outcome_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return Failure{error.code(), error.what()};
  } catch (const std::bad_alloc&) {
    return Failure{ExitCode::environment, "Out of memory."};
  } catch (const std::exception& error) {
    return Failure{ExitCode::internal, fmt::format("Internal error: {}", error.what())};
  } catch (...) {
    return Failure{ExitCode::internal, "Internal error of an unknown kind."};
  }
  return std::nullopt;
}

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "unknown host";
}

// A report is empty after success, else "code\nhost\nmessage".
std::string report_of(const std::optional<Failure>& failure) {
  if (!failure) return {};
  return fmt::format("{}\n{}\n{}", static_cast<int>(failure->code), host_name(), failure->message);
}

struct Report {
  ExitCode code = ExitCode::internal;
  std::string host;
  std::string message;
};

Report parse_report(const std::string& report) {
  const std::size_t host = report.find('\n') + 1;
  const std::size_t message = report.find('\n', host) + 1;
  return {static_cast<ExitCode>(std::stoi(report)), report.substr(host, message - host - 1),
          report.substr(message)};
}

CollectiveError common_error(const std::vector<std::string>& reports) {
  const auto failed = [](const std::string& report) { return !report.empty(); };
  const auto first = std::find_if(reports.begin(), reports.end(), failed);
  const Report report = parse_report(*first);
  const auto says_the_same = [&](const std::string& other) {
    return failed(other) && parse_report(other).message == report.message;
  };
  if (std::all_of(reports.begin(), reports.end(), says_the_same)) {
    return {report.code, report.message};
  }
  return {report.code,
          fmt::format("{} of {} ranks failed; first rank {} on {}: {}",
                      std::count_if(reports.begin(), reports.end(), failed), reports.size(),
                      first - reports.begin(), report.host, report.message)};
}

}  // namespace

std::vector<std::string> all_gather(Communicator& comm, const std::string& mine) {
  std::vector<std::string> texts;
  for (const std::size_t size : all_gather_sizes(comm, mine.size())) texts.emplace_back(size, '\0');
  std::vector<Communicator::ReceiveBlock> receive;
  receive.reserve(texts.size());
  for (std::string& text : texts) receive.push_back(std::as_writable_bytes(std::span(text)));
  send_to_all(comm, std::as_bytes(std::span(mine)), receive);
  return texts;
}

void run_together(Communicator& comm, const std::function<void()>& work) {
  const std::vector<std::string> reports = all_gather(comm, report_of(outcome_of(work)));
  const auto succeeded = [](const std::string& report) { return report.empty(); };
  if (!std::all_of(reports.begin(), reports.end(), succeeded)) throw common_error(reports);
}

}  // namespace shardwright
