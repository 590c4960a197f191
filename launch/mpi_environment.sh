# To be sourced: lets Open MPI's mpirun work in small and odd places (containers, root, few cores).
# Sets `mpirun_flags` for a run of `ranks` ranks, by the program that `shardwright` names (one on the path). What the user
# has set stays.

if [ "$(id -u)" -eq 0 ]; then  # both are needed: Open MPI asks twice
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
if ! command -v ssh >/dev/null; then  # otherwise mpirun stops, even with one host
  export OMPI_MCA_plm=${OMPI_MCA_plm:-isolated}
fi
# Containers often forbid one process to read another's memory, which Open MPI does not find out: it then warns at every
# message. So it is tried. Without a program that can, it counts as forbidden.
if [ -z "${OMPI_MCA_btl_vader_single_copy_mechanism:-}" ] && ! "${shardwright:-shardwright}" doctor --single-copy >/dev/null 2>&1; then
  export OMPI_MCA_btl_vader_single_copy_mechanism=none
fi
shm_free_kib=$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1)
if [ "${shm_free_kib:-0}" -lt 32768 ]; then  # too little for shared-memory messages: use the loopback
  export OMPI_MCA_btl=${OMPI_MCA_btl:-self,tcp}
fi

mpirun_flags=()
cores=$(lscpu --parse=CORE,SOCKET | grep -v '^#' | sort -u | wc -l)
if [ "$cores" -lt "$ranks" ]; then mpirun_flags+=(--oversubscribe); fi
