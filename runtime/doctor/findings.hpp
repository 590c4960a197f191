#pragma once

#include "runtime/doctor/rank_facts.hpp"
#include "runtime/doctor/speeds.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

enum class Verdict { pass, warn, fail };

/// One thing that was looked at.
struct Finding {
  Verdict verdict = Verdict::pass;
  std::string check;  ///< "program", "cores", …
  std::string found;
  std::string remedy;  ///< what to do; empty after pass
};

/// Judges what the ranks are and have; both lists are by rank. A fail means that training would
/// fail or be wrong, a warning that it would be slow or may fail.
std::vector<Finding> judge(const std::vector<RankFacts>& facts,
                           const std::vector<RankSpeeds>& speeds);

bool any_failed(const std::vector<Finding>& findings);
std::string_view to_string(Verdict verdict);  ///< "PASS" …
std::string findings_to_text(const std::vector<Finding>& findings);
nlohmann::json findings_to_json(const std::vector<Finding>& findings);

}  // namespace shardwright
