/* accept.h - which of the media types that we have does the client want (RFC 9110
 * 12.5.1)?
 *
 * Pure. Threads: any. */
#ifndef API_ACCEPT_H
#define API_ACCEPT_H

/* `types` ends with NULL, best first. `accept` NULL: anything. The index, or -1. */
int accept_choose(const char *accept, const char *const *types);

#endif
