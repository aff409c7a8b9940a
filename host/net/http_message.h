/* http_message.h - an HTTP request or reply as the rest of the host sees it.
 *
 * Everything is borrowed from the connection's or the call's memory until the exchange
 * is over. Header names are compared without case; a field that came several times is
 * several entries. */
#ifndef NET_HTTP_MESSAGE_H
#define NET_HTTP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/slice.h"

struct http_field {
    struct slice name;
    struct slice value;
};

/* The value of the first field of that name; the empty slice with NULL ptr if absent. */
struct slice http_field_of(const struct http_field *fields, size_t count,
                           const char *name);

/* Who is at the other end, as far as the transport knows. */
struct http_peer {
    bool is_unix; /* uid, gid, pid are from SO_PEERCRED. */
    uid_t uid;
    gid_t gid;
    pid_t pid;
    char address[64]; /* Numeric, with port. */
    bool is_tls;
    bool has_certificate; /* Checked against the configured CA. */
    char subject[256];    /* RFC 2253 form. */
    char fingerprint[65]; /* SHA-256 of the certificate, hex. */
};

struct http_request {
    struct slice method; /* "GET" */
    struct slice path;   /* Decoded of nothing: as sent, without the query. */
    struct slice query;  /* Without "?". */
    const struct http_field *fields;
    size_t field_count;
    struct slice body;
    const struct http_peer *peer;
    bool is_head; /* HEAD: handlers treat it as GET; the server drops the body. */
};

struct http_reply {
    int status;
    const struct http_field *fields; /* Without Content-Length, Date, Connection. */
    size_t field_count;
    struct slice body;
    bool no_compress; /* Bodies that hold a secret are never compressed (BREACH). */
};

#endif
