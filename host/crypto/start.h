/* start.h - OpenSSL's own start, before anything of it is used. */
#ifndef CRYPTO_START_H
#define CRYPTO_START_H

#include <stdbool.h>

/* False: there was no memory for what every later call takes for granted. Once, before
 * there are threads. */
bool crypto_start(void);

#endif
