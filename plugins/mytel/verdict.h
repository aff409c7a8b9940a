/* verdict.h - what a code of the carrier means for an operation (PROTOCOL.md 9). */
#ifndef MYTEL_VERDICT_H
#define MYTEL_VERDICT_H

#include <stdint.h>

#include "esim/abi.h"

struct verdict {
    uint16_t code;
    esim_outcome outcome; /* Never ESIM_DONE. */
    const char *name;     /* "stock_empty" */
    const char *wire;     /* "STOCK_EMPTY" */
    const char *message;  /* One sentence, without format directives. */
};

/* The row of a code above IN_PROGRESS; of a code that is not known, its class's. */
const struct verdict *mytel_verdict(uint16_t code);

#endif
