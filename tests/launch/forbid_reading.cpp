// Runs a command where no process may read another's memory.
//   forbid_reading COMMAND …         77 if the system does not let that be forbidden

#include "tests/launch/forbid_reading.hpp"

#include <unistd.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  if (!shardwright::forbid_reading()) return 77;
  ::execvp(argv[1], argv + 1);
  std::perror(argv[1]);
  return 127;
}
