#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"
#include "launch/commands.hpp"
#include "launch/failure_line.hpp"
#include "launch/refuse_arguments.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>
#include <memory>
#include <new>
#include <string>
#include <system_error>
#include <vector>

namespace shardwright {
namespace {

// Help that begins with the examples: commands put them into their footer.
class ExamplesFirst : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override {
    if (mode == CLI::AppFormatMode::Sub) return make_expanded(app);
    return make_footer(app) + "\n" + make_description(app) + make_usage(app, std::move(name)) +
           make_positionals(app) + make_groups(app, mode) + make_subcommands(app, mode);
  }
};

void describe(CLI::App& app) {
  const auto formatter = std::make_shared<ExamplesFirst>();
  formatter->column_width(38);
  app.formatter(formatter);
  app.name("shardwright");
  app.description("Places embedding tables on the ranks of a training job, and trains on them.");
  app.footer(
      "Examples:\n"
      "  shardwright data movielens ml-latest-small -o data\n"
      "  shardwright plan data/tables.json --topology 4xcpu-16GiB -o plan.json\n"
      "  mpirun -n 4 shardwright train config.json --data data --plan plan.json");
  app.set_version_flag("--version", "shardwright " SHARDWRIGHT_VERSION);
  app.require_subcommand(1);
}

void add_commands(CLI::App& app) {
  add_data_command(app);
  add_plan_command(app);
  add_rate_command(app);
  add_check_command(app);
  add_explain_command(app);
  add_report_command(app);
  add_diff_command(app);
  add_sweep_command(app);
  add_export_command(app);
  add_import_command(app);
  add_train_command(app);
  add_bench_command(app);
  add_checkpoint_command(app);
  add_launch_command(app);
  add_doctor_command(app);
  add_models_command(app);
  add_profile_command(app);
  add_fit_command(app);
  add_evaluate_command(app);
  add_version_command(app);
}

std::vector<std::string> long_options(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::vector<std::string> subcommand_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

std::string explain_command(const CLI::App& app, const std::string& word) {
  const auto names = subcommand_names(app);
  const std::string guess = nearest(word, names);
  return fmt::format("'{}' is not a command{} There are {}.", word,
                     guess.empty() ? "." : fmt::format("; did you mean {}?", guess),
                     fmt::join(names, ", "));
}

// The sentence for arguments that nothing took, with the nearest thing that would be taken.
std::string explain_extra(const CLI::App& app, const std::string& argument) {
  const std::string word = argument.substr(0, argument.find('='));
  const bool is_option = word.starts_with('-');
  const auto commands = app.get_subcommands();
  if (commands.empty() && !is_option) return explain_command(app, word);
  const CLI::App& command = commands.empty() ? app : *commands.front();
  const std::string guess = is_option ? nearest(word, long_options(command)) : std::string();
  return fmt::format("The {} '{}' is not known to `shardwright{}`{}",
                     is_option ? "option" : "argument", word,
                     commands.empty() ? "" : " " + command.get_name(),
                     guess.empty() ? "." : fmt::format("; did you mean {}?", guess));
}

std::string explain(const CLI::App& app, const CLI::ParseError& error) {
  const auto commands = app.get_subcommands();
  const std::string command = commands.empty() ? "" : commands.front()->get_name() + " ";
  const auto extras = app.remaining(true);
  std::string what = error.what();
  if (!what.empty() && what.back() != '.') what += '.';
  return fmt::format("{} See `shardwright {}--help`.",
                     extras.empty() ? what : explain_extra(app, extras.front()), command);
}

int fail(ExitCode code, const std::string& message) {
  print_failure(message);
  return static_cast<int>(code);
}

// Commands that run on ranks say once per job what is wrong with their arguments.
int refuse(const CLI::App& app, const std::string& message) {
  const auto commands = app.get_subcommands();
  const std::string command = commands.empty() ? "" : commands.front()->get_name();
  constexpr std::array<std::string_view, 5> kOnRanks = {"", "bench", "doctor", "profile", "train"};
  const bool on_ranks = std::find(kOnRanks.begin(), kOnRanks.end(), command) != kOnRanks.end();
  return on_ranks ? refuse_arguments(message) : fail(ExitCode::usage, message);
}

// Data that did not reach its reader is a failure too.
int finish(int code) {
  std::cout.flush();
  if (std::fflush(stdout) == 0 && std::cout.good()) return code;
  return fail(ExitCode::environment,
              fmt::format("Standard output cannot be written: {}.", std::strerror(errno)));
}

int run(int argc, char** argv) {
  CLI::App app;
  describe(app);
  add_commands(app);
  try {
    app.parse(argc, argv);
    return finish(static_cast<int>(ExitCode::ok));
  } catch (const CLI::Success& request) {  // --help, --version
    return finish(app.exit(request));
  } catch (const CLI::RuntimeError& end) {  // the command has said what went wrong
    return end.get_exit_code();
  } catch (const CLI::ParseError& error) {
    return refuse(app, explain(app, error));
  } catch (const Error& error) {
    finish(0);
    return fail(error.code(), error.what());
  } catch (const std::system_error& error) {  // also fmt::print on a full or closed output
    return fail(ExitCode::environment, error.what());
  } catch (const std::bad_alloc&) {
    return fail(ExitCode::environment, "There is not enough memory for this.");
  } catch (const std::exception& error) {
    return fail(ExitCode::internal,
                fmt::format("Internal error (please report it): {}", error.what()));
  }
}

}  // namespace
}  // namespace shardwright

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // a file over the size limit becomes an error of write()
  return shardwright::run(argc, argv);
}
