#include "runtime/comm/mpi_communicator.hpp"

#include <gtest/gtest.h>

#include <cstdio>

namespace {

/// The ranks run the same cases in step. Once one has failed, the others may wait for messages that
/// will never come: the first failure ends the job.
class EndJobAtFirstFailure : public testing::EmptyTestEventListener {
 public:
  explicit EndJobAtFirstFailure(shardwright::Communicator& comm) : comm_(comm) {}

  void OnTestPartResult(const testing::TestPartResult& result) override {
    if (!result.failed()) return;
    std::fprintf(stderr, "rank %lld: %s:%d: %s\n", static_cast<long long>(comm_.rank().value()),
                 result.file_name() != nullptr ? result.file_name() : "?", result.line_number(),
                 result.message());
    comm_.abort(1);
  }

 private:
  shardwright::Communicator& comm_;
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const shardwright::MpiEnvironment mpi;
  const auto comm = shardwright::make_mpi_communicator();
  testing::TestEventListeners& listeners = testing::UnitTest::GetInstance()->listeners();
  if (comm->rank().value() != 0) delete listeners.Release(listeners.default_result_printer());
  listeners.Append(new EndJobAtFirstFailure(*comm));
  return RUN_ALL_TESTS();
}
