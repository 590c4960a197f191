#pragma once

#include <stdexcept>
#include <string>

namespace shardwright {

/// What the process returns to its caller; part of the command line's contract.
enum class ExitCode : int {
  ok = 0,
  internal = 1,     ///< a defect of this program
  usage = 2,        ///< wrong arguments
  bad_input = 3,    ///< a file or value that cannot be used
  infeasible = 4,   ///< no feasible plan
  environment = 5,  ///< MPI, memory, disk, network
  timeout = 6,      ///< a deadline passed
  check_failed = 7,
  interrupted = 130,
};

/// A failure that the user can act on: `what()` is a full sentence with the place, the value, what
/// was expected and what to do.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

class UsageError : public Error {
 public:
  explicit UsageError(const std::string& message) : Error(ExitCode::usage, message) {}
};
class InputError : public Error {
 public:
  explicit InputError(const std::string& message) : Error(ExitCode::bad_input, message) {}
};
class EnvironmentError : public Error {
 public:
  explicit EnvironmentError(const std::string& message) : Error(ExitCode::environment, message) {}
};

}  // namespace shardwright
