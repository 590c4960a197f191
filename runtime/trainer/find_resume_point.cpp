#include "runtime/checkpoint/checkpoint_folders.hpp"
#include "runtime/checkpoint/model_folder.hpp"
#include "runtime/comm/collectives.hpp"
#include "runtime/trainer/resume_point.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <sstream>
#include <utility>
#include <vector>

namespace shardwright {
namespace {

namespace fs = std::filesystem;

void add_steps(const std::string& folder, const std::string& below,
               std::vector<std::string>& names) {
  std::vector<std::int64_t> steps = checkpoint_steps(folder + below);
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    names.push_back(checkpoint_folder(below, *step));
  }
}

/// What comes behind `folder` in the paths of its checkpoints, the latest first.
std::vector<std::string> candidates_in(const std::string& folder) {
  if (fs::exists(fmt::format("{}/{}", folder, kModelIndexFile))) return {""};
  std::vector<std::string> names;
  add_steps(folder, "", names);
  add_steps(folder, "/checkpoints", names);
  return names;
}

/// As rank 0 sees them, one a line.
std::vector<std::string> common_candidates(Communicator& comm, const std::string& folder) {
  std::string mine;
  run_together(comm, [&] {
    if (comm.rank() != RankId{0}) return;
    for (const std::string& name : candidates_in(folder)) mine += name + "\n";
  });
  std::istringstream lines(all_gather(comm, mine).front());
  std::vector<std::string> names;
  for (std::string name; std::getline(lines, name);) names.push_back(name);
  return names;
}

/// Every rank reads the index, and its share of the other files.
SavedIndex verify_together(Communicator& comm, const std::string& folder) {
  SavedIndex index;
  run_together(comm, [&] {
    index = read_saved_index(folder);
    if (index.kind != SavedKind::checkpoint) {
      throw InputError(fmt::format(
          "{} holds a {}, which lacks what training needs to go on: it takes a checkpoint "
          "(--checkpoint-every).",
          folder, to_string(index.kind)));
    }
    const auto ranks = static_cast<std::size_t>(comm.size());
    for (std::size_t i = comm.rank().index(); i < index.files.size(); i += ranks) {
      verify_file(folder, index.files[i]);
    }
  });
  return index;
}

}  // namespace

std::optional<ResumePoint> find_resume_point(Communicator& comm, const std::string& folder,
                                             const Say& say) {
  const std::vector<std::string> candidates = common_candidates(comm, folder);
  std::string first_reason;
  for (const std::string& name : candidates) {
    try {
      return ResumePoint{folder + name, verify_together(comm, folder + name)};
    } catch (const CollectiveError& error) {
      if (error.code() != ExitCode::bad_input) throw;
      if (first_reason.empty()) first_reason = error.what();
      if (candidates.size() > 1) {
        say(fmt::format("The checkpoint {} cannot be used, the one before it is tried. {}",
                        folder + name, error.what()));
      }
    }
  }
  if (candidates.empty()) return std::nullopt;
  throw CollectiveError(
      ExitCode::bad_input,
      fmt::format("No checkpoint in {} can be used. {} To start anew, train with --resume never.",
                  folder, first_reason));
}

}  // namespace shardwright
