#!/usr/bin/env bash
# Packs binaries of build/cuda so that they run on a machine that has a GPU and a python3 with LibTorch's CUDA
# wheel, but no MPI, no compiler and no network: gpu_pack/pack.tar.zst.
#   bash tests/gpu_pack.sh BINARY …        paths of programs, for example build/cuda/shardwright
# There:  tar xf gpu_pack/pack.tar.zst -C /tmp && source /tmp/pack/env.sh && bash tests/gpu.sh tests
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || { echo "usage: bash tests/gpu_pack.sh BINARY …" >&2; exit 2; }

out=gpu_pack
pack=$out/pack
arch=$(gcc -print-multiarch)
ompi=/usr/lib/$arch/openmpi/lib
pmix=/usr/lib/$arch/pmix2
rm -rf "$out"
mkdir -p "$pack"/{bin,lib/openmpi3,lib/pmix,share/openmpi}

for binary in "$@"; do
  install -m 755 "$binary" "$pack/bin/"
  strip --strip-unneeded "$pack/bin/$(basename "$binary")"
done
install -m 755 "$(readlink -f "$(command -v mpirun)")" "$pack/bin/mpirun"
cp -L /usr/share/openmpi/* "$pack/share/openmpi/" 2>/dev/null || true
[ ! -d "$pmix/share" ] || cp -rL "$pmix/share/." "$pack/share/"

# Plugins that a single host needs: none that drives a network card.
for plugin in "$ompi"/openmpi3/mca_*.so; do
  case $plugin in *ucx*|*_ofi*|*psm*|*openib*|*monitoring*|*romio*|*flux*|*slurm*|*gridengine*|*java*) continue ;; esac
  cp -L "$plugin" "$pack/lib/openmpi3/"
done
cp -L "$pmix"/lib/pmix/*.so "$pack/lib/pmix/"

# What the target has itself: glibc, the compiler's libraries, CUDA, LibTorch and what comes with it.
foreign='/(ld-linux[^/]*|libc|libm|libdl|libpthread|librt|libutil|libresolv|libstdc\+\+|libgcc_s|libgomp)\.so|torch|nvidia|/cuda|libcupti'
needed() { ldd "$@" 2>/dev/null | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p' | sort -u | grep -Ev "$foreign" || true; }
needed "$pack"/bin/* "$pack"/lib/openmpi3/*.so "$pack"/lib/pmix/*.so | while read -r library; do
  cp -L "$library" "$pack/lib/$(basename "$library")"
done
find "$pack/lib" -name '*.so*' -exec strip --strip-unneeded {} + 2>/dev/null || true

cat >"$pack/env.sh" <<'END'
# To be sourced (bash): lets the packed programs find their libraries, LibTorch, CUDA and Open MPI.
pack=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
torch=$(python3 -c 'import importlib.util as u; print(u.find_spec("torch").submodule_search_locations[0])') ||
  echo "env.sh: this python3 has no torch" >&2
libraries=$pack/lib:$torch/lib
for folder in "$torch"/../nvidia/*/lib; do [ ! -d "$folder" ] || libraries+=:$(cd "$folder" && pwd); done
for folder in /usr/local/cuda/lib64 /usr/local/cuda/extras/CUPTI/lib64; do
  [ ! -d "$folder" ] || libraries+=:$folder
done
export PATH=$pack/bin:$PATH LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export SHARDWRIGHT_PACK=$pack
# Where Open MPI and PMIx look for their parts instead of the folders they were built for.
export OPAL_PREFIX=$pack OPAL_LIBDIR=$pack/lib OPAL_PKGLIBDIR=$pack/lib/openmpi3 OPAL_BINDIR=$pack/bin
export OPAL_DATADIR=$pack/share OPAL_PKGDATADIR=$pack/share/openmpi OPAL_SYSCONFDIR=$pack/share/openmpi
export PMIX_PREFIX=$pack PMIX_LIBDIR=$pack/lib PMIX_PKGLIBDIR=$pack/lib/pmix
export PMIX_INSTALL_PREFIX=$pack PMIX_MCA_mca_base_component_path=$pack/lib/pmix
# A container: root, one host without ssh, little shared memory between processes.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_plm=isolated
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
export OMPI_MCA_btl=self,vader,tcp OMPI_MCA_btl_vader_single_copy_mechanism=none
export PMIX_MCA_gds=hash
END
install -m 644 tests/gpu.sh "$pack/gpu.sh" 2>/dev/null || true

tar -C "$out" -cf - pack | zstd -q -19 -T0 -o "$out/pack.tar.zst"
rm -rf "$pack"
printf 'gpu_pack: %s, %s KiB\n' "$out/pack.tar.zst" "$(du -k "$out/pack.tar.zst" | cut -f1)"
