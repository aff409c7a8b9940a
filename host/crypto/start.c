#include "crypto/start.h"

#include <openssl/crypto.h>

/* Its start succeeds without a default context, and the first fetch would crash. */
bool crypto_start(void)
{
    return OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL) == 1 &&
           OSSL_LIB_CTX_get0_global_default() != NULL;
}
