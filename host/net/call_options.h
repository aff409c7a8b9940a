/* call_options.h - a struct http_outgoing as options of a curl handle; private to net/.
 *
 * Threads  Any. */
#ifndef NET_CALL_OPTIONS_H
#define NET_CALL_OPTIONS_H

#include <curl/curl.h>

#include "net/http_client.h"

/* `body` is kept by the handle; `*ret_head` is to be freed after the handle, also on
 * failure. Refuses a URL with another scheme or with credentials, a field that could
 * split the request, and the fields that curl or the identity write. */
bool call_options_set(CURL *easy, const struct http_outgoing *outgoing,
                      const char *body, struct curl_slist **ret_head, struct err *err);

#endif
