#!/usr/bin/env bash
# Installs the Debian packages that building, running and testing need: those that are missing, no others.
#   bash launch/install_packages.sh            what the build, the runs and the tests need
#   bash launch/install_packages.sh PACKAGE …  these packages instead
set -euo pipefail

packages=(
  g++ cmake ninja-build ccache                                        # build
  libopenmpi-dev openmpi-bin libtorch-dev libopenblas0-pthread        # runtime (the reference BLAS is 20x slower)
  libmicrohttpd-dev                                                   # runtime: the port of --metrics-port
  zlib1g-dev                                                          # runtime: numpy's compressed arrays
  nlohmann-json3-dev libcli11-dev libfmt-dev                          # everything
  libgtest-dev libgmock-dev librapidcheck-dev libbenchmark-dev)        # tests
[ $# -eq 0 ] || packages=("$@")

if ! command -v apt-get >/dev/null; then
  echo "install_packages: no apt-get here; going on in the hope that the equivalents of these are installed:" \
    "${packages[*]}" >&2
  exit 0
fi

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "install_packages: these Debian packages are missing, and installing them needs root or sudo." \
      "Run as root: apt-get install ${missing[*]}" >&2
    exit 5
  fi
  as_root=(sudo)
fi

echo "install_packages: installing ${missing[*]}" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" >"$log" 2>&1 || {
    cat "$log" >&2
    echo "install_packages: apt-get $1 failed (its words are above)." >&2
    exit 5
  }
}
apt update
apt install --yes --no-install-recommends "${missing[@]}"
