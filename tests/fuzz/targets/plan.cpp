#include "costmodel/cost_model.hpp"
#include "planner/certificate_json.hpp"
#include "planner/check.hpp"
#include "planner/plan_json.hpp"
#include "tests/fuzz/scratch_folder.hpp"
#include "tests/fuzz/targets.hpp"

#include <stdexcept>
#include <string>

namespace shardwright::fuzz {
namespace {

void write_and_read(const Plan& plan) {
  const std::string id = plan_id(plan);
  const Plan again = read_plan_unchecked(scratch().write("again.json", plan_to_text(plan)));
  if (plan_id(again) != id) throw std::logic_error("a plan changes on its way through a file");
}

}  // namespace

// As `check` reads a plan and, if nothing is wrong with it, `rate` prices it.
void read_plan_file(std::string_view input) {
  const Plan plan = read_plan_unchecked(scratch().write("plan.json", input));
  write_and_read(plan);
  if (!check_plan(plan).empty()) return;
  for (const char* name : {"analytic", "torchrec"}) {
    make_cost_model(name)->price(plan.workload, plan.topology, plan.shards);
  }
}

// As `check` reads what `plan --json` printed.
void read_certificate(std::string_view input) {
  const auto proof = read_proof({"rating.json", std::string(input)});
  if (proof) check_proof(*proof);
}

}  // namespace shardwright::fuzz
