#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace shardwright {

/// A parameter of a module: [rows][columns] floats, sin(0), sin(1), … times 0.3.
struct ModuleParameter {
  std::string name;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
};

/// Writes a TorchScript module of these parameters, of one buffer "count" (a zero), and of methods
/// in TorchScript: made by LibTorch itself, no Python needed.
void write_module(const std::string& file, const std::vector<ModuleParameter>& parameters,
                  const std::string& methods);

}  // namespace shardwright
