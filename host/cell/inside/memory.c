#include "base/memory.h"

void memory_short(void)
{
}
