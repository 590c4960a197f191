#include "runtime/embedding/workers.hpp"

#include "runtime/data/batch.hpp"
#include "runtime/embedding/row_shares.hpp"
#include "runtime/embedding/work_split.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <numeric>
#include <set>
#include <span>
#include <stdexcept>
#include <thread>
#include <vector>

namespace shardwright {
namespace {

TEST(Workers, DoEveryTaskOnceInEveryRun) {
  for (const std::int64_t threads : {1, 2, 5}) {
    Workers workers(threads);
    for (const std::size_t tasks : {0U, 1U, 2U, 1000U}) {
      std::vector<std::atomic<int>> done(tasks);
      workers.run(tasks, [&](std::size_t i, std::size_t thread) {
        EXPECT_LT(thread, workers.threads());
        ++done[i];
      });
      for (const std::atomic<int>& times : done) ASSERT_EQ(times, 1) << threads;
    }
  }
}

TEST(Workers, ThrowWhatATaskThrewAndGoOnAfterwards) {
  Workers workers(3);
  std::atomic<int> done = 0;
  const auto fails = [&](std::size_t i, std::size_t) {
    if (i == 5) throw std::runtime_error("task 5");
    ++done;
  };
  EXPECT_THROW(workers.run(100, fails), std::runtime_error);
  EXPECT_LT(done, 100);
  done = 0;
  workers.run(4, fails);
  EXPECT_EQ(done, 4);
}

/// Where MPI's calls are made: on no other thread than the one that asks for the work.
TEST(Workers, TheCallingThreadDoesSomethingBetweenItsTasks) {
  for (const std::int64_t threads : {1, 3}) {
    Workers workers(threads);
    std::atomic<int> own_tasks = 0;
    int between = 0;
    const std::thread::id caller = std::this_thread::get_id();
    workers.set_between_tasks([&] {
      EXPECT_EQ(std::this_thread::get_id(), caller);
      EXPECT_EQ(own_tasks, ++between);
    });
    workers.run(100, [&](std::size_t, std::size_t) {
      own_tasks += std::this_thread::get_id() == caller ? 1 : 0;
    });
    EXPECT_EQ(own_tasks, between);
    EXPECT_TRUE(threads > 1 || between == 100) << between;
  }
}

/// The calling thread does none of them, and moves messages on while even a single one is done.
TEST(Workers, ACallerThatStandsByHasTheOthersDoEveryTask) {
  for (const std::int64_t threads : {1, 2, 5}) {
    Workers workers(threads, Workers::Caller::stands_by);
    EXPECT_EQ(workers.threads(), static_cast<std::size_t>(threads));
    const std::thread::id caller = std::this_thread::get_id();
    std::atomic<int> between = 0;
    workers.set_between_tasks([&] {
      EXPECT_EQ(std::this_thread::get_id(), caller);
      ++between;
    });
    for (const std::size_t tasks : {0U, 1U, 2U, 1000U}) {
      std::vector<std::atomic<int>> done(tasks);
      workers.run(tasks, [&](std::size_t i, std::size_t thread) {
        EXPECT_NE(std::this_thread::get_id(), caller);
        EXPECT_LT(thread, workers.threads());
        const int before = between;
        while (i == 0 && between < before + 3) std::this_thread::yield();
        ++done[i];
      });
      for (const std::atomic<int>& times : done) ASSERT_EQ(times, 1) << threads;
    }
  }
}

TEST(Workers, ThrowWhatTheCallerThrewStandingBy) {
  Workers workers(2, Workers::Caller::stands_by);
  std::atomic<bool> thrown = false;
  workers.set_between_tasks([&] {
    thrown = true;
    throw std::runtime_error("a lost rank");
  });
  std::atomic<int> done = 0;
  const auto task = [&](std::size_t, std::size_t) {
    while (!thrown) std::this_thread::yield();
    ++done;
  };
  EXPECT_THROW(workers.run(4, task), std::runtime_error);
  workers.set_between_tasks({});
  done = 0;
  workers.run(4, task);
  EXPECT_EQ(done, 4);
}

TEST(Workers, RunOnEachUsesEveryThreadOnce) {
  for (const auto caller : {Workers::Caller::works, Workers::Caller::stands_by}) {
    for (const std::int64_t threads : {1, 3}) {
      Workers workers(threads, caller);
      std::vector<std::thread::id> ids(workers.threads());
      workers.run_on_each([&](std::size_t thread) {
        EXPECT_EQ(ids.at(thread), std::thread::id()) << "a second time";
        ids[thread] = std::this_thread::get_id();
      });
      EXPECT_EQ(std::set(ids.begin(), ids.end()).size(), workers.threads());
      EXPECT_EQ(std::count(ids.begin(), ids.end(), std::thread::id()), 0);
      EXPECT_THROW(workers.run_on_each([](std::size_t) { throw std::runtime_error("no"); }),
                   std::runtime_error);
    }
  }
}

TEST(RowShares, AreEvenAndEachAThreadsOwn) {
  for (const std::int64_t rows : {0, 2, 17, 1000}) {
    Workers workers(5);
    std::vector<std::thread::id> of_row(static_cast<std::size_t>(rows));
    std::atomic<std::int64_t> shares = 0;
    share_rows(workers, rows, [&](std::int64_t begin, std::int64_t end) {
      EXPECT_LE(end - begin, (rows + 4) / 5);
      for (std::int64_t row = begin; row < end; ++row) {
        EXPECT_EQ(of_row[static_cast<std::size_t>(row)], std::thread::id());
        of_row[static_cast<std::size_t>(row)] = std::this_thread::get_id();
      }
      ++shares;
    });
    EXPECT_EQ(shares, 5);
    EXPECT_EQ(std::count(of_row.begin(), of_row.end(), std::thread::id()), 0);
    EXPECT_EQ(std::set(of_row.begin(), of_row.end()).size(),
              static_cast<std::size_t>(std::min<std::int64_t>(rows, 5)));
  }
}

/// Otherwise three of the threads would take what there is of the cores.
TEST(Workers, SleepBetweenRuns) {
  const auto pause = std::chrono::milliseconds(200);
  Workers workers(4);
  workers.run(100, [](std::size_t, std::size_t) {});
  const std::clock_t start = std::clock();
  std::this_thread::sleep_for(pause);
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  EXPECT_LT(seconds, std::chrono::duration<double>(pause).count() / 2);
}

/// Every page of the shares, though none begins with one.
TEST(TouchPages, WritesToEveryPage) {
  constexpr std::size_t kPage = 4096;
  const std::size_t bytes_per_row = 1000;
  std::vector<std::byte> memory(100 * bytes_per_row, std::byte{7});
  Workers workers(3);
  touch_pages(workers, memory.data(), 100, bytes_per_row);
  for (std::size_t begin = 0; begin + kPage <= memory.size(); begin += kPage) {
    const auto page = std::span(memory).subspan(begin, kPage);
    EXPECT_EQ(std::count(page.begin(), page.end(), std::byte{0}) > 0, true) << begin;
  }
}

TEST(WorkOnRows, CountsAtLeastACacheLineOfEach) {
  EXPECT_EQ(work_on(10, 40), 400U);
  EXPECT_EQ(work_on(10, 3), 160U);
}

TEST(ShareOfWork, IsEnoughForSeveralTasksAThreadAndNoMore) {
  const std::size_t work = std::size_t{1} << 24;
  EXPECT_EQ(share_of(work, 4).ids(64), work / 32 / 64) << "tasks of rows of one width";
  EXPECT_EQ(share_of(work, 4).ids(128), work / 32 / 128);
  EXPECT_EQ(share_of(1 << 19, 16).ids(64), 1024U) << "256 KiB at least";
  EXPECT_EQ(share_of(1 << 19, 16).ids(1 << 20), 1U);
  EXPECT_GT(share_of(work, 1).ids(64), work) << "all for one thread";
  EXPECT_GT(share_of((1 << 19) - 1, 4).ids(64), work) << "nor is it worth to wake others";
}

TEST(SplitBags, CutsBetweenBagsOnceThereAreEnoughIds) {
  const Bags bags{
      .lengths = {2, 0, 3, 1, 0}, .ids = {1, 2, 3, 4, 5, 6}, .weights = {1, 2, 3, 4, 5, 6}};
  const auto parts = split_bags({bags.lengths, bags.ids, bags.weights}, 3);
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].first_bag, 0U);
  EXPECT_EQ(parts[0].bags.lengths.size(), 3U);
  EXPECT_EQ(parts[0].bags.ids.size(), 5U);
  EXPECT_EQ(parts[1].first_bag, 3U);
  EXPECT_EQ(parts[1].bags.lengths.size(), 2U);
  EXPECT_EQ(parts[1].bags.ids.front(), 6);
  EXPECT_EQ(parts[1].bags.weights.front(), 6.0F);
  EXPECT_TRUE(split_bags({}, 3).empty());
}

