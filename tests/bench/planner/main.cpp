// planner_bench: costs and times of the planning algorithms on drawn tasks. docs/search.md has
// figures and the commands.
#include "costmodel/errors.hpp"
#include "costmodel/exchange_traffic.hpp"
#include "planner/rate_plan.hpp"
#include "planner/search/search.hpp"
#include "tests/bench/planner/tasks.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>

namespace shardwright::bench {
namespace {

struct Arguments {
  std::string pool = "data/table_pool/production_table_pool.csv";
  std::vector<std::string> algorithms = {"size_lookup_greedy", "neuroshard", "search"};
  std::string cost_model = "torchrec";
  std::string objective = "max_sum";
  std::string memory_model = "weights";
  std::string column_widths = "any";
  bool all_types = false;  // of search; the others place whole tables and columns
  std::vector<std::string> node_topologies = {"2x8xH100-80GB", "16x8xA100-80GB"};
  std::string topology = "4xH100-4GB";
  std::size_t tasks = 100;
  std::size_t least = 10;
  std::size_t most = 59;
  double gigabytes = 15;
  std::int64_t work_limit = 0;
  double time_limit = 0;
  unsigned threads = 0;
  std::uint64_t seed = 1;
  std::vector<std::string> shapes = {"200x8", "200x128", "1000x128", "10000x1024"};
  bool each = false;
};

SearchOptions options_of(const Arguments& arguments, const std::string& algorithm) {
  SearchOptions options;
  options.algorithm = algorithm;
  options.memory_model = arguments.memory_model == "weights" ? MemoryModel::weights
                         : arguments.memory_model == "full"  ? MemoryModel::full
                                                             : MemoryModel::torchrec;
  options.objective = parse_objective(arguments.objective);
  if (arguments.column_widths == "equal") options.column_widths = ColumnWidths::equal;
  if (arguments.all_types && algorithm == "search") {
    options.types = {kAllShardingTypes.begin(), kAllShardingTypes.end()};
  }
  options.seed = arguments.seed;
  options.effort.work_limit = arguments.work_limit;
  if (arguments.time_limit > 0) options.effort.time_limit_seconds = arguments.time_limit;
  options.effort.threads = arguments.threads;
  return options;
}

/// What one algorithm made of all tasks.
struct Tally {
  std::vector<double> costs;  // per task; 0: no plan
  std::vector<double> gaps;
  double seconds = 0;
  std::int64_t evaluations = 0;
};

void solve(const Arguments& arguments, const Workload& workload, const Topology& topology,
           const CostModel& model, std::map<std::string, Tally>& tallies) {
  for (const std::string& algorithm : arguments.algorithms) {
    Tally& tally = tallies[algorithm];
    const SearchResult result =
        search_plan(workload, topology, model, options_of(arguments, algorithm));
    tally.costs.push_back(result.plan ? result.plan->cost_ms : 0);
    tally.seconds += result.record.seconds;
    tally.evaluations += result.record.evaluations;
    if (result.plan && result.lower_bound_ms) {
      tally.gaps.push_back(result.plan->cost_ms / *result.lower_bound_ms - 1);
    }
    if (arguments.each) {
      fmt::print("{:<20} tables {:4} cost {:10.4f} ms  {:.3f} s  {}\n", algorithm,
                 workload.tables.size(), tally.costs.back(), result.record.seconds,
                 to_string(result.termination));
    }
  }
}

double mean(const std::vector<double>& values) {
  if (values.empty()) return 0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

void print_tallies(const Arguments& arguments, const std::map<std::string, Tally>& tallies) {
  const Tally& last = tallies.at(arguments.algorithms.back());
  fmt::print("{:<20} {:>6} {:>12} {:>22} {:>7} {:>9} {:>9} {:>12}\n", "algorithm", "solved",
             "mean cost ms", "above the last: mean", "max", "not above", "gap", "s per task");
  for (const std::string& algorithm : arguments.algorithms) {
    const Tally& tally = tallies.at(algorithm);
    std::vector<double> solved;
    std::vector<double> above;
    for (std::size_t i = 0; i < tally.costs.size(); ++i) {
      if (tally.costs[i] > 0) solved.push_back(tally.costs[i]);
      if (tally.costs[i] > 0 && last.costs[i] > 0)
        above.push_back(tally.costs[i] / last.costs[i] - 1);
    }
    const double most = above.empty() ? 0 : *std::max_element(above.begin(), above.end());
    const auto beaten = std::count_if(above.begin(), above.end(), [](double a) { return a >= 0; });
    fmt::print("{:<20} {:>3}/{:<3} {:>11.4f} {:>20.2f} % {:>5.1f} % {:>8} {:>7.2f} % {:>11.3f}\n",
               algorithm, solved.size(), tally.costs.size(), mean(solved), 100 * mean(above),
               100 * most, beaten, 100 * mean(tally.gaps),
               tally.seconds / static_cast<double>(tally.costs.size()));
  }
}

void run_tasks(const Arguments& arguments) {
  const auto pool = read_pool(arguments.pool);
  const auto model = make_cost_model(arguments.cost_model);
  const Topology topology = read_topology(arguments.topology);
  std::map<std::string, Tally> tallies;
  for (std::size_t task = 0; task < arguments.tasks; ++task) {
    RandomStream random(arguments.seed, task);
    const Workload workload =
        neuroshard_task(random, pool, arguments.least, arguments.most, arguments.gigabytes);
    solve(arguments, workload, topology, *model, tallies);
  }
  print_tallies(arguments, tallies);
}

// "200x8": tables × ranks, eight on a node; memory for 1.3 times the weights.
void run_shape(const Arguments& arguments, const std::string& shape, const std::vector<Table>& pool,
               const CostModel& model) {
  const std::size_t tables = std::stoul(shape);
  const std::size_t ranks = std::stoul(shape.substr(shape.find('x') + 1));
  RandomStream random(arguments.seed, tables);
  const Workload workload =
      draw_tables(random, pooled(pool), tables, 0, 512 * static_cast<std::int64_t>(ranks));
  Topology topology = read_topology(fmt::format("{}x8xH100-80GB", ranks / 8));
  fmt::print("{} tables x {} ranks, {:.0f} GB of weights\n", tables, ranks,
             weight_gigabytes(workload));
  std::map<std::string, Tally> tallies;
  solve(arguments, workload, topology, model, tallies);
  print_tallies(arguments, tallies);
}

void print_rated(const std::string& name, Plan plan, const Topology& topology,
                 const CostModel& model) {
  plan.topology = topology;
  rate_plan(plan, model);
  fmt::print("{:<34} {:>9.3f} ms {:>10.1f} MB between nodes\n", name, plan.cost_ms,
             1e-6 * bytes_between_nodes(plan.workload, topology, plan.shards));
}

// Plans that know of slow links between nodes beside plans made as if all ranks shared one node.
void run_nodes(const Arguments& arguments, const std::string& name, const std::vector<Table>& pool,
               const CostModel& model) {
  constexpr double kTimesSlower = 10;
  Topology topology = read_topology(name);
  topology.inter = topology.intra;
  Topology blind = topology;
  for (RankSpec& rank : blind.ranks) rank.node = 0;
  topology.inter.bandwidth_bytes_per_second /= kTimesSlower;
  topology.inter.latency_seconds *= kTimesSlower;
  RandomStream random(arguments.seed, topology.ranks.size());
  const Workload workload =
      draw_tables(random, pooled(pool), 10 * topology.ranks.size(), 0, 512 * topology.size());
  fmt::print("{}, {} tables, batch {}\n", name, workload.tables.size(), workload.batch_size);
  for (const std::string& algorithm : arguments.algorithms) {
    const SearchOptions options = options_of(arguments, algorithm);
    for (const bool aware : {false, true}) {
      const auto found = search_plan(workload, aware ? topology : blind, model, options);
      const std::string what = fmt::format("{}, {}", algorithm, aware ? "nodes known" : "blind");
      if (found.plan) print_rated(what, *found.plan, topology, model);
      if (algorithm != "search") break;  // the others do not look at links
    }
  }
}

int run(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Costs and times of the planning algorithms on drawn tasks.");
  app.add_option("--pool", arguments.pool)->capture_default_str();
  app.add_option("--algorithms", arguments.algorithms)->delimiter(',');
  app.add_option("--cost-model", arguments.cost_model)->capture_default_str();
  app.add_option("--objective", arguments.objective)->capture_default_str();
  app.add_option("--memory-model", arguments.memory_model)->capture_default_str();
  app.add_option("--column-widths", arguments.column_widths)->capture_default_str();
  app.add_flag("--all-types", arguments.all_types, "Let search use every sharding type");
  app.add_option("--topology", arguments.topology)->capture_default_str();
  app.add_option("--work-limit", arguments.work_limit)->capture_default_str();
  app.add_option("--time-limit", arguments.time_limit, "Seconds per task")->capture_default_str();
  app.add_option("--threads", arguments.threads)->capture_default_str();
  app.add_option("--seed", arguments.seed)->capture_default_str();
  app.add_flag("--each", arguments.each, "Print every task");
  CLI::App* tasks = app.add_subcommand("tasks", "NeuroShard's tasks")->fallthrough();
  tasks->add_option("--tasks", arguments.tasks)->capture_default_str();
  tasks->add_option("--least", arguments.least, "Fewest tables")->capture_default_str();
  tasks->add_option("--most", arguments.most, "Most tables")->capture_default_str();
  tasks->add_option("--gigabytes", arguments.gigabytes, "Most weights")->capture_default_str();
  tasks->callback([&] { run_tasks(arguments); });
  CLI::App* speed = app.add_subcommand("speed", "One large workload per shape")->fallthrough();
  speed->add_option("--shapes", arguments.shapes)->delimiter(',');
  speed->callback([&] {
    const auto pool = read_pool(arguments.pool);
    const auto model = make_cost_model(arguments.cost_model);
    for (const std::string& shape : arguments.shapes) run_shape(arguments, shape, pool, *model);
  });
  CLI::App* nodes = app.add_subcommand("nodes", "Slow links between nodes")->fallthrough();
  nodes->add_option("--topologies", arguments.node_topologies)->delimiter(',');
  nodes->callback([&] {
    const auto pool = read_pool(arguments.pool);
    const auto model = make_cost_model(arguments.cost_model);
    for (const std::string& name : arguments.node_topologies) {
      run_nodes(arguments, name, pool, *model);
    }
  });
  app.require_subcommand(1);
  CLI11_PARSE(app, argc, argv);
  return 0;
}

}  // namespace
}  // namespace shardwright::bench

int main(int argc, char** argv) {
  try {
    return shardwright::bench::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "planner_bench: {}\n", error.what());
    return 1;
  }
}
