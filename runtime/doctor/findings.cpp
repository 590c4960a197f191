#include "runtime/doctor/findings.hpp"

#include "planner/text_table.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

namespace shardwright {
namespace {

using Facts = std::vector<RankFacts>;

std::string counted(std::size_t n, const char* what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

/// Passes if all ranks say the same; else names rank 0 and the first one that differs.
Finding same_on_all(const Facts& facts, const std::string& check, const std::string& remedy,
                    const std::function<std::string(const RankFacts&)>& value) {
  for (std::size_t rank = 1; rank < facts.size(); ++rank) {
    if (value(facts[rank]) == value(facts[0])) continue;
    return {Verdict::fail, check,
            fmt::format("rank 0 on {} has {}, rank {} on {} has {}", facts[0].host, value(facts[0]),
                        rank, facts[rank].host, value(facts[rank])),
            remedy};
  }
  return {Verdict::pass, check,
          fmt::format("{} on {}", value(facts[0]), counted(facts.size(), "rank")), ""};
}

Finding program(const Facts& facts) {
  return same_on_all(
      facts, "program", "Install the same build on every host.", [](const RankFacts& rank) {
        return fmt::format("shardwright {} ({})", rank.version, rank.program.substr(0, 8));
      });
}

Finding mpi(const Facts& facts) {
  return same_on_all(facts, "MPI", "Install the same MPI library on every host.",
                     [](const RankFacts& rank) { return rank.mpi_library; });
}

Finding blas(const Facts& facts) {
  for (const RankFacts& rank : facts) {
    const bool fast = rank.blas.find("openblas") != std::string::npos ||
                      rank.blas.find("mkl") != std::string::npos ||
                      rank.blas.find("blis") != std::string::npos;
    if (rank.blas.empty() || fast) continue;
    return {Verdict::warn, "BLAS",
            fmt::format("{} on {} is the reference BLAS", rank.blas, rank.host),
            "Install libopenblas0-pthread: the dense part is then some 20 times as fast."};
  }
  return {Verdict::pass, "BLAS", facts[0].blas.empty() ? "LibTorch's own" : facts[0].blas, ""};
}

std::map<std::string, std::vector<const RankFacts*>> ranks_of_hosts(const Facts& facts) {
  std::map<std::string, std::vector<const RankFacts*>> hosts;
  for (const RankFacts& rank : facts) hosts[rank.host].push_back(&rank);
  return hosts;
}

/// A core for every thread of every rank of a host?
Finding cores(const Facts& facts) {
  for (const auto& [host, ranks] : ranks_of_hosts(facts)) {
    std::set<std::int64_t> cores;
    std::int64_t threads = 0;
    for (const RankFacts* rank : ranks) {
      cores.insert(rank->cores.begin(), rank->cores.end());
      threads += rank->threads;
    }
    if (threads <= static_cast<std::int64_t>(cores.size())) continue;
    return {
        Verdict::warn, "cores",
        fmt::format("{}: {} with {} threads may run on {}", host, counted(ranks.size(), "rank"),
                    threads, counted(cores.size(), "core")),
        "Set OMP_NUM_THREADS to the cores of a host over its ranks, or start fewer ranks there; "
        "figures of ranks that share cores say little about speed."};
  }
  return {Verdict::pass, "cores",
          fmt::format("{} of rank 0 for {}", counted(facts[0].cores.size(), "core"),
                      counted(static_cast<std::size_t>(facts[0].threads), "thread")),
          ""};
}

/// Do ranks with more than one thread all sit on fewer cores than that?
Finding binding(const Facts& facts) {
  for (std::size_t rank = 0; rank < facts.size(); ++rank) {
    if (facts[rank].threads <= static_cast<std::int64_t>(facts[rank].cores.size())) continue;
    return {Verdict::warn, "binding",
            fmt::format("rank {} on {} has {} threads but is bound to {}", rank, facts[rank].host,
                        facts[rank].threads, counted(facts[rank].cores.size(), "core")),
            fmt::format("Start with `mpirun --map-by slot:PE={0} --bind-to core`, or `srun "
                        "--cpus-per-task={0}`.",
                        facts[rank].threads)};
  }
  return {Verdict::pass, "binding", "no rank has more threads than cores", ""};
}

/// The rank with the least of something that each of a host's ranks needs `per_rank` of.
Finding enough(const Facts& facts, const std::string& check, Bytes per_rank,
               const std::string& remedy, const std::function<Bytes(const RankFacts&)>& value) {
  const auto hosts = ranks_of_hosts(facts);
  const auto least =
      std::min_element(facts.begin(), facts.end(),
                       [&](const auto& a, const auto& b) { return value(a) < value(b); });
  const std::string found = fmt::format("{} on {}", format_bytes(value(*least)), least->host);
  for (const auto& [host, ranks] : hosts) {
    const Bytes needed{per_rank.value() * static_cast<std::int64_t>(ranks.size())};
    if (value(*ranks.front()) >= needed) continue;
    return {Verdict::warn, check,
            fmt::format("{} for {} on {}", format_bytes(value(*ranks.front())),
                        counted(ranks.size(), "rank"), host),
            remedy};
  }
  return {Verdict::pass, check, found, ""};
}

Finding memory(const Facts& facts) {
  return enough(facts, "memory", Bytes{std::int64_t{1} << 30},
                "See what else runs there, or raise the container's limit.",
                [](const RankFacts& rank) { return rank.memory; });
}

Finding shared_memory(const Facts& facts) {
  return enough(facts, "/dev/shm", Bytes{std::int64_t{64} << 20},
                "MPI and `bench` exchange there: start the container with --shm-size=1g or "
                "--ipc=host.",
                [](const RankFacts& rank) { return rank.shared_memory; });
}

/// Do the ranks of a host reach each other's memory?
Finding node_memory(const Facts& facts) {
  for (const auto& [host, ranks] : ranks_of_hosts(facts)) {
    const auto others = static_cast<std::int64_t>(ranks.size()) - 1;
    for (const RankFacts* rank : ranks) {
      if (rank->ranks_beside >= others) continue;
      return {Verdict::warn, "node memory",
              fmt::format("a rank on {} can map the memory of {} of the {} other ranks there", host,
                          rank->ranks_beside, others),
              "Ranks of a host then exchange by messages. Start them as one user in one container "
              "(or --pid=host), without SHARDWRIGHT_NODE_MEMORY=off."};
    }
  }
  return {Verdict::pass, "node memory",
          fmt::format("rank 0 can map that of {}",
                      counted(static_cast<std::size_t>(facts[0].ranks_beside), "other rank")),
          ""};
}

Finding open_files(const Facts& facts) {
  constexpr std::int64_t kBase = 256;  // files of data and checkpoints
  const std::int64_t needed = kBase + 2 * static_cast<std::int64_t>(facts.size());
  for (const RankFacts& rank : facts) {
    if (rank.open_files >= needed) continue;
    return {Verdict::warn, "open files",
            fmt::format("{} allows {} of a process", rank.host, rank.open_files),
            fmt::format("Raise the limit to {} or more: ulimit -n.", needed)};
  }
  return {Verdict::pass, "open files", fmt::format("{} allowed", facts[0].open_files), ""};
}

Finding ssh(const Facts& facts) {
  if (facts[0].has_ssh) return {Verdict::pass, "ssh", "found", ""};
  return {Verdict::warn, "ssh", fmt::format("there is none on {}", facts[0].host),
          "mpirun needs it to start ranks on other hosts (not under Slurm): install "
          "openssh-client."};
}

Finding gpus(const Facts& facts) {
  if (!facts[0].with_cuda) return {Verdict::pass, "GPUs", "this build is for CPUs", ""};
  for (const auto& [host, ranks] : ranks_of_hosts(facts)) {
    const RankFacts& rank = *ranks.front();
    if (rank.gpus >= static_cast<std::int64_t>(ranks.size())) continue;
    return {Verdict::warn, "GPUs",
            fmt::format("{}: {} see {}{}{}", host, counted(ranks.size(), "rank"),
                        counted(static_cast<std::size_t>(rank.gpus), "GPU"),
                        rank.gpu_problem.empty() ? "" : "; ", rank.gpu_problem),
            "Start one rank per GPU, and see nvidia-smi and CUDA_VISIBLE_DEVICES there."};
  }
  return {Verdict::pass, "GPUs",
          counted(static_cast<std::size_t>(facts[0].gpus), "GPU") + " on " + facts[0].host, ""};
}

/// Warns if a rank has less than half of the median rank's speed.
Finding even_speed(const Facts& facts, const std::vector<RankSpeeds>& speeds,
                   const std::string& check, double RankSpeeds::*speed, const std::string& remedy) {
  std::vector<std::size_t> order(speeds.size());
  for (std::size_t rank = 0; rank < order.size(); ++rank) order[rank] = rank;
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return speeds[a].*speed < speeds[b].*speed; });
  const std::size_t slowest = order.front();
  const double median = speeds[order[order.size() / 2]].*speed;
  const std::string found = fmt::format("{:.2f} GB/s, slowest rank {} on {} {:.2f} GB/s", median,
                                        slowest, facts[slowest].host, speeds[slowest].*speed);
  if (speeds[slowest].*speed < median / 2) return {Verdict::warn, check, found, remedy};
  return {Verdict::pass, check, found, ""};
}

Finding copies(const Facts& facts, const std::vector<RankSpeeds>& speeds) {
  return even_speed(facts, speeds, "copy", &RankSpeeds::copy_gb_per_s,
                    "See what else runs on that host, and how its memory is placed (numactl -H).");
}

Finding all_to_all(const Facts& facts, const std::vector<RankSpeeds>& speeds) {
  Finding finding = even_speed(facts, speeds, "all-to-all", &RankSpeeds::all_to_all_gb_per_s,
                               "See that rank's network, and what else runs on its host.");
  finding.found += fmt::format("; 8 bytes in {:.0f} us", speeds[0].smallest_exchange_us);
  return finding;
}

}  // namespace

