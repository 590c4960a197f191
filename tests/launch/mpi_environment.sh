#!/usr/bin/env bash
# launch/mpi_environment.sh lets Open MPI's ranks read each other's memory where they may, and what the user has set stays.
#   mpi_environment.sh SHARDWRIGHT MPI_ENVIRONMENT
set -euo pipefail
real=$1
script=$2
variable=OMPI_MCA_btl_vader_single_copy_mechanism
unset $variable
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAILED: $*"; exit 1; }

printf '#!/bin/sh\necho "$*" >asked\nexit 0\n' >allowed
printf '#!/bin/sh\nexit 7\n' >forbidden
chmod +x allowed forbidden

# mechanism SHARDWRIGHT: what the variable is after the script, `unset` if it is not.
mechanism() {
  ranks=2 shardwright=$1 bash -c "set -eu; source '$script'; echo \"\${$variable:-unset}\""
}
[ "$(mechanism ./allowed)" = unset ] || fail "allowed, yet it is $(mechanism ./allowed)"
[ "$(cat asked)" = "doctor --single-copy" ] || fail "it asked for $(cat asked)"
[ "$(mechanism ./forbidden)" = none ] || fail "forbidden, yet it is $(mechanism ./forbidden)"
[ "$(mechanism ./missing)" = none ] || fail "it is $(mechanism ./missing) where nobody can be asked"
rm asked
for choice in cma none; do
  for program in allowed forbidden; do
    found=$(export $variable=$choice && mechanism ./$program)
    [ "$found" = $choice ] || fail "the user has set $choice, and it is $found"
  done
done
[ ! -e asked ] || fail "it asks although the user has chosen"

code=0
"$real" doctor --single-copy >said 2>&1 || code=$?
case $code in
  0) expected=unset ;;
  7) expected=none; grep -q "$variable=none" said || fail "no remedy in: $(cat said)" ;;
  *) cat said; fail "doctor --single-copy ends with $code" ;;
esac
[ "$(mechanism "$real")" = $expected ] || fail "doctor ends with $code, yet it is $(mechanism "$real")"
