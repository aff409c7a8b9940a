/* carrier.h - the carrier's end of the parrot's session (tests/adapters/parrot.c), played
 * by a test: nothing here blocks, the test turns it. */
#ifndef TESTS_CARRIER_H
#define TESTS_CARRIER_H

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "check.h"
#include "net/transport.h"

enum { CARRIER_LINE_SIZE = 4096 };

struct carrier {
    int listener;
    uint16_t port;
    struct tls_server *tls; /* NULL: plain. */
    struct transport transport;
    bool connected, ended;
    struct buf in;
};

static inline void carrier_start(struct carrier *carrier, struct tls_server *tls)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    *carrier = (struct carrier){ .tls = tls, .transport.fd = -1 };
    buf_init(&carrier->in, 1 << 20);
    carrier->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    CHECK_FATAL(carrier->listener >= 0 &&
                bind(carrier->listener, (void *)&address, sizeof address) == 0 &&
                listen(carrier->listener, 8) == 0 &&
                getsockname(carrier->listener, (void *)&address, &size) == 0);
    carrier->port = ntohs(address.sin_port);
}

static inline void carrier_hang_up(struct carrier *carrier)
{
    transport_close(&carrier->transport);
    carrier->connected = carrier->ended = false;
    buf_clear(&carrier->in);
}

static inline void carrier_stop(struct carrier *carrier)
{
    carrier_hang_up(carrier);
    if (carrier->listener >= 0)
        close(carrier->listener);
    buf_finish(&carrier->in);
}

/* Accepts and reads what is there; never blocks. */
static inline void carrier_turn(struct carrier *carrier)
{
    char bytes[16384];
    size_t size = 0;
    if (!carrier->connected) {
        int fd = accept4(carrier->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        carrier->connected = transport_open(&carrier->transport, fd, carrier->tls);
        CHECK_FATAL(carrier->connected);
    }
    enum transport_end end;
    while ((end = transport_read(&carrier->transport, bytes, sizeof bytes, &size)) ==
           TRANSPORT_DONE)
        buf_add(&carrier->in, bytes, size);
    carrier->ended = end == TRANSPORT_EOF || end == TRANSPORT_FAILED;
}

/* The first whole frame without its head; false: none is there. */
static inline bool carrier_next(struct carrier *carrier, char ret[CARRIER_LINE_SIZE])
{
    const uint8_t *head = (const uint8_t *)carrier->in.ptr;
    if (carrier->in.size < 4)
        return false;
    size_t length = (size_t)head[0] << 24 | (size_t)head[1] << 16 |
                    (size_t)head[2] << 8 | head[3];
    CHECK_FATAL(length >= 4 && length < CARRIER_LINE_SIZE);
    if (carrier->in.size < length)
        return false;
    memcpy(ret, carrier->in.ptr + 4, length - 4);
    ret[length - 4] = '\0';
    buf_drop(&carrier->in, length);
    return true;
}

static inline void carrier_send(struct carrier *carrier, const void *bytes, size_t size)
{
    size_t sent = 0;
    while (size > 0) {
        enum transport_end end = transport_write(&carrier->transport, bytes, size,
                                                 &sent);
        CHECK_FATAL(end == TRANSPORT_DONE || end == TRANSPORT_WANTS_WRITE);
        if (end == TRANSPORT_DONE) {
            bytes = (const char *)bytes + sent;
            size -= sent;
        }
    }
}

static inline void carrier_say(struct carrier *carrier, const char *line)
{
    size_t length = strlen(line) + 4;
    char frame[CARRIER_LINE_SIZE];
    CHECK_FATAL(length < sizeof frame);
    frame[0] = (char)(length >> 24);
    frame[1] = (char)(length >> 16);
    frame[2] = (char)(length >> 8);
    frame[3] = (char)length;
    memcpy(frame + 4, line, length - 4);
    carrier_send(carrier, frame, length);
}

#endif
