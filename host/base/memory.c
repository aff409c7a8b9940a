#include "base/memory.h"

#include <unistd.h>

_Noreturn void memory_used_up(void)
{
    static const char line[] = "{\"level\":\"error\",\"event\":\"memory.used_up\"}\n";
    ssize_t written = write(STDERR_FILENO, line, sizeof line - 1);
    (void)written;
    _exit(MEMORY_EXIT);
}

void memory_short(void)
{
    memory_used_up();
}
