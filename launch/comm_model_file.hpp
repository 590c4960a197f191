#pragma once

#include "costmodel/neural/comm_model.hpp"

#include <string>

namespace shardwright {

/// The shipped model of that name, else the model file. Throws InputError.
CommModel load_comm_model(const std::string& name_or_file);

}  // namespace shardwright
