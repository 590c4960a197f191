#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace shardwright {

/// What a finished program leaves.
struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
};

/// Runs the binary as a user does, in a folder of the test's own.
class PlanningCommand : public ::testing::Test {
 protected:
  PlanningCommand() { std::filesystem::create_directories(folder_); }
  ~PlanningCommand() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  void write(const std::string& name, const std::string& content) const {
    std::ofstream(path(name), std::ios::binary) << content;
  }

  static std::string read(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }

  /// `shardwright ARGUMENTS`, run by a shell inside the folder.
  Outcome run(const std::string& arguments) const {
    const std::string command = "cd '" + folder_.string() + "' && '" SHARDWRIGHT_BINARY "' " +
                                arguments + " >out.txt 2>err.txt";
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read(path("out.txt")),
            read(path("err.txt"))};
  }

 private:
  static std::filesystem::path own_folder() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    return std::filesystem::path(::testing::TempDir()) /
           (std::string("shardwright_") + test->test_suite_name() + "_" + test->name());
  }

  std::filesystem::path folder_ = own_folder();
};

}  // namespace shardwright
