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
#include <fstream>

namespace shardwright {
namespace {

using Clock = std::chrono::steady_clock;

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

double seconds_since(Clock::time_point moment) {
  return std::chrono::duration<double>(Clock::now() - moment).count();
}

/// A program, from its start to its end.
class Watch {
 public:
  Watch(const std::vector<std::string>& words, const WatchRules& rules) : rules_(rules) {
    int ends[2] = {};
    if (::pipe2(ends, O_CLOEXEC) != 0) fail("No pipe can be made");
    error_ = ends[0];
    pid_ = start(words, ends[1]);
    ::close(ends[1]);
    watched = pid_;
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() { ::close(error_); }

  ProcessEnd run() {
    while (!is_overdue() && listen()) ask_to_end_in_time();
    if (is_overdue()) kill_all();
    if (!text_.empty()) pass_lines(text_ += '\n');
    end_.code = wait_for_code();
    watched = 0;
    end_.asked_to_stop = stop_seen;
    return end_;
  }

 private:
  /// Takes what there is within a moment; false once the program has closed its standard error.
  bool listen() {
    constexpr int kTickMs = 200;
    pollfd waiting = {error_, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, kTickMs);
    if (ready < 0 && errno != EINTR) fail("A program's output cannot be read");
    if (ready <= 0) return true;
    char piece[4096];
    const ssize_t bytes = ::read(error_, piece, sizeof piece);
    if (bytes < 0 && errno == EINTR) return true;
    if (bytes <= 0) return false;
    text_.append(piece, static_cast<std::size_t>(bytes));
    pass_lines(text_);
    return true;
  }

  /// Passes whole lines on, and keeps the rest.
  void pass_lines(std::string& text) {
    for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
      const std::string line = text.substr(0, end);
      text.erase(0, end + 1);
      std::fputs((line + "\n").c_str(), stderr);
      if (rules_.hear(line) && !must_end_since_) must_end_since_ = Clock::now();
    }
    std::fflush(stderr);
  }

  void ask_to_end_in_time() {
    if (!rules_.most_seconds || end_.out_of_time || stop_seen || must_end_since_) return;
    if (seconds_since(began_) <= *rules_.most_seconds) return;
    began_ = Clock::now();
    if (!rules_.is_due()) return;
    end_.out_of_time = true;
    ::kill(pid_, SIGUSR2);
  }

  bool is_overdue() const {
    return must_end_since_ && seconds_since(*must_end_since_) > rules_.seconds_to_end;
  }

  /// Its children are its own business as long as it lives, so they are looked up before.
  void kill_all() {
    std::vector<pid_t> children;
    std::ifstream list(fmt::format("/proc/{0}/task/{0}/children", pid_));
    for (pid_t child = 0; list >> child;) children.push_back(child);
    ::kill(pid_, SIGKILL);
    for (const pid_t child : children) ::kill(child, SIGKILL);
    end_.killed = true;
  }

  int wait_for_code() const {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0) {
      if (errno != EINTR) fail("The end of a process cannot be waited for");
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  const WatchRules& rules_;
  int error_ = -1;  ///< reads the program's standard error
  pid_t pid_ = 0;
  Clock::time_point began_ = Clock::now();  ///< the time that it may take
  std::optional<Clock::time_point> must_end_since_;
  std::string text_;  ///< of a line not yet ended
  ProcessEnd end_;
};

}  // namespace

ProcessEnd run_watched(const std::vector<std::string>& words, const WatchRules& rules) {
  pass_signals_on();
  return Watch(words, rules).run();
}

void become(const std::vector<std::string>& words) {
  const std::vector<char*> arguments = arguments_of(words);
  ::execvp(arguments.front(), arguments.data());
  fail(words.front() + " cannot be started");
}

}  // namespace shardwright
