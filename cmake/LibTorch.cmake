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
# pip's LibTorch brings headers of another fmt than the one we link: ours must be found first.
get_target_property(fmt_include fmt::fmt INTERFACE_INCLUDE_DIRECTORIES)
file(REAL_PATH ${LIBTORCH_INCLUDE_DIR} libtorch_include)
if(EXISTS ${libtorch_include}/fmt AND NOT libtorch_include STREQUAL fmt_include)
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/our_fmt)
  file(CREATE_LINK ${fmt_include}/fmt ${PROJECT_BINARY_DIR}/our_fmt/fmt SYMBOLIC)
  target_include_directories(shardwright::libtorch SYSTEM INTERFACE ${PROJECT_BINARY_DIR}/our_fmt)
endif()
target_include_directories(shardwright::libtorch SYSTEM INTERFACE
  ${LIBTORCH_INCLUDE_DIR} ${LIBTORCH_INCLUDE_DIR}/torch/csrc/api/include)
# pip's libtorch_cpu exports a std::filesystem of its own, which crashes: the system's must come first.
target_link_libraries(shardwright::libtorch INTERFACE stdc++)
set(libtorch_parts torch torch_cpu c10)
if(SHARDWRIGHT_CUDA)
  list(APPEND libtorch_parts torch_cuda c10_cuda)
endif()
foreach(part IN LISTS libtorch_parts)
  find_library(LIBTORCH_${part} ${part} NO_DEFAULT_PATH PATHS
    ${Torch_DIR}/../../../lib ${Torch_DIR}/../..)
  if(NOT LIBTORCH_${part})
    message(FATAL_ERROR "LibTorch at ${Torch_DIR} has no lib${part}.so")
  endif()
  target_link_libraries(shardwright::libtorch INTERFACE ${LIBTORCH_${part}})
endforeach()

if(SHARDWRIGHT_CUDA)
  target_link_options(shardwright::libtorch INTERFACE -Wl,--no-as-needed)  # libtorch.so loads libtorch_cuda.so
  # pip's LibTorch has its CUDA libraries beside it: take those, and the toolkit's only where it has none.
  # One NCCL in the process: an older one than LibTorch was built with lacks symbols it calls.
  cmake_path(SET nvidia NORMALIZE ${Torch_DIR}/../../../../nvidia)
  file(GLOB nvidia_libs ${nvidia}/*/lib)
  list(APPEND CMAKE_BUILD_RPATH ${nvidia_libs})
  list(APPEND CMAKE_INSTALL_RPATH ${nvidia_libs})
  file(STRINGS ${LIBTORCH_c10_cuda} cudart REGEX "^libcudart\\.so\\.")
  if(NOT cudart STREQUAL "libcudart.so.${CUDAToolkit_VERSION_MAJOR}")
    message(FATAL_ERROR "LibTorch needs ${cudart}, but nvcc is ${CUDAToolkit_VERSION}")
  endif()
  find_path(NCCL_INCLUDE_DIR nccl.h REQUIRED HINTS ${nvidia}/nccl/include ${CUDAToolkit_INCLUDE_DIRS})
  find_library(NCCL_LIBRARY NAMES nccl libnccl.so.2 NAMES_PER_DIR REQUIRED
    HINTS ${nvidia}/nccl/lib ${CUDAToolkit_LIBRARY_DIR})  # pip's has no libnccl.so link
  add_library(shardwright::nccl INTERFACE IMPORTED)
  target_include_directories(shardwright::nccl SYSTEM INTERFACE ${NCCL_INCLUDE_DIR})
  target_link_libraries(shardwright::nccl INTERFACE ${NCCL_LIBRARY})
endif()
