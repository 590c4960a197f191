#pragma once

#include "runtime/comm/communicator.hpp"

// What every Communicator promises, checked on one rank with EXPECT_…; all ranks call the same
// function.
namespace shardwright::claims {

/// Blocks of uneven sizes, some empty, arrive whole and in place, several times in a row.
void delivers_blocks_of_any_size(Communicator& comm);
/// Several exchanges under way, with others that block between them, end in another order.
void delivers_what_was_begun(Communicator& comm);
void counts_what_goes_to_others(Communicator& comm);
void gathers_texts_in_rank_order(Communicator& comm);
/// Floats and doubles whose sum depends on the order; lengths 0, 1, below and above the ranks'.
void adds_in_rank_order(Communicator& comm);
void adds_pieces_in_rank_order(Communicator& comm);
void reduces_with_the_promised_bytes(Communicator& comm);
void success_stays_silent(Communicator& comm);
void failure_reaches_every_rank(Communicator& comm);
void common_failure_is_told_once(Communicator& comm);
void foreign_exceptions_get_a_code(Communicator& comm);

}  // namespace shardwright::claims