std::vector<Finding> judge(const Facts& facts, const std::vector<RankSpeeds>& speeds) {
  std::vector<Finding> findings = {program(facts),       mpi(facts),         blas(facts),
                                   cores(facts),         binding(facts),     memory(facts),
                                   shared_memory(facts), node_memory(facts), open_files(facts),
                                   ssh(facts),           gpus(facts),        copies(facts, speeds)};
  if (facts.size() > 1) findings.push_back(all_to_all(facts, speeds));
  return findings;
}

bool any_failed(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.verdict == Verdict::fail; });
}

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "PASS";
    case Verdict::warn:
      return "WARN";
    case Verdict::fail:
      return "FAIL";
  }
  return "";
}

std::string findings_to_text(const std::vector<Finding>& findings) {
  TextTable table{.columns = {{.title = "", .to_right = false},
                              {.title = "check", .to_right = false},
                              {.title = "found", .to_right = false}},
                  .rows = {}};
  for (const Finding& finding : findings) {
    const std::string remedy = finding.remedy.empty() ? "" : ". " + finding.remedy;
    table.rows.push_back(
        {std::string(to_string(finding.verdict)), finding.check, finding.found + remedy});
  }
  return format_table(table);
}

nlohmann::json findings_to_json(const std::vector<Finding>& findings) {
  nlohmann::json json = nlohmann::json::array();
  for (const Finding& finding : findings) {
    json.push_back({{"verdict", to_string(finding.verdict)},
                    {"check", finding.check},
                    {"found", finding.found},
                    {"remedy", finding.remedy}});
  }
  return json;
}

}  // namespace shardwright
