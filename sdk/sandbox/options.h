/* options.h - the command line of esim-sandbox, as one struct.
 *
 * Texts are borrowed from argv. */
#ifndef SANDBOX_OPTIONS_H
#define SANDBOX_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

enum { OPTION_LIST_MAX = 32 };

struct option_list {
    const char *items[OPTION_LIST_MAX];
    size_t count;
};

struct sandbox_options {
    const char *side;
    const char *listen;
    const char *control; /* NULL: the control routes are on `listen` only. */
    const char *tls_dir; /* NULL with is_plain. */
    bool is_plain;
    const char *callback;
    int64_t latency_ms;
    int64_t ledger_mb;
    /* smdp; soap, smsc, mytel: stock, prefix and address too */
    struct option_list stock;      /* "TYPE=N" */
    struct option_list requesters; /* None: any. */
    const char *iccid_prefix;
    const char *smdp_address; /* "": left out of replies. */
    bool release_again_refused;
    /* soap */
    const char *user; /* NULL: no token is asked for. */
    const char *password;
    /* smsc; user and password are of its binds */
    const char *short_code; /* Messages to it are commands. */
    bool receipts_decimal;  /* Ids in receipts are decimal, and there are no TLVs. */
    /* mytel; user and password are a client and its secret */
    int64_t window;      /* Requests that may be unanswered at once. */
    int64_t heartbeat_s; /* After so much silence PING. */
    int64_t answer_s;    /* What takes longer is IN_PROGRESS. */
    /* graph */
    int64_t devices;            /* There from the start. */
    int64_t install_ms;         /* Until a device has done what it is asked. */
    int64_t token_s;            /* A token's life. */
    struct option_list clients; /* "ID=SECRET". None: any. */
};

/* False with ERR_INVALID when the command line is wrong. `ret_help` is set when help
 * was asked for. */
bool options_read(int argc, char **argv, struct sandbox_options *ret, bool *ret_help,
                  struct err *err);

void options_help(FILE *out);

#endif
