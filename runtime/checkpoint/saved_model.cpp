#include "runtime/checkpoint/saved_model.hpp"

#include "costmodel/errors.hpp"
#include "runtime/checkpoint/model_folder.hpp"
#include "runtime/checkpoint/safetensors.hpp"
#include "runtime/comm/collectives.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <system_error>

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

json entry_of(const std::string& file, const FileRecord& record) {
  return {{"file", file},
          {"bytes", record.bytes},
          {"checksum", fmt::format("fnv1a64:{:016x}", record.checksum)}};
}

/// This rank's files, as the index lists them.
json write_files(const Communicator& comm, const std::string& folder, const ModelToSave& model) {
  const std::string file = rank_file(comm.rank());
  json written = json::array();
  written.push_back(
      entry_of(file, write_safetensors(folder + "/" + file, tensors_of(model, comm.rank()))));
  if (is_first(comm)) {
    const FileRecord dense =
        write_safetensors(fmt::format("{}/{}", folder, kModelDenseFile), tensors_of(model.dense));
    written.push_back(entry_of(kModelDenseFile, dense));
  }
  return written;
}

json table_entry(const Plan& plan, std::size_t index) {
  const Table& table = plan.workload.tables[index];
  json shards = json::array();
  for (const Shard& shard : plan.shards) {
    if (shard.table.index() != index) continue;
    shards.push_back({{"row_begin", shard.row_begin},
                      {"row_end", shard.row_end},
                      {"col_begin", shard.col_begin},
                      {"col_end", shard.col_end},
                      {"rank", keeper(shard).value()},
                      {"file", rank_file(keeper(shard))},
                      {"name", shard_name(plan, shard)}});
  }
  return {{"name", table.name},
          {"rows", table.rows},
          {"dim", table.dim},
          {"optimizer", to_string(table.optimizer)},
          {"shards", shards}};
}

std::string index_of(const ModelToSave& model, const std::vector<std::string>& written) {
  json files = json::array();
  for (const std::string& list : written) {
    for (const json& entry : json::parse(list)) files.push_back(entry);
  }
  json tables = json::array();
  for (std::size_t i = 0; i < model.plan.workload.tables.size(); ++i) {
    tables.push_back(table_entry(model.plan, i));
  }
  const json index = {{"schema", "shardwright.model/1"},
                      {"plan_id", model.plan_id},
                      {"job_id", model.job_id},
                      {"ranks", model.plan.topology.size()},
                      {"config", model.config},
                      {"tables", tables},
                      {"dense", kModelDenseFile},
                      {"files", files},
                      {"made_by",
                       {{"command", model.made_by.command},
                        {"version", model.made_by.version},
                        {"inputs", model.made_by.inputs}}}};
  return index.dump(1) + "\n";
}

void write_index(const std::string& folder, const std::string& index) {
  OutputFile output(fmt::format("{}/{}", folder, kModelIndexFile));
  output.write(std::as_bytes(std::span(index)));
  output.finish();
  sync_folder(folder);
}

/// Swaps two folders in one step; false where the file system cannot.
bool swap_folders(const std::string& a, const std::string& b) {
  return ::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) == 0;
}

/// Without a swap, the old model steps aside for a moment: FOLDER.old.
void replace_in_two_steps(const std::string& partial, const std::string& folder) {
  const std::string old = folder + ".old";
  fs::remove_all(old);
  fs::rename(folder, old);
  std::error_code error;
  fs::rename(partial, folder, error);
  if (error) {
    fs::rename(old, folder);
    throw fs::filesystem_error("rename", partial, folder, error);
  }
  fs::remove_all(old, error);  // the new model is in place: leftovers do no harm
}

/// A folder cannot be renamed onto one that holds files.
void replace_folder(const std::string& partial, const std::string& folder) {
  if (!fs::exists(folder)) {
    fs::rename(partial, folder);
  } else if (swap_folders(partial, folder)) {
    std::error_code ignored;  // the new model is in place: leftovers do no harm
    fs::remove_all(partial, ignored);
  } else {
    replace_in_two_steps(partial, folder);
  }
  sync_folder(fs::path(folder).parent_path().string());
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
    write_index(partial, index_of(model, all_written));
    require_model_folder(folder);  // somebody may have used the time
    on_disk("Renaming " + partial, [&] { replace_folder(partial, folder); });
  });
}

}  // namespace

std::string shard_name(const Plan& plan, const Shard& shard) {
  return fmt::format("{}/rows_{}_{}/cols_{}_{}", plan.workload.table(shard.table).name,
                     shard.row_begin, shard.row_end, shard.col_begin, shard.col_end);
}

void save_model(Communicator& comm, const std::string& folder, const ModelToSave& model) {
  const std::string target = fs::absolute(folder).lexically_normal().string();
  const std::string partial = target + ".partial";
  try {
    save_in_stages(comm, partial, target, model);
  } catch (const CollectiveError& error) {
    std::error_code ignored;  // the first failure is the one to report
    if (is_first(comm) && error.code() != ExitCode::usage) fs::remove_all(partial, ignored);
    throw CollectiveError(
        error.code(), fmt::format("The model was not saved; what {} held before is unchanged. {}",
                                  folder, error.what()));
  }
}

}  // namespace shardwright
