#!/usr/bin/env bash
# run.sh OUT [SHARDWRIGHT]: installs TorchRec into OUT/venv, plans the tasks with it (about 40
# minutes of one core), plans them with shardwright and prints the comparison.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:?run.sh OUT [SHARDWRIGHT]}
shardwright=${2:-$here/../../build/release/shardwright}
mkdir -p "$out"
if [ ! -x "$out/venv/bin/python" ]; then
  python3 -m venv "$out/venv"
  "$out/venv/bin/pip" install --quiet torch==2.11.0 torchrec==1.6.1
  # torchrec draws in the newest fbgemm-gpu, which does not match this torch.
  "$out/venv/bin/pip" uninstall --quiet --yes fbgemm-gpu
  "$out/venv/bin/pip" install --quiet --no-deps --force-reinstall fbgemm-gpu-cpu==1.6.0
fi
"$out/venv/bin/python" "$here/plan_with_torchrec.py" "$out"
python3 "$here/compare.py" "$out" --shardwright "$shardwright"
