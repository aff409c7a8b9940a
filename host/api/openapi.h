/* openapi.h - OpenAPI 3.1 of every route, written from the rows.
 *
 * Threads  Any. */
#ifndef API_OPENAPI_H
#define API_OPENAPI_H

/* The document as JSON text; the caller frees it. NULL: no memory. */
char *openapi_create(void);

#endif
