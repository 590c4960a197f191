#!/usr/bin/env bash
# LibTorch is taken from the prefix given, else from the active python3's torch, else from the system.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*"; exit 1; }

make_libtorch() {  # FOLDER: what the search looks for
  mkdir -p "$1"/{share/cmake/Torch,include/ATen,lib}
  touch "$1/share/cmake/Torch/TorchConfig.cmake" "$1/include/ATen/ATen.h" "$1"/lib/lib{torch,torch_cpu,c10}.so
}
make_libtorch "$work/given"
make_libtorch "$work/python/torch"
touch "$work/python/torch/__init__.py"
taken() {  # CMAKE OPTION …
  rm -rf "$work/build"
  cmake -S "$here/libtorch_order" -B "$work/build" -G Ninja "$@" 2>&1 | sed -n 's/^-- LibTorch: //p'
}
expect() {  # FOLDER CMAKE OPTION …
  local folder=$1
  shift
  case $(taken "$@") in
    "$folder"/*) ;;
    *) fail "with '$*' expected a LibTorch in $folder, found $(taken "$@")" ;;
  esac
}
with_python() { PYTHONPATH=$work/python "$@"; }

with_python expect "$work/given" -DTorch_DIR="$work/given/share/cmake/Torch"
with_python expect "$work/given" -DCMAKE_PREFIX_PATH="$work/given"
if command -v python3 >/dev/null; then
  with_python expect "$work/python/torch"
fi
if [ -e /usr/lib/"$(gcc -dumpmachine)"/cmake/Torch/TorchConfig.cmake ] && ! python3 -c 'import torch' 2>/dev/null; then
  expect /usr
fi
