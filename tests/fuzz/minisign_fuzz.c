/* A signature file is read before anything is trusted. The first line of the input is
 * the key, the rest the signature of an empty message. */
#include <assert.h>
#include <stdint.h>

#include "base/slice.h"
#include "crypto/minisign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = ERR_INIT;
    struct minisign_key key = { .number = { 0 } };
    uint8_t number[8];
    struct slice rest = slice_bytes(data, size);
    struct slice first = slice_cut(&rest, '\n');
    bool known = minisign_key_read(first, &key, &err);
    bool signer = minisign_signer(rest, number, &err);
    bool good = minisign_check(&key, (struct slice){ NULL, 0 }, rest, &err);
    assert(!good || (known && signer));
    return 0;
}
