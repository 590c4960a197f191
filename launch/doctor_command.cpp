#include "costmodel/errors.hpp"
#include "launch/commands.hpp"
#include "launch/job/single_copy.hpp"
#include "launch/train_ranks.hpp"
#include "runtime/comm/collectives.hpp"
#include "runtime/comm/mpi_communicator.hpp"
#include "runtime/comm/thread_communicator.hpp"
#include "runtime/doctor/findings.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <string>

namespace shardwright {
namespace {

constexpr double kWaitLimitSeconds = 30;  // for a rank or a host that hangs

/// Rank 0 prints. Throws CollectiveError (check_failed) on every rank if something is wrong.
void examine(Communicator& comm, bool json) {
  comm.set_wait_limit_s(kWaitLimitSeconds);
  RankFacts mine;
  run_together(comm, [&] { mine = find_rank_facts(SHARDWRIGHT_VERSION); });
  const std::vector<RankFacts> facts = gather_rank_facts(comm, mine);
  const std::vector<Finding> findings = judge(facts, measure_speeds(comm));
  if (comm.rank() == RankId{0}) {
    const nlohmann::json document = {{"ranks", comm.size()},
                                     {"checks", findings_to_json(findings)}};
    fmt::print("{}", json ? document.dump(1) + "\n" : findings_to_text(findings));
  }
  run_together(comm, [&] {
    if (any_failed(findings)) {
      throw Error(ExitCode::check_failed, "Training would fail here: see the checks that FAIL.");
    }
  });
}

/// For scripts that start ranks. Throws Error (check_failed) if it is not so.
void examine_single_copy() {
  if (!can_read_other_process()) {
    throw Error(ExitCode::check_failed,
                "A process may not read another's memory here, and Open MPI would say so at every "
                "message: set OMPI_MCA_btl_vader_single_copy_mechanism=none.");
  }
  fmt::print("A process may read another's memory here.\n");
}

}  // namespace

void add_doctor_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "doctor", "Look at where ranks would run: program, MPI, cores, memory, speed");
  command->footer(
      "Examples:\n"
      "  shardwright doctor\n"
      "  mpirun -n 16 --hostfile hosts shardwright doctor --json\n"
      "  shardwright doctor --single-copy || export OMPI_MCA_btl_vader_single_copy_mechanism=none\n"
      "Exit code 7 if a check fails. Without a launcher, MPI is not started.");
  const auto json = std::make_shared<bool>(false);
  const auto single_copy = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "Print one JSON document");
  command->add_flag("--single-copy", *single_copy,
                    "Only try whether ranks may read each other's memory");
  command->callback([json, single_copy] {
    if (*single_copy) return examine_single_copy();
    if (!started_by_launcher())
      return run_ranks(1, [&](Communicator& comm) { examine(comm, *json); });
    const int code = run_on_ranks([&](Communicator& comm) { examine(comm, *json); });
    if (code != 0) throw CLI::RuntimeError(code);  // what went wrong has been printed
  });
}

}  // namespace shardwright
