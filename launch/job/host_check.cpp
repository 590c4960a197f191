#include "launch/job/host_check.hpp"

#include "launch/job/job_shape.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <utility>

namespace shardwright {
namespace {

/// How a shell command ended, and the last line that it wrote which is not empty.
struct Answer {
  std::string last_line;
  int code = 127;
};

std::FILE* start(const std::string& line) { return ::popen((line + " 2>&1").c_str(), "r"); }

/// Blocks until the command ends.
Answer finish(std::FILE* command) {
  Answer answer;
  if (command == nullptr) return {"no process can be started"};
  for (std::array<char, 1024> line = {};
       std::fgets(line.data(), static_cast<int>(line.size()), command) != nullptr;) {
    const std::string text = line.data();
    const std::size_t end = text.find_last_not_of(" \t\r\n");
    if (end != std::string::npos) answer.last_line = text.substr(0, end + 1);
  }
  const int status = ::pclose(command);
  answer.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  return answer;
}

/// The program with which mpirun starts ranks on other hosts, with its options; of alternatives the
/// first that is installed here, as mpirun takes it. "" if none is.
std::string start_agent() {
  std::string alternatives =
      finish(start("ompi_info --parsable --level 9 --param plm rsh 2>/dev/null | "
                   "sed -n 's/^mca:plm:rsh:param:plm_rsh_agent:value://p' | tr -d '\"'"))
          .last_line;
  if (alternatives.empty()) alternatives = "ssh : rsh";
  std::istringstream list(alternatives);
  for (std::string agent; std::getline(list, agent, ':');) {
    std::string program;
    std::istringstream(agent) >> program;
    if (program.empty() || finish(start("command -v " + shell_line({program}))).code != 0) continue;
    // It may not ask for a password: nobody would see the question.
    return program == "ssh" ? agent + " -o BatchMode=yes" : agent;
  }
  return "";
}

bool starts_by_agent() {
  return std::getenv("SLURM_JOB_ID") == nullptr || std::getenv("OMPI_MCA_plm") != nullptr;
}

std::string reason_of(const Answer& answer, double seconds) {
  constexpr int kTimeIsUp = 124;
  if (answer.code == kTimeIsUp) return fmt::format("no answer within {} s", seconds);
  return answer.last_line.empty() ? fmt::format("exit code {}", answer.code) : answer.last_line;
}

}  // namespace

// Only an own address can be bound to.
bool is_this_machine(const std::string& host) {
  std::array<char, 256> own = {};
  ::gethostname(own.data(), own.size() - 1);
  if (host == own.data() || host == "localhost") return true;
  addrinfo hints = {};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return false;
  bool is_own = false;
  for (const addrinfo* at = found; at != nullptr && !is_own; at = at->ai_next) {
    const int descriptor = ::socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, 0);
    if (descriptor < 0) continue;
    is_own = ::bind(descriptor, at->ai_addr, at->ai_addrlen) == 0;
    ::close(descriptor);
  }
  ::freeaddrinfo(found);
  return is_own;
}

std::vector<HostFault> faulty_hosts(const std::vector<JobHost>& hosts, double seconds) {
  std::vector<HostFault> faults;
  if (!starts_by_agent()) return faults;
  std::vector<std::pair<std::string, std::FILE*>> asked;
  std::string agent;
  for (const auto& [host, slots] : hosts) {
    if (is_this_machine(host)) continue;
    if (agent.empty()) agent = start_agent();
    if (agent.empty()) {
      faults.push_back({host, "mpirun starts ranks there by ssh, which is not installed here"});
      continue;
    }
    asked.emplace_back(
        host, start(fmt::format("timeout {} {} {} true </dev/null", seconds, agent, host)));
  }
  for (const auto& [host, command] : asked) {
    const Answer answer = finish(command);
    if (answer.code != 0) faults.push_back({host, reason_of(answer, seconds)});
  }
  return faults;
}

std::string describe(const std::vector<HostFault>& faults) {
  std::vector<std::string> parts;
  parts.reserve(faults.size());
  for (const HostFault& fault : faults) {
    parts.push_back(fmt::format("{} ({})", fault.host, fault.reason));
  }
  return fmt::format("{} cannot take ranks.", fmt::join(parts, ", "));
}

}  // namespace shardwright
