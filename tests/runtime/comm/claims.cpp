#include "tests/runtime/comm/claims.hpp"

#include "runtime/comm/collectives.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <new>
#include <stdexcept>
#include <thread>

namespace shardwright::claims {
namespace {

using testing::HasSubstr;

using Blocks = std::vector<std::vector<std::byte>>;

std::int64_t block_bytes(std::int64_t from, std::int64_t to, std::int64_t round) {
  return (from * 7 + to * 3 + round * 5) % 4 * 37;  // 0, 37, 74 or 111
}

std::byte content(std::int64_t from, std::int64_t to, std::int64_t position) {
  return static_cast<std::byte>(from * 31 + to * 17 + position);
}

Blocks blocks_from(std::int64_t self, std::int64_t ranks, std::int64_t round) {
  Blocks blocks;
  for (std::int64_t to = 0; to < ranks; ++to) {
    std::vector<std::byte>& block = blocks.emplace_back();
    for (std::int64_t i = 0; i < block_bytes(self, to, round); ++i) {
      block.push_back(content(self, to, i));
    }
  }
  return blocks;
}

Blocks exchange(Communicator& comm, std::int64_t round) {
  const std::int64_t self = comm.rank().value();
  const Blocks sent = blocks_from(self, comm.size(), round);
  Blocks received;
  for (std::int64_t from = 0; from < comm.size(); ++from) {
    received.emplace_back(static_cast<std::size_t>(block_bytes(from, self, round)));
  }
  comm.all_to_all(std::vector<Communicator::SendBlock>(sent.begin(), sent.end()),
                  std::vector<Communicator::ReceiveBlock>(received.begin(), received.end()));
  return received;
}

/// exchange() in two parts.
struct Begun {
  Blocks sent;
  Blocks received;
  std::unique_ptr<Communicator::Exchange> exchange;
};

Begun begin(Communicator& comm, std::int64_t round) {
  const std::int64_t self = comm.rank().value();
  Begun begun{blocks_from(self, comm.size(), round), {}, {}};
  for (std::int64_t from = 0; from < comm.size(); ++from) {
    begun.received.emplace_back(static_cast<std::size_t>(block_bytes(from, self, round)));
  }
  begun.exchange = comm.start_all_to_all(
      std::vector<Communicator::SendBlock>(begun.sent.begin(), begun.sent.end()),
      std::vector<Communicator::ReceiveBlock>(begun.received.begin(), begun.received.end()));
  return begun;
}

void expect_delivered(const Blocks& received, const Communicator& comm, std::int64_t round) {
  for (std::int64_t from = 0; from < comm.size(); ++from) {
    const Blocks sent = blocks_from(from, comm.size(), round);
    EXPECT_EQ(received[static_cast<std::size_t>(from)], sent[comm.rank().index()]);
  }
}

/// Adding these from the left differs from any other order: 1e8 swallows small terms.
template <class T>
T term(std::int64_t rank, std::size_t position) {
  const T small = static_cast<T>(0.3) + static_cast<T>(position);
  return rank % 3 == 1 ? static_cast<T>(1e8) : small * static_cast<T>(rank + 1);
}

template <class T>
std::vector<T> terms(std::int64_t rank, std::size_t count) {
  std::vector<T> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(term<T>(rank, i));
  return values;
}

template <class T>
std::vector<T> sums(std::int64_t ranks, std::size_t count) {
  std::vector<T> values = terms<T>(0, count);
  for (std::int64_t r = 1; r < ranks; ++r) {
    for (std::size_t i = 0; i < count; ++i) values[i] += term<T>(r, i);
  }
  return values;
}

/// The error that run_together() throws here.
CollectiveError error_of(Communicator& comm, const std::function<void()>& work) {
  try {
    run_together(comm, work);
  } catch (const CollectiveError& error) {
    return error;
  }
  ADD_FAILURE() << "run_together() threw nothing";
  return {ExitCode::ok, ""};
}

}  // namespace

void delivers_blocks_of_any_size(Communicator& comm) {
  for (std::int64_t round = 0; round < 4; ++round) {
    expect_delivered(exchange(comm, round), comm, round);
  }
}

void delivers_what_was_begun(Communicator& comm) {
  std::vector<Begun> begun;
  for (std::int64_t round = 0; round < 4; ++round) {
    begun.push_back(begin(comm, round));
    expect_delivered(exchange(comm, round + 1), comm, round + 1);
  }
  while (!begun[2].exchange->advance()) std::this_thread::yield();
  expect_delivered(begun[2].received, comm, 2);
  for (const std::size_t round : {3U, 0U, 1U}) {
    begun[round].exchange->wait();
    expect_delivered(begun[round].received, comm, static_cast<std::int64_t>(round));
    EXPECT_TRUE(begun[round].exchange->advance());
  }
}

void counts_what_goes_to_others(Communicator& comm) {
  const TrafficSent before = comm.traffic();
  exchange(comm, 1);
  TrafficSent expected = before;
  for (std::int64_t to = 0; to < comm.size(); ++to) {
    const std::int64_t bytes = block_bytes(comm.rank().value(), to, 1);
    if (to == comm.rank().value() || bytes == 0) continue;
    expected.bytes_sent += bytes;
    ++expected.messages_sent;
  }
  EXPECT_EQ(comm.traffic().bytes_sent, expected.bytes_sent);
  EXPECT_EQ(comm.traffic().messages_sent, expected.messages_sent);
  begin(comm, 1).exchange->wait();
  EXPECT_EQ(comm.traffic().bytes_sent - before.bytes_sent,
            2 * (expected.bytes_sent - before.bytes_sent));
  EXPECT_EQ(comm.traffic().messages_sent - before.messages_sent,
            2 * (expected.messages_sent - before.messages_sent));
}

void gathers_texts_in_rank_order(Communicator& comm) {
  const auto text = [](std::int64_t rank) {
    return std::string(static_cast<std::size_t>(rank * 3), 'x') + std::to_string(rank);
  };
  std::vector<std::string> expected;
  for (std::int64_t r = 0; r < comm.size(); ++r) expected.push_back(text(r));
  EXPECT_EQ(all_gather(comm, text(comm.rank().value())), expected);
}

void adds_in_rank_order(Communicator& comm) {
  for (const std::size_t count : {0U, 1U, 2U, 7U, 1000U}) {
    std::vector<float> floats = terms<float>(comm.rank().value(), count);
    ordered_all_reduce(comm, std::span<float>(floats));
    EXPECT_EQ(floats, sums<float>(comm.size(), count));
    std::vector<double> doubles = terms<double>(comm.rank().value(), count);
    ordered_all_reduce(comm, std::span<double>(doubles));
    EXPECT_EQ(doubles, sums<double>(comm.size(), count));
  }
}

void adds_pieces_in_rank_order(Communicator& comm) {
  const std::size_t count = (std::size_t{1} << 20) + 5;
  std::vector<float> values = terms<float>(comm.rank().value(), count);
  ordered_all_reduce(comm, std::span<float>(values));
  EXPECT_TRUE(values == sums<float>(comm.size(), count));
}

void reduces_with_the_promised_bytes(Communicator& comm) {
  const std::int64_t ranks = comm.size();
  const std::int64_t count = 840;  // a multiple of every number of ranks tested
  std::vector<float> values(static_cast<std::size_t>(count), 1.0F);
  const std::int64_t before = comm.traffic().bytes_sent;
  ordered_all_reduce(comm, std::span<float>(values));
  EXPECT_EQ(comm.traffic().bytes_sent - before, 2 * (ranks - 1) * 4 * count / ranks);
}

void success_stays_silent(Communicator& comm) {
  bool ran = false;
  EXPECT_NO_THROW(run_together(comm, [&] { ran = true; }));
  EXPECT_TRUE(ran);
}

void failure_reaches_every_rank(Communicator& comm) {
  if (comm.size() == 1) return;
  const std::int64_t self = comm.rank().value();
  const CollectiveError error = error_of(comm, [&] {
    if (self >= 1) throw InputError(fmt::format("bad line on {}", self));
  });
  EXPECT_EQ(error.code(), ExitCode::bad_input);
  EXPECT_THAT(error.what(), HasSubstr(fmt::format("{} of {} ranks failed; first rank 1 on ",
                                                  comm.size() - 1, comm.size())));
  EXPECT_THAT(error.what(), testing::EndsWith(": bad line on 1"));
}

void common_failure_is_told_once(Communicator& comm) {
  const CollectiveError error = error_of(comm, [] { throw EnvironmentError("No such file."); });
  EXPECT_EQ(error.code(), ExitCode::environment);
  EXPECT_STREQ(error.what(), "No such file.");
}

void foreign_exceptions_get_a_code(Communicator& comm) {
  const CollectiveError defect = error_of(comm, [] { throw std::out_of_range("index 3"); });
  EXPECT_EQ(defect.code(), ExitCode::internal);
  EXPECT_THAT(defect.what(), HasSubstr("index 3"));
  const CollectiveError memory = error_of(comm, [] { throw std::bad_alloc(); });
  EXPECT_EQ(memory.code(), ExitCode::environment);
  const CollectiveError unknown = error_of(comm, [] { throw 3; });
  EXPECT_EQ(unknown.code(), ExitCode::internal);
}

}  // namespace shardwright::claims
