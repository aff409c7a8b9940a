/* start.h - what the host tells a cell program on its command line.
 *
 *   esim-cell NAME HOST-PID MEMORY-BYTES FILE-COUNT [FILE-NAME...] [ARGUMENT...]
 *
 * Descriptor 3 is the socket; 4, 5, ... are the sealed memory files, in order. Their
 * file offset is shared with every cell of the same file: use mmap or pread. Written by
 * host/cell/spawn.c. There is no environment. */
#ifndef CELL_INSIDE_START_H
#define CELL_INSIDE_START_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct start {
    const char *name;      /* "atom 1.2.0" */
    pid_t host;            /* For lock_begin. */
    uint64_t memory_bytes; /* For lock_finish. */
    size_t file_count;
    char *const *file_names; /* File i is descriptor TALK_FILE_FD + i. */
    char *const *arguments;  /* Ends with NULL. */
};

/* Ends the process with WIRE_FAILED when the line is not of that form. */
struct start start_read(int argc, char *const *argv);

#endif
