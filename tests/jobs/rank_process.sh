# To be sourced: finds the processes of a job's ranks. Needs: job (the process of mpirun, which starts them as its
# children).

# Sets `victim` to the process of rank $1, if there is one yet.
find_process() {
  local pid variable children=""
  victim=""
  read -r children <"/proc/$job/task/$job/children" || true
  for pid in $children; do
    while IFS= read -r -d '' variable; do
      if [ "$variable" = "OMPI_COMM_WORLD_RANK=$1" ]; then victim=$pid; fi
    done <"/proc/$pid/environ" || true
  done
} 2>/dev/null

# Succeeds once no process has $1 in its command line any more; else, after 5 s, `left` (a file) has what is left.
none_left() {
  local tries
  for tries in $(seq 50); do
    if ! pgrep -f "$1" >left; then return 0; fi
    sleep 0.1
  done
  return 1
}
