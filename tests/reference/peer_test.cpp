// Trains the same small model twice, sharded over MPI by `shardwright train` and unsharded by
// dlrm_reference, and compares losses, weights and AUC.

#include "small_data.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

namespace reference {
namespace {

namespace fs = std::filesystem;

constexpr int kSteps = 50;
constexpr double kLossTolerance = 1e-5;    // relative, per step
constexpr double kWeightTolerance = 1e-5;  // ‖Δw‖ / ‖w‖, per tensor
constexpr double kAucTolerance = 1e-3;

std::string read_text(const fs::path& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Runs a shell command; its output is in FOLDER/log.
void run(const std::string& command, const fs::path& folder) {
  const fs::path log = folder / "log";
  const int status = std::system(fmt::format("{} >{} 2>&1", command, log.string()).c_str());
  ASSERT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0) << command << '\n' << read_text(log);
}

/// The number after `name` in a comparison.
double figure(const std::string& comparison, const std::string& name) {
  std::smatch match;
  EXPECT_TRUE(std::regex_search(comparison, match, std::regex(name + "[ =]([-+.0-9a-z]+)")))
      << name << " is missing in:\n"
      << comparison;
  return match.empty() ? std::nan("") : std::stod(match[1]);
}

struct Case {
  std::string optimizer;
  std::string mode;
  bool weighted = false;
  int ranks = 1;
  std::string types;
  std::string name() const {
    return fmt::format("{}_{}_{}_{}_ranks_{}", optimizer, weighted ? "weighted" : "plain", mode,
                       ranks, types.substr(0, types.find(',')));
  }
};

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const char* optimizer : {"sgd", "adagrad", "rowwise_adagrad"}) {
    for (const auto& [mode, weighted] : std::vector<std::pair<const char*, bool>>{
             {"sum", false}, {"mean", false}, {"sum", true}, {"mean", true}}) {
      for (const int ranks : {1, 2, 3, 4, 8}) {
        for (const char* types : {"table_wise", "column_wise"}) {
          cases.push_back({optimizer, mode, weighted, ranks, types});
        }
      }
    }
  }
  return cases;
}
