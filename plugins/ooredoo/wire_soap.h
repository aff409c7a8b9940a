/* wire_soap.h - SOAP 1.1 and 1.2 over HTTP: envelopes out, envelopes and faults in.
 *
 * Sources: W3C Note SOAP 1.1 (2000) sections 4 to 6; SOAP 1.2 Part 1 sections 5.1 to
 * 5.4, Part 2 section 7; RFC 3902 (application/soap+xml). Names are matched by namespace
 * URI; prefixes mean nothing. */
#ifndef OOREDOO_WIRE_SOAP_H
#define OOREDOO_WIRE_SOAP_H

#include <stdbool.h>

#include "wire_xml.h"

#define SOAP_11_SPACE "http://schemas.xmlsoap.org/soap/envelope/"
#define SOAP_12_SPACE "http://www.w3.org/2003/05/soap-envelope"
#define SOAP_PREFIX   "soap" /* In what we write. */

enum soap_version { SOAP_11, SOAP_12, SOAP_VERSION_COUNT };
enum { SOAP_FAULT_CODES = 4 };

/* From the general to the particular: Sender, then its subcodes; of SOAP 1.1 the parts
 * between dots ("Client.Authentication"). Local names; a code of a namespace other than
 * SOAP's and WS-Security's is left out, since the same name may mean another thing. */
struct soap_fault {
    const char *codes[SOAP_FAULT_CODES];
    unsigned code_count;
    xmlNode *detail; /* NULL: none. */
};

struct soap_reply {
    xmlDoc *doc;
    enum soap_version version;
    xmlNode *body;
    bool is_fault;
    struct soap_fault fault;
};

const char *soap_space(enum soap_version version);

/* The whole message; `header` and `body` are well-formed pieces. {NULL, 0}: memory. */
struct esim_bytes soap_envelope(enum soap_version version, struct esim_bytes header,
                                struct esim_bytes body);

/* Content-Type of a request, with the action in it for 1.2. */
const char *soap_content_type(enum soap_version version, const char *action);
/* Value of the SOAPAction field, with its quotes; NULL for 1.2, which has none. */
const char *soap_action(enum soap_version version, const char *action);

/* False when the bytes are not a SOAP message; else soap_reply_finish afterwards. The
 * nodes live until then. */
bool soap_reply_read(struct esim_bytes bytes, struct soap_reply *ret);
void soap_reply_finish(struct soap_reply *reply);

#endif
