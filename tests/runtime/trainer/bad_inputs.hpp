#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

namespace shardwright {

/// Writes the tables.json of write_test_data() with these values of its first table, "user", and
/// with more text after its members.
void write_user_table(const std::string& data, const std::string& rows,
                      const std::string& dim = "12", const std::string& more = "");

/// An input on which no job may train.
struct BadInput {
  std::string name;
  std::string message;  ///< part of what all ranks must say
  /// Spoils the folder of write_test_data(); returns the plan file to train with, or "".
  std::function<std::string(const std::string& data)> spoil;
};

/// For jobs of four ranks.
std::vector<BadInput> bad_inputs();
inline std::ostream& operator<<(std::ostream& out, const BadInput& bad) { return out << bad.name; }

}  // namespace shardwright