/// Groups of the given sizes: rows 0, 1, ….
RowGroups groups_of(const std::vector<std::int32_t>& sizes) {
  std::vector<std::int64_t> ids;
  for (std::size_t row = 0; row < sizes.size(); ++row) {
    ids.insert(ids.end(), static_cast<std::size_t>(sizes[row]), static_cast<std::int64_t>(row));
  }
  const std::vector<std::int32_t> lengths = {static_cast<std::int32_t>(ids.size())};
  const std::vector<InputSource> sources = {
      {.row_begin = 0, .samples = 1, .features = {BagsView{lengths, ids, {}}}}};
  RowGroups groups;
  groups.build(sources, 0, 1, PoolingMode::sum, std::ssize(sizes));
  return groups;
}

TEST(SplitGroups, LeavesAGroupThatIsTooLargeByItself) {
  std::vector<std::pair<std::size_t, std::size_t>> ranges;
  for (const auto [begin, end] : split_groups(groups_of({1, 1, 1, 1, 9, 1, 3, 1, 1}), 3)) {
    ranges.emplace_back(begin, end);
  }
  EXPECT_EQ(ranges, (std::vector<std::pair<std::size_t, std::size_t>>{
                        {0, 3}, {3, 4}, {4, 5}, {5, 7}, {7, 9}}));
  EXPECT_TRUE(split_groups(groups_of({}), 3).empty());
}

TEST(SplitGroups, SaysWhichOfThemIsHot) {
  const RowGroups groups = groups_of({1, 9, 3, 1});
  EXPECT_TRUE(is_hot(groups, {1, 2}, 3));
  EXPECT_FALSE(is_hot(groups, {2, 3}, 3)) << "no more than a thread's share";
  EXPECT_FALSE(is_hot(groups, {1, 3}, 3)) << "two groups";
}

TEST(SplitColumns, HasACacheLineOfFloatsInEachPart) {
  std::vector<std::pair<std::size_t, std::size_t>> ranges;
  for (const auto [begin, count] : split_columns(40)) ranges.emplace_back(begin, count);
  EXPECT_EQ(ranges, (std::vector<std::pair<std::size_t, std::size_t>>{{0, 16}, {16, 16}, {32, 8}}));
}

}  // namespace
}  // namespace shardwright
