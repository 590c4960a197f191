#pragma once

/// Defined where one file can be compiled for an instruction set that the rest of the program does
/// not need.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define SHARDWRIGHT_X86_TARGETS
#endif
