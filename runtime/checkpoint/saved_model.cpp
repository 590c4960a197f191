#include "runtime/checkpoint/saved_model.hpp"

#include "costmodel/errors.hpp"
#include "runtime/checkpoint/model_folder.hpp"
#include "runtime/checkpoint/publish_folder.hpp"
#include "runtime/checkpoint/safetensors.hpp"
#include "runtime/comm/collectives.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

namespace shardwright {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string rank_file(RankId rank) { return model_rank_file(rank.index()); }

bool is_first(const Communicator& comm) { return comm.rank() == RankId{0}; }

/// Runs a file system operation; what goes wrong becomes an EnvironmentError.
template <class Operation>
void on_disk(const std::string& doing, Operation operation) {
  try {
    operation();
  } catch (const fs::filesystem_error& error) {
    throw EnvironmentError(fmt::format("{} failed: {}.", doing, error.code().message()));
  }
}

/// The rank whose file has a shard: rank 0 for those that every rank holds.
RankId keeper(const Shard& shard) { return shard.rank.value_or(RankId{0}); }

std::vector<NamedTensor> tensors_of(const ModelToSave& model, RankId rank) {
  std::vector<NamedTensor> tensors;
  for (const ShardedEmbeddings::LocalShard& local : model.shards) {
    if (keeper(local.shard) != rank) continue;
    const std::string name = shard_name(model.plan, local.shard);
    const std::int64_t rows = local.shard.rows();
    const std::int64_t columns = local.shard.columns();
    tensors.push_back({name + "/weights", {rows, columns}, local.weights});
    if (local.state.empty()) continue;
    const std::int64_t width = std::ssize(local.state) / rows;
    tensors.push_back({name + "/state", {rows, width}, local.state});
  }
  return tensors;
}

std::vector<NamedTensor> tensors_of(const std::vector<DenseModel::Parameter>& parameters) {
  std::vector<NamedTensor> tensors;
  tensors.reserve(parameters.size());
  for (const DenseModel::Parameter& parameter : parameters) {
    tensors.push_back({parameter.name, parameter.shape, parameter.values});
  }
  return tensors;
}

/// This rank's files, as the index lists them.
json write_files(const Communicator& comm, const std::string& folder, const ModelToSave& model) {
  const auto entry = [](const std::string& file, const FileRecord& record) {
    return json{{"file", file}, {"bytes", record.bytes}, {"checksum", record.checksum}};
  };
  const std::string file = rank_file(comm.rank());
  json written = json::array();
  written.push_back(
      entry(file, write_safetensors(folder + "/" + file, tensors_of(model, comm.rank()))));
  if (is_first(comm)) {
    const FileRecord dense =
        write_safetensors(fmt::format("{}/{}", folder, kModelDenseFile), tensors_of(model.dense));
    written.push_back(entry(kModelDenseFile, dense));
  }
  return written;
}

/// All ranks' files. Rank 0 must see those of the others: what lies on another host is lost to it.
std::vector<SavedFile> files_in(const std::string& folder,
                                const std::vector<std::string>& written) {
  std::vector<SavedFile> files;
  for (std::size_t rank = 0; rank < written.size(); ++rank) {
    for (const json& entry : json::parse(written[rank])) {
      files.push_back({entry["file"], {entry["bytes"], entry["checksum"]}});
      const std::string path = folder + "/" + files.back().file;
      if (fs::exists(path)) continue;
      throw EnvironmentError(fmt::format(
          "Rank {} has written {}, but rank 0 does not find it: the output must lie on a file "
          "system that all hosts share.",
          rank, path));
    }
  }
  return files;
}

SavedTable table_of(const Plan& plan, std::size_t index, float momentum) {
  const Table& table = plan.workload.tables[index];
  SavedTable saved{.name = table.name,
                   .rows = table.rows,
                   .dim = table.dim,
                   .optimizer = table.optimizer,
                   .state = state_parts(table.optimizer, momentum),
                   .shards = {}};
  for (const Shard& shard : plan.shards) {
    if (shard.table.index() != index) continue;
    saved.shards.push_back(saved_shard(plan, shard));
  }
  return saved;
}

SavedIndex index_of(const ModelToSave& model, std::vector<SavedFile> files) {
  SavedIndex index{.kind = model.kind,
                   .plan_id = model.plan_id,
                   .job_id = model.job_id,
                   .ranks = model.plan.topology.size(),
                   .config = model.config,
                   .tables = {},
                   .dense = kModelDenseFile,
                   .files = std::move(files),
                   .identity = model.identity,
                   .progress = model.progress,
                   .made_by = {{"command", model.made_by.command},
                               {"version", model.made_by.version},
                               {"inputs", model.made_by.inputs}}};
  for (std::size_t i = 0; i < model.plan.workload.tables.size(); ++i) {
    index.tables.push_back(table_of(model.plan, i, model.momentum));
  }
  return index;
}

void save_in_stages(Communicator& comm, const std::string& partial, const std::string& folder,
                    const ModelToSave& model) {
  const std::string making = "Making the folder " + partial;
  run_together(comm, [&] {
    if (!is_first(comm)) return;
    require_model_folder(folder);
    on_disk(making, [&] {
      fs::remove_all(partial);
      fs::create_directories(partial);
    });
  });
  json written;
  run_together(comm, [&] { written = write_files(comm, partial, model); });
  const std::vector<std::string> all_written = all_gather(comm, written.dump());
  run_together(comm, [&] {
    if (!is_first(comm)) return;
    write_index(partial, index_of(model, files_in(partial, all_written)));
    require_model_folder(folder);  // somebody may have used the time
    on_disk("Renaming " + partial, [&] { publish_folder(partial, folder); });
  });
}

}  // namespace

std::string shard_name(const Plan& plan, const Shard& shard) {
  return fmt::format("{}/rows_{}_{}/cols_{}_{}", plan.workload.table(shard.table).name,
                     shard.row_begin, shard.row_end, shard.col_begin, shard.col_end);
}

SavedShard saved_shard(const Plan& plan, const Shard& shard) {
  return {.row_begin = shard.row_begin,
          .row_end = shard.row_end,
          .col_begin = shard.col_begin,
          .col_end = shard.col_end,
          .rank = keeper(shard).value(),
          .file = rank_file(keeper(shard)),
          .name = shard_name(plan, shard)};
}

void save_model(Communicator& comm, const std::string& folder, const ModelToSave& model) {
  const std::string target = fs::absolute(folder).lexically_normal().string();
  const std::string partial = target + ".partial";
  try {
    save_in_stages(comm, partial, target, model);
  } catch (const CollectiveError& error) {
    std::error_code ignored;  // the first failure is the one to report
    if (is_first(comm) && error.code() != ExitCode::usage) fs::remove_all(partial, ignored);
    throw CollectiveError(error.code(),
                          fmt::format("The {} was not saved; what {} held before is unchanged. {}",
                                      to_string(model.kind), folder, error.what()));
  }
}

}  // namespace shardwright
