# Defines shardwright::libtorch. LibTorch is looked for in this order: Torch_DIR or CMAKE_PREFIX_PATH,
# the active python3's torch, the system. find_package(Torch) is avoided on purpose: with two LibTorches
# on one machine it mixes the headers of one with the libraries of the other.
if(NOT Torch_DIR)
  execute_process(COMMAND python3 -c
    "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] + '/share/cmake' if s else '', end='')"
    OUTPUT_VARIABLE python_torch ERROR_QUIET)
endif()
find_path(Torch_DIR TorchConfig.cmake REQUIRED HINTS ${python_torch} PATH_SUFFIXES
  Torch share/cmake/Torch lib/${CMAKE_LIBRARY_ARCHITECTURE}/cmake/Torch)
message(STATUS "LibTorch: ${Torch_DIR}")
# Torch_DIR is <prefix>/share/cmake/Torch (pip, zip) or <prefix>/lib/<arch>/cmake/Torch (Debian).
find_path(LIBTORCH_INCLUDE_DIR ATen/ATen.h REQUIRED NO_DEFAULT_PATH PATHS
  ${Torch_DIR}/../../../include ${Torch_DIR}/../../../../include)
add_library(shardwright::libtorch INTERFACE IMPORTED)
target_include_directories(shardwright::libtorch SYSTEM INTERFACE
  ${LIBTORCH_INCLUDE_DIR} ${LIBTORCH_INCLUDE_DIR}/torch/csrc/api/include)
foreach(part IN ITEMS torch torch_cpu c10)
  find_library(LIBTORCH_${part} ${part} NO_DEFAULT_PATH PATHS
    ${Torch_DIR}/../../../lib ${Torch_DIR}/../..)
  if(NOT LIBTORCH_${part})
    message(FATAL_ERROR "LibTorch at ${Torch_DIR} has no lib${part}.so")
  endif()
  target_link_libraries(shardwright::libtorch INTERFACE ${LIBTORCH_${part}})
endforeach()
