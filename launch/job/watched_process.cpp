#include "launch/job/watched_process.hpp"

#include "costmodel/errors.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>

namespace shardwright {
namespace {

// All that a signal handler reaches.
std::atomic<pid_t> watched{0};
std::atomic<bool> stop_seen{false};

extern "C" void pass_on(int signal) {
  const int saved = errno;
  const bool gently = signal != SIGUSR1 && !stop_seen.exchange(true);
  if (const pid_t pid = watched) ::kill(pid, gently ? SIGUSR2 : signal);
  errno = saved;
}

void pass_signals_on() {
  struct sigaction action = {};
  action.sa_handler = pass_on;
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) sigaction(signal, &action, nullptr);
}

[[noreturn]] void fail(const std::string& what) {
  throw EnvironmentError(fmt::format("{}: {}.", what, std::strerror(errno)));
}

std::vector<char*> arguments_of(const std::vector<std::string>& words) {
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  return arguments;
}

/// Its standard error goes to `error_end`. Of its own process group, so that the terminal's Ctrl-C
/// reaches it once, from here; it ends with this process.
pid_t start(const std::vector<std::string>& words, int error_end) {
  const std::vector<char*> arguments = arguments_of(words);
  const pid_t pid = ::fork();
  if (pid < 0) fail("No process can be started");
  if (pid > 0) return pid;
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  ::dup2(error_end, STDERR_FILENO);
  // A background group may not read the terminal.
  if (const int null = ::open("/dev/null", O_RDONLY); null >= 0) ::dup2(null, STDIN_FILENO);
  ::execvp(arguments.front(), arguments.data());
  const std::string text =
      fmt::format("{} cannot be started: {}.\n", words.front(), std::strerror(errno));
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
  ::_exit(static_cast<int>(ExitCode::environment));
}

/// Passes whole lines on, and keeps the rest.
void pass_lines(std::string& text, const std::function<void(const std::string&)>& hear) {
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
    const std::string line = text.substr(0, end);
    text.erase(0, end + 1);
    std::fputs((line + "\n").c_str(), stderr);
    hear(line);
  }
  std::fflush(stderr);
}

int code_of(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) fail("The end of a process cannot be waited for");
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Until the program closes its standard error.
void listen(int descriptor, pid_t pid, std::optional<double> most_seconds,
            const std::function<void(const std::string&)>& hear, ProcessEnd& end) {
  using Clock = std::chrono::steady_clock;
  constexpr int kTickMs = 200;
  const auto began = Clock::now();
  std::string text;
  while (true) {
    pollfd waiting = {descriptor, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, kTickMs);
    if (ready < 0 && errno != EINTR) fail("A program's output cannot be read");
    const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
    if (most_seconds && seconds > *most_seconds && !end.out_of_time && !stop_seen) {
      end.out_of_time = true;
      ::kill(pid, SIGUSR2);
    }
    if (ready <= 0) continue;
    char piece[4096];
    const ssize_t bytes = ::read(descriptor, piece, sizeof piece);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes <= 0) break;
    text.append(piece, static_cast<std::size_t>(bytes));
    pass_lines(text, hear);
  }
  if (!text.empty()) pass_lines(text += '\n', hear);
}

}  // namespace

ProcessEnd run_watched(const std::vector<std::string>& words, std::optional<double> most_seconds,
                       const std::function<void(const std::string&)>& hear) {
  int ends[2] = {};
  if (::pipe(ends) != 0) fail("No pipe can be made");
  pass_signals_on();
  ProcessEnd end;
  const pid_t pid = start(words, ends[1]);
  watched = pid;
  ::close(ends[1]);
  listen(ends[0], pid, most_seconds, hear, end);
  ::close(ends[0]);
  end.code = code_of(pid);
  watched = 0;
  end.asked_to_stop = stop_seen;
  return end;
}

void become(const std::vector<std::string>& words) {
  const std::vector<char*> arguments = arguments_of(words);
  ::execvp(arguments.front(), arguments.data());
  fail(words.front() + " cannot be started");
}

}  // namespace shardwright
