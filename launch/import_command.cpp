#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"
#include "costmodel/json/write_file.hpp"
#include "launch/commands.hpp"
#include "launch/exchange_losses.hpp"
#include "launch/plan_under_model.hpp"
#include "launch/shell_line.hpp"
#include "launch/table_source.hpp"
#include "planner/check.hpp"
#include "planner/describe_plan.hpp"
#include "planner/exchange/import.hpp"
#include "planner/exchange/safetensors_header.hpp"
#include "planner/input_file.hpp"
#include "planner/memory_model.hpp"
#include "planner/plan_json.hpp"
#include "planner/rate_plan.hpp"
#include "planner/readable_json.hpp"
#include "planner/spec/read_workload.hpp"
#include "planner/spec/spec_entry.hpp"
#include "planner/spec/tables_json.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <string>
#include <vector>

namespace shardwright {
namespace {

struct ImportArguments {
  std::string file;
  std::string from;
  std::string tables;
  std::string topology;
  std::string module;
  bool has_module = false;
  std::int64_t batch_size = 0;
  std::string cost_model;  ///< empty: the default of the ranks
  std::string memory_model = "full";
  std::string output;
  bool json = false;
};

void write(const ImportArguments& arguments, const std::string& text,
           const std::vector<std::string>& losses) {
  write_file(arguments.output, text);
  if (arguments.output != "-") fmt::print(stderr, "Wrote {}.\n", arguments.output);
  if (arguments.json) print_exchange(arguments.from, arguments.output, losses);
}

std::optional<Workload> read_tables(const ImportArguments& arguments) {
  if (arguments.tables.empty()) return {};
  SpecSource source;
  source.file = arguments.tables;
  const WorkloadReading reading = read_workload(source);
  for (const std::string& note : reading.notes) fmt::print(stderr, "{}\n", note);
  return reading.workload;
}

std::optional<std::string> module_of(const ImportArguments& arguments) {
  return arguments.has_module ? std::optional(arguments.module) : std::nullopt;
}

ImportedPlan imported(const ImportArguments& arguments, const nlohmann::json& document,
                      const std::string& file) {
  if (arguments.topology.empty()) {
    throw UsageError("--topology is required: the file does not say what the ranks are.");
  }
  const Topology topology = read_topology(arguments.topology);
  const auto tables = read_tables(arguments);
  if (arguments.from == "torchrec") {
    return import_torchrec(document, file, module_of(arguments), tables, topology);
  }
  if (!tables) {
    throw UsageError("--tables is required: shard_matrix does not say how large the tables are.");
  }
  return import_hugectr(document, file, *tables, topology);
}

void set_batch_size(const ImportArguments& arguments, Plan& plan) {
  if (!settle_batch_size(arguments.batch_size, plan.topology.size(), plan.workload)) return;
  fmt::print(stderr, "No batch size was given: {} samples a step over all ranks are assumed.\n",
             plan.workload.batch_size);
}

void import_plan(const ImportArguments& arguments, const nlohmann::json& document,
                 const InputFile& input) {
  ImportedPlan result = imported(arguments, document, input.name);
  say_losses(result.losses);
  Plan& plan = result.plan;
  set_batch_size(arguments, plan);
  plan.memory_model = parse_memory_model(arguments.memory_model);
  const auto problems = check_plan(plan);
  if (!problems.empty()) {
    throw InputError(fmt::format("{}: what was read is no legal plan:\n  {}", input.name,
                                 fmt::join(problems, "\n  ")));
  }
  rate_plan(plan, *cost_model_for(arguments.cost_model, plan));
  plan.made_by = {shell_line({"shardwright", "import", input.name, "--from", arguments.from}),
                  SHARDWRIGHT_VERSION,
                  {{input.name, fingerprint(input.content)}}};
  const bool to_person = arguments.output != "-" && !arguments.json;
  if (to_person) fmt::print("{}", describe_prediction(plan));
  write(arguments, plan_to_text(plan), result.losses);
}

void write_tables(const ImportArguments& arguments, ImportedTables result) {
  say_losses(result.losses);
  result.workload.batch_size = arguments.batch_size;
  write(arguments, readable_json(tables_to_json(result.workload)), result.losses);
}

void run(const ImportArguments& arguments) {
  require_file_beside_json(arguments.json, arguments.output);
  require_writable(arguments.output);
  if (arguments.from == "safetensors") {
    const std::string header = read_safetensors_header(arguments.file);
    return write_tables(arguments, import_safetensors(parse_json(header, arguments.file),
                                                      arguments.file, module_of(arguments)));
  }
  const InputFile input = read_input_file(arguments.file);
  const nlohmann::json document = parse_json(input.content, input.name);
  if (arguments.from != "configs") return import_plan(arguments, document, input);
  write_tables(arguments, import_configs(document, input.name));
}

}  // namespace

void add_import_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("import", "Read plans and tables of other programs");
  command->footer(
      "Examples:\n"
      "  shardwright import configs.json --from configs -o tables.json\n"
      "  shardwright import model.safetensors --from safetensors --module bags -o tables.json\n"
      "  shardwright import torchrec_plan.json --from torchrec --topology 8xH100-80GB \\\n"
      "    --tables tables.json -o plan.json\n"
      "  shardwright import shard_matrix.json --from hugectr --tables tables.json \\\n"
      "    --topology 8xH100-80GB -o plan.json");
  const auto arguments = std::make_shared<ImportArguments>();
  const auto add = [&](const char* name, auto& value, const char* type, const char* help) {
    return command->add_option(name, value, help)->type_name(type);
  };
  add("FILE", arguments->file, "", "What to read; - is standard input, of JSON")->required();
  add("--from", arguments->from, "",
      "torchrec (a plan), hugectr (shard_matrix), configs (EmbeddingBagConfigs),\nsafetensors "
      "(weights, whose shapes are read)")
      ->check(CLI::IsMember({"torchrec", "hugectr", "configs", "safetensors"}).description(""))
      ->required();
  add("--tables", arguments->tables, "TABLES", "Of a plan: its tables; needed for hugectr");
  add("--topology", arguments->topology, "T", "Of a plan: its ranks, as plan takes them");
  CLI::Option* module = add("--module", arguments->module, "PATH",
                            "Of a TorchRec plan with several modules: which one; of\nsafetensors: "
                            "below which path the tables are");
  add("--batch-size", arguments->batch_size, "N", "Samples per step over all ranks")
      ->check(CLI::Range(std::int64_t{1}, kMostSamples).description(""));
  add("--cost-model", arguments->cost_model, "M",
      "What the plan is priced by (default: by the ranks' device)");
  add("--memory-model", arguments->memory_model, "M", "full, overlap, weights or torchrec")
      ->capture_default_str();
  add("-o,--output", arguments->output, "FILE", "File to write; - is standard output")->required();
  command->add_flag("--json", arguments->json,
                    "Print what was written and lost as one JSON document; needs -o FILE");
  command->callback([arguments, module] {
    arguments->has_module = module->count() > 0;
    run(*arguments);
  });
}

}  // namespace shardwright
