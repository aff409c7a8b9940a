/* minisign.h - checks detached minisign signatures (prehashed "ED" only) with OpenSSL.
 *
 * Layout and order of checks: docs/decisions on minisign. Key number, message, trusted
 * comment, in that order; nothing that matters is taken from the comment.
 *
 * Threads  Any. */
#ifndef CRYPTO_MINISIGN_H
#define CRYPTO_MINISIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct minisign_key {
    uint8_t number[8];
    uint8_t ed25519[32];
};

/* One line of base64, 42 bytes: the second line of a minisign public key file. */
bool minisign_key_read(struct slice base64, struct minisign_key *ret, struct err *err);

/* The key number of a signature file, so that the right key can be chosen. */
bool minisign_signer(struct slice signature_file, uint8_t ret_number[8],
                     struct err *err);

/* ERR_UNTRUSTED with a named reason: legacy algorithm, other key, wrong message, wrong
 * comment, malformed. */
bool minisign_check(const struct minisign_key *key, struct slice message,
                    struct slice signature_file, struct err *err);

#endif
