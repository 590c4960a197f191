#include "runtime/comm/mpi_errors.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>
#include <mpi.h>

#include <cstddef>

namespace shardwright {
namespace {

std::string error_text(int code) {
  char text[MPI_MAX_ERROR_STRING] = {};
  int length = 0;
  if (MPI_Error_string(code, text, &length) != MPI_SUCCESS) return fmt::format("error {}", code);
  return {text, static_cast<std::size_t>(length)};
}

}  // namespace

void check_mpi(int code, const std::string& call) {
  if (code != MPI_SUCCESS) {
    throw EnvironmentError(
        fmt::format("{} failed: {}. See the other ranks' output and the "
                    "network between the hosts.",
                    call, error_text(code)));
  }
}

}  // namespace shardwright
