#include "runtime/device/backend.hpp"

#include "costmodel/names.hpp"

namespace shardwright {
namespace {

constexpr Names<Backend, 2> kBackends = {{{Backend::cpu, "cpu"}, {Backend::cuda, "cuda"}}};

}  // namespace

std::string_view to_string(Backend backend) { return name_of(backend, kBackends); }

Backend parse_backend(std::string_view text) { return value_of(text, kBackends, "device"); }

}  // namespace shardwright
