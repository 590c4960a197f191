#!/usr/bin/env bash
# launch/mpi_environment.sh and `launch` let Open MPI's ranks read each other's memory where they may, and what the user has
# set stays.
#   mpi_environment.sh SHARDWRIGHT MPI_ENVIRONMENT FORBID_READING
set -euo pipefail
real=$1
script=$2
forbid_reading=$3
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

# With the program itself: `launch` becomes an mpirun that says what it is told.
printf '#!/bin/sh\necho "${%s:-unset}"\n' $variable >mpirun
chmod +x mpirun
launched() { PATH=$work:$PATH "$@" launch -n 2 --mpi-version 4 -- doctor 2>said; }
code=0
"$real" doctor --single-copy >said 2>&1 || code=$?
case $code in
  0) expected=unset ;;
  7) expected=none ;;
  *) cat said; fail "doctor --single-copy ends with $code" ;;
esac
[ "$(mechanism "$real")" = $expected ] || fail "doctor ends with $code, yet it is $(mechanism "$real")"
[ "$(launched "$real")" = $expected ] || fail "doctor ends with $code, yet launch sets $(launched "$real")"

code=0
"$forbid_reading" true || code=$?
if [ $code -eq 77 ]; then
  echo "not tried where it is forbidden: it cannot be here"
  exit 0
fi
printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$forbid_reading" "$real" >confined
chmod +x confined
code=0
./confined doctor --single-copy >said 2>&1 || code=$?
[ $code -eq 7 ] && grep -q "$variable=none" said || { cat said; fail "confined, doctor --single-copy ends with $code"; }
[ "$(mechanism ./confined)" = none ] || fail "confined, it is $(mechanism ./confined)"
[ "$(launched ./confined)" = none ] || fail "confined, launch sets $(launched ./confined)"
[ "$(export $variable=cma && launched ./confined)" = cma ] || fail "launch changes what the user has set"
