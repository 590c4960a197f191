#!/usr/bin/env bash
# Installs the LibTorch that the `cuda` preset builds with, and NCCL, from Python wheels into build/cuda_python: what
# the CUDA toolkit has itself is left out. Prints the folder for -DTorch_DIR=. Exit status 77, with the reason on
# stderr, where there is no nvcc.
#   cmake --preset cuda -DTorch_DIR="$(bash launch/install_cuda_libtorch.sh)"
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v nvcc >/dev/null; then
  echo "install_cuda_libtorch: there is no nvcc on the PATH: install the CUDA toolkit 13." >&2
  exit 77
fi
wheels=(torch==2.11.0 nvidia-nccl-cu13==2.28.9 nvidia-cusparselt-cu13==0.8.0 nvidia-nvshmem-cu13==3.4.5
  nvidia-cufile==1.15.1.6)

venv=build/cuda_python
done_mark=$venv/wheels
if [ "$(cat "$done_mark" 2>/dev/null)" != "${wheels[*]}" ]; then
  python3 -m venv "$venv" >&2
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-deps "${wheels[@]}" >&2
  echo "${wheels[*]}" >"$done_mark"
fi
echo "$PWD"/$venv/lib/python3*/site-packages/torch/share/cmake/Torch
