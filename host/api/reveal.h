/* reveal.h - shows an activation code: the audit record first, then the code.
 *
 * Threads  The loop's. */
#ifndef API_REVEAL_H
#define API_REVEAL_H

struct call;

void reveal_qr(struct call *call);
void reveal_code(struct call *call);

#endif
