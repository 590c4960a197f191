#pragma once

#include <gtest/gtest.h>

#include <string>

namespace shardwright {

/// The message of the ErrorType that `action` throws; fails the test if it throws none.
template <class ErrorType, class Action>
std::string refusal_of(const Action& action) {
  try {
    action();
  } catch (const ErrorType& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was refused";
  return "";
}

}  // namespace shardwright
