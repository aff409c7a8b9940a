#include "cell/inside/start.h"

#include "base/slice.h"
#include "cell/inside/talk.h"

enum { ARG_NAME = 1, ARG_HOST, ARG_MEMORY, ARG_FILE_COUNT, ARG_FILES };

struct start start_read(int argc, char *const *argv)
{
    uint64_t host, memory, files;
    if (argc < ARG_FILES || !slice_u64(slice_of(argv[ARG_HOST]), &host) ||
        !slice_u64(slice_of(argv[ARG_MEMORY]), &memory) ||
        !slice_u64(slice_of(argv[ARG_FILE_COUNT]), &files) ||
        files > (uint64_t)(argc - ARG_FILES))
        talk_fail("this program is started by the host only");
    return (struct start){
        .name = argv[ARG_NAME],
        .host = (pid_t)host,
        .memory_bytes = memory,
        .file_count = files,
        .file_names = argv + ARG_FILES,
        .arguments = argv + ARG_FILES + files,
    };
}
