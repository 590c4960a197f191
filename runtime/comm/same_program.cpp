#include "runtime/comm/same_program.hpp"

#include "runtime/comm/collectives.hpp"
#include "runtime/comm/host_name.hpp"

#include <elf.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <link.h>

#include <cstring>
#include <map>

namespace shardwright {
namespace {

constexpr std::size_t aligned(std::size_t bytes) { return (bytes + 3) / 4 * 4; }

/// Notes stand one after the other: header, name, contents, each filled up to four bytes.
std::string id_among(const char* notes, std::size_t bytes) {
  std::size_t at = 0;
  while (at + sizeof(ElfW(Nhdr)) <= bytes) {
    ElfW(Nhdr) note;
    std::memcpy(&note, notes + at, sizeof note);
    const std::size_t name = at + sizeof note;
    const std::size_t contents = name + aligned(note.n_namesz);
    at = contents + aligned(note.n_descsz);
    if (at > bytes) break;
    if (note.n_type != NT_GNU_BUILD_ID || std::string(notes + name) != "GNU") continue;
    std::string id;
    for (std::size_t i = 0; i < note.n_descsz; ++i) {
      id += fmt::format("{:02x}", static_cast<unsigned char>(notes[contents + i]));
    }
    return id;
  }
  return "";
}

/// The program itself comes first; nothing after it is looked at.
int find_id(dl_phdr_info* object, std::size_t /*bytes*/, void* id) {
  for (std::size_t i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = object->dlpi_phdr[i];
    auto& found = *static_cast<std::string*>(id);
    if (part.p_type != PT_NOTE || !found.empty()) continue;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the loader's own sum
    const auto* notes = reinterpret_cast<const char*>(object->dlpi_addr + part.p_vaddr);
    found = id_among(notes, part.p_memsz);
  }
  return 1;
}

/// "ranks 2 and 3 on host2", for each host that has some.
std::vector<std::string> places(const std::map<std::string, std::vector<std::size_t>>& ranks) {
  std::vector<std::string> texts;
  texts.reserve(ranks.size());
  for (const auto& [host, numbers] : ranks) {
    texts.push_back(
        fmt::format("rank{} {} on {}", numbers.size() == 1 ? "" : "s", number_list(numbers), host));
  }
  return texts;
}

}  // namespace

std::string build_id() {
  std::string id;
  dl_iterate_phdr(find_id, &id);
  return id;
}

std::string number_list(const std::vector<std::size_t>& numbers) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0, end = 0; begin < numbers.size(); begin = end) {
    for (end = begin + 1; end < numbers.size() && numbers[end] == numbers[end - 1] + 1;) ++end;
    if (end - begin < 3) {
      for (std::size_t i = begin; i < end; ++i) parts.push_back(fmt::to_string(numbers[i]));
    } else {
      parts.push_back(fmt::format("{} to {}", numbers[begin], numbers[end - 1]));
    }
  }
  if (parts.size() < 2) return parts.empty() ? "" : parts.front();
  const std::string last = parts.back();
  parts.pop_back();
  return fmt::format("{} and {}", fmt::join(parts, ", "), last);
}

void require_same_program(Communicator& comm, const std::string& mine) {
  const std::vector<std::string> programs = all_gather(comm, mine);
  const std::vector<std::string> hosts = all_gather(comm, host_name());
  std::map<std::string, std::vector<std::size_t>> others;
  std::string other;
  for (std::size_t rank = 0; rank < programs.size(); ++rank) {
    if (programs[rank] == programs.front()) continue;
    others[hosts[rank]].push_back(rank);
    if (other.empty()) other = programs[rank];
  }
  if (others.empty()) return;
  throw CollectiveError(
      ExitCode::environment,
      fmt::format("The ranks do not run the same program: rank 0 on {} runs {}, and {} run another "
                  "({}). Install one build on all hosts.",
                  hosts.front(), programs.front(), fmt::join(places(others), ", "), other));
}

}  // namespace shardwright
