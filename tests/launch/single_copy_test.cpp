// Whether ranks may read each other's memory is found out by trying, also where that is forbidden.

#include "launch/job/single_copy.hpp"

#include "tests/launch/forbid_reading.hpp"

#include <gtest/gtest.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

namespace shardwright {
namespace {

constexpr const char* kVariable = "OMPI_MCA_btl_vader_single_copy_mechanism";

/// Whether the system call may be made here at all, on a process's own memory.
bool may_read_itself() {
  int value = 1;
  int found = 0;
  const iovec here = {&found, sizeof found};
  const iovec there = {&value, sizeof value};
  return ::process_vm_readv(::getpid(), &here, 1, &there, 1, 0) == sizeof found && found == 1;
}

/// 0 or 1: processes may let others read; 2 or 3: they may not. 0 without Yama.
int yama_scope() {
  int scope = 0;
  std::ifstream("/proc/sys/kernel/yama/ptrace_scope") >> scope;
  return scope;
}

/// The exit status of a process that runs `body`, which returns it.
template <typename Body>
int in_another_process(const Body& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

TEST(SingleCopy, IsFoundWhereReadingIsAllowed) {
  if (yama_scope() > 1) GTEST_SKIP() << "depends on this process's capabilities";
  EXPECT_EQ(can_read_other_process(), may_read_itself());
}

TEST(SingleCopy, IsNotFoundWhereItIsForbidden) {
  constexpr int kNoFilter = 77;
  const int found = in_another_process(
      [] { return forbid_reading() ? static_cast<int>(can_read_other_process()) : kNoFilter; });
  if (found == kNoFilter) GTEST_SKIP() << "no system call can be forbidden here";
  EXPECT_EQ(found, 0);
}

TEST(SingleCopy, IsTurnedOffWhereItIsForbiddenAlone) {
  ::unsetenv(kVariable);
  choose_single_copy(true);
  EXPECT_EQ(std::getenv(kVariable), nullptr);
  choose_single_copy(false);
  ASSERT_NE(std::getenv(kVariable), nullptr);
  EXPECT_STREQ(std::getenv(kVariable), "none");
}

TEST(SingleCopy, StaysAsTheUserHasSetIt) {
  ::setenv(kVariable, "cma", 1);
  choose_single_copy(false);
  EXPECT_STREQ(std::getenv(kVariable), "cma");
}

}  // namespace
}  // namespace shardwright
