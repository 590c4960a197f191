#!/usr/bin/env bash
# `cmake --install` gives a program that runs without the build folder's help.
#   install.sh BUILD_DIR VERSION
set -euo pipefail
source_dir=$(cd "$(dirname "$0")/../.." && pwd)
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
cmake --install "$1" --prefix "$prefix" >/dev/null
cd /
said=$(env -i PATH=/usr/bin:/bin "$prefix/bin/shardwright" version)
echo "$said"
grep -qF "$2" <<<"$said"
for file in LICENSE THIRD_PARTY_NOTICES.md README.md; do
  test -s "$prefix/share/doc/shardwright/$file"
done
for file in torchrec_plan.py schemas/plan.schema.json; do
  test -s "$prefix/share/shardwright/$file"
done
# The terms of the data that is carried: GroupLens' allow no commercial use, and the README says so.
grep -qi 'no commercial' "$source_dir/README.md"
grep -qi 'commercial' "$source_dir/data/movielens_latest_small/README.md"
test -s "$source_dir/data/table_pool/LICENSE"
