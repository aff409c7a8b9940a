/* status_text.h - the reason phrases of RFC 9110 15 and RFC 6585.
 *
 * Threads  Any. */
#ifndef NET_STATUS_TEXT_H
#define NET_STATUS_TEXT_H

/* "Not Found"; "" for a status without a phrase here (RFC 9112 4 allows none). */
const char *status_text(int status);

#endif
