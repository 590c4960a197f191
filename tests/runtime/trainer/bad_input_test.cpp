#include "tests/runtime/trainer/bad_inputs.hpp"
#include "tests/runtime/trainer/training_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardwright {
namespace {

class BadInputTest : public testing::TestWithParam<BadInput> {};

// run_failing() sees to it that all four say the same.
TEST_P(BadInputTest, EndsFourRanksWithOneMessage) {
  const TestFolder folder;
  write_test_data(folder / "data");
  TrainConfig config = test_config(folder / "data", folder / "out");
  config.plan = GetParam().spoil(config.data);

  const RunFailure failure = run_failing(4, config);

  EXPECT_EQ(failure.code, ExitCode::bad_input);
  EXPECT_THAT(failure.message, testing::HasSubstr(GetParam().message));
  EXPECT_THAT(failure.message, testing::Not(testing::HasSubstr("ranks failed")));
}

INSTANTIATE_TEST_SUITE_P(Trained, BadInputTest, testing::ValuesIn(bad_inputs()),
                         [](const auto& input) { return input.param.name; });

}  // namespace
}  // namespace shardwright
