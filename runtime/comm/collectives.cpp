#include "runtime/comm/collectives.hpp"

#include "runtime/comm/reduce_scatter.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <new>
#include <numeric>
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

/// Which part of an array of `count` values a rank adds up.
struct Slice {
  std::size_t begin = 0;
  std::size_t size = 0;
};

std::vector<Slice> slices(std::size_t count, std::size_t ranks) {
  std::vector<Slice> result;
  for (std::size_t r = 0, begin = 0; r < ranks; ++r) {
    const std::size_t size = count / ranks + (r < count % ranks ? 1 : 0);
    result.push_back({begin, size});
    begin += size;
  }
  return result;
}

/// Every rank's values of this rank's slice, one rank after the other.
template <class T>
std::vector<T> gather_slice(Communicator& comm, std::span<const T> values,
                            const std::vector<Slice>& parts) {
  const std::size_t own = parts[comm.rank().index()].size;
  std::vector<T> gathered(own * parts.size());
  std::vector<Communicator::SendBlock> send;
  std::vector<Communicator::ReceiveBlock> receive;
  for (std::size_t r = 0; r < parts.size(); ++r) {
    send.push_back(std::as_bytes(values.subspan(parts[r].begin, parts[r].size)));
    receive.push_back(std::as_writable_bytes(std::span(gathered).subspan(r * own, own)));
  }
  comm.all_to_all(send, receive);
  return gathered;
}

/// sums[i] = gathered[0][i] + gathered[1][i] + …, added from the left.
template <class T>
void add_in_rank_order(std::span<const T> gathered, std::span<T> sums) {
  std::copy_n(gathered.begin(), sums.size(), sums.begin());
  for (std::size_t begin = sums.size(); begin < gathered.size(); begin += sums.size()) {
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += gathered[begin + i];
  }
}

/// The sums of this rank's slice.
template <class T>
std::vector<T> reduce_scatter(Communicator& comm, std::span<const T> values,
                              const std::vector<Slice>& parts) {
  const std::vector<T> gathered = gather_slice<T>(comm, values, parts);
  std::vector<T> sums(parts[comm.rank().index()].size);
  add_in_rank_order<T>(gathered, sums);
  return sums;
}

template <class T>
void reduce(Communicator& comm, std::span<T> values) {
  const std::vector<Slice> parts = slices(values.size(), num_ranks(comm));
  const std::vector<T> sums = reduce_scatter<T>(comm, values, parts);
  std::vector<Communicator::ReceiveBlock> receive;
  receive.reserve(parts.size());
  for (const Slice& part : parts) {
    receive.push_back(std::as_writable_bytes(values.subspan(part.begin, part.size)));
  }
  send_to_all(comm, std::as_bytes(std::span(sums)), receive);
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

void ordered_all_reduce(Communicator& comm, std::span<float> values) { reduce(comm, values); }
void ordered_all_reduce(Communicator& comm, std::span<double> values) { reduce(comm, values); }

std::vector<float> ordered_reduce_scatter(Communicator& comm, std::span<const float> values) {
  return reduce_scatter<float>(comm, values, slices(values.size(), num_ranks(comm)));
}

void run_together(Communicator& comm, const std::function<void()>& work) {
  const std::vector<std::string> reports = all_gather(comm, report_of(outcome_of(work)));
  const auto succeeded = [](const std::string& report) { return report.empty(); };
  if (!std::all_of(reports.begin(), reports.end(), succeeded)) throw common_error(reports);
}

}  // namespace shardwright
