#pragma once

namespace shardwright {

/// Whether a process here may read the memory of one that it has not started (process_vm_readv), by
/// which Open MPI copies large messages between ranks of a node once instead of twice. Tries it: a
/// forked process reads a value of this one. False too if no process can be forked. Blocks until it
/// has ended. Not to be called while other threads run.
bool can_read_other_process();

/// Tells Open MPI (its variable OMPI_MCA_btl_vader_single_copy_mechanism) to do without where
/// `can_read` is false: it looks at the kernel's settings alone, and complains at every message if
/// a container forbids what they allow. What the user has set stays.
void choose_single_copy(bool can_read);

}  // namespace shardwright
