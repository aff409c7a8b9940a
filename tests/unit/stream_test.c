/* Kept connections, TCP and TLS, against the other end played by the test. */
#include "net/stream.h"

#include <stdlib.h>

#include "carrier.h"
#include "tls_files.h"

enum { PATIENCE_MS = 20000, MUCH = 600000 };

struct world {
    struct loop *loop;
    struct loop_timer *patience;
    bool late;
    struct carrier peer;
    struct stream *stream;
    struct stream_place place;
    struct buf got;
    unsigned opened, closed;
    bool close_at_bytes;
    struct err why;
};

/* ---- what the stream says ---- */

static void on_opened(void *arg)
{
    ((struct world *)arg)->opened++;
}

static void on_bytes(void *arg, struct slice bytes)
{
    struct world *world = arg;
    CHECK(bytes.size > 0);
    buf_add_slice(&world->got, bytes);
    if (world->close_at_bytes)
        stream_close(&world->stream);
}

static void on_closed(void *arg, const struct err *why)
{
    struct world *world = arg;
    world->closed++;
    world->why = *why;
    stream_close(&world->stream);
}

static void on_late(void *arg)
{
    ((struct world *)arg)->late = true;
}

/* ---- a world ---- */

static struct world *world_start(struct tls_server *tls)
{
    struct err err = ERR_INIT;
    struct world *world = calloc(1, sizeof *world);
    CHECK_FATAL(world != NULL);
    world->loop = loop_create(&err);
    CHECK_FATAL(world->loop != NULL);
    world->patience = loop_timer_create(world->loop, on_late, world);
    carrier_start(&world->peer, tls);
    buf_init(&world->got, 8 << 20);
    world->place = (struct stream_place){ .host = "127.0.0.1",
                                          .port = world->peer.port,
                                          .allow_private = true,
                                          .connect_ms = 10000,
                                          .queue_bytes = 1 << 20 };
    return world;
}

static void world_open(struct world *world)
{
    const struct stream_events events = { on_opened, on_bytes, on_closed, world };
    struct err err = ERR_INIT;
    world->stream = stream_open(world->loop, &world->place, &events, &err);
    CHECK_TEXT(err.text, "");
    CHECK_FATAL(world->stream != NULL);
}

static void world_end(struct world *world)
{
    CHECK(!world->late);
    stream_close(&world->stream);
    carrier_stop(&world->peer);
    loop_timer_destroy(&world->patience);
    loop_destroy(&world->loop);
    buf_finish(&world->got);
    free(world);
}

static bool turn(struct world *world)
{
    carrier_turn(&world->peer);
    struct timeval soon = { .tv_usec = 1000 };
    event_base_loopexit(loop_base(world->loop), &soon);
    event_base_loop(loop_base(world->loop), EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY);
    return !world->late;
}

#define UNTIL(world, condition)                                              \
    do {                                                                     \
        loop_timer_set((world)->patience, PATIENCE_MS);                      \
        while (!(condition) && turn(world))                                  \
            ;                                                                \
        if (!(condition))                                                    \
            fprintf(stderr, "%s:%d: in vain: %s (%s)\n", __FILE__, __LINE__, \
                    #condition, (world)->why.text);                          \
        CHECK_FATAL(condition);                                              \
    } while (0)

static struct world *world_connected(void)
{
    struct world *world = world_start(NULL);
    world_open(world);
    UNTIL(world, world->opened == 1 && world->peer.connected);
    return world;
}

/* Opening fails with this code. */
static void fails(struct world *world, enum err_code code, const char *words)
{
    world_open(world);
    UNTIL(world, world->closed == 1);
    CHECK_INT(world->why.code, code);
    if (strstr(world->why.text, words) == NULL)
        CHECK_TEXT(world->why.text, words);
    CHECK_INT(world->opened, 0);
    world_end(world);
}

static char *much(void)
{
    char *bytes = malloc(MUCH);
    CHECK_FATAL(bytes != NULL);
    for (size_t i = 0; i < MUCH; i++)
        bytes[i] = (char)(i * 7 + i / 251);
    return bytes;
}

/* ---- opening ---- */

static void a_closed_port_is_unavailable(void)
{
    struct world *world = world_start(NULL);
    close(world->peer.listener);
    world->peer.listener = -1;
    fails(world, ERR_UNAVAILABLE, "refused");
}

/* DNS decides where a name leads; it must not lead into the host's own network. */
static void an_address_that_is_not_public_is_denied_unless_allowed(void)
{
    static const char *const hosts[] = { "127.0.0.1", "localhost", "10.1.2.3", "::1" };
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        struct world *world = world_start(NULL);
        world->place.host = hosts[i];
        world->place.allow_private = false;
        fails(world, ERR_DENIED, "to no address that may be used");
    }
}

static void a_name_is_looked_up_off_the_loop(void)
{
    struct world *world = world_start(NULL);
    world->place.host = "localhost";
    world_open(world);
    UNTIL(world, world->opened == 1);
    world_end(world);
}

static void a_name_that_is_none_is_unavailable(void)
{
    struct world *world = world_start(NULL);
    world->place.host = "no..name";
    fails(world, ERR_UNAVAILABLE, "looking up no..name");
}

/* At every turn of the opening, also while the name is being looked up. */
static void a_stream_may_be_closed_at_any_time(void)
{
    for (int turns = 0; turns < 12; turns++) {
        struct world *world = world_start(NULL);
        world->place.host = turns % 2 == 0 ? "localhost" : "127.0.0.1";
        world_open(world);
        for (int i = 0; i < turns / 2; i++)
            CHECK(turn(world));
        world_end(world);
    }
}

static void one_deadline_covers_the_whole_opening(void)
{
    struct tls_files files;
    tls_files_start(&files);
    struct tls_path ca = tls_file(&files, "ca", "pem");
    struct world *world = world_start(NULL); /* It never speaks TLS. */
    world->place.tls = true;
    world->place.ca_file = ca.text;
    world->place.connect_ms = 60;
    fails(world, ERR_TIMEOUT, "took too long");
    tls_files_stop(&files);
}

/* ---- bytes ---- */

static void bytes_go_both_ways_in_order(void)
{
    struct world *world = world_connected();
    char *bytes = much();
    CHECK(stream_write(world->stream, slice_bytes(bytes, MUCH / 2)));
    CHECK(stream_write(world->stream, slice_bytes(bytes + MUCH / 2, MUCH / 2)));
    UNTIL(world, world->peer.in.size == MUCH);
    CHECK(memcmp(world->peer.in.ptr, bytes, MUCH) == 0);
    CHECK_INT(stream_queued(world->stream), 0);
    carrier_send(&world->peer, bytes, 100000);
    UNTIL(world, world->got.size == 100000);
    CHECK(memcmp(world->got.ptr, bytes, 100000) == 0);
    free(bytes);
    world_end(world);
}

static void a_paused_stream_reads_nothing_and_loses_nothing(void)
{
    struct world *world = world_connected();
    char *bytes = much();
    stream_pause(world->stream, true);
    carrier_send(&world->peer, bytes, 50000);
    for (int i = 0; i < 20; i++)
        CHECK(turn(world));
    CHECK_INT(world->got.size, 0);
    stream_pause(world->stream, false);
    UNTIL(world, world->got.size == 50000);
    free(bytes);
    world_end(world);
}

static void the_queue_has_a_limit(void)
{
    struct world *world = world_start(NULL);
    char *bytes = much();
    world->place.queue_bytes = 1000;
    world_open(world);
    CHECK(!stream_write(world->stream, slice_bytes(bytes, 1))); /* Not open yet. */
    UNTIL(world, world->opened == 1);
    CHECK(stream_write(world->stream, slice_bytes(bytes, 600)));
    CHECK(!stream_write(world->stream, slice_bytes(bytes, 401)));
    CHECK(stream_write(world->stream, slice_bytes(bytes + 600, 400)));
    UNTIL(world, world->peer.in.size == 1000);
    CHECK(memcmp(world->peer.in.ptr, bytes, 1000) == 0);
    free(bytes);
    world_end(world);
}

/* ---- the end ---- */

static void an_end_sends_what_is_queued_first(void)
{
    struct world *world = world_connected();
    char *bytes = much();
    CHECK(stream_write(world->stream, slice_bytes(bytes, MUCH)));
    stream_end(world->stream);
    CHECK(!stream_write(world->stream, slice_bytes(bytes, 1)));
    UNTIL(world, world->peer.ended);
    CHECK_INT(world->peer.in.size, MUCH);
    carrier_hang_up(&world->peer);
    UNTIL(world, world->closed == 1);
    CHECK_INT(world->why.code, ERR_NONE);
    free(bytes);
    world_end(world);
}

static void an_end_does_not_wait_for_ever(void)
{
    struct world *world = world_connected();
    stream_end(world->stream);
    UNTIL(world, world->closed == 1); /* The other side never closes. */
    CHECK_INT(world->why.code, ERR_NONE);
    world_end(world);
}

static void a_stream_may_end_before_it_is_open(void)
{
    struct world *world = world_start(NULL);
    world->place.host = "localhost";
    world_open(world);
    stream_end(world->stream);
    UNTIL(world, world->closed == 1);
    CHECK_INT(world->why.code, ERR_NONE);
    CHECK_INT(world->opened, 0);
    world_end(world);
}

static void the_other_sides_end_is_told(void)
{
    struct world *world = world_connected();
    carrier_send(&world->peer, "last", 4);
    carrier_hang_up(&world->peer);
    UNTIL(world, world->closed == 1);
    CHECK_INT(world->why.code, ERR_IO);
    CHECK_TEXT(world->got.ptr, "last");
    world_end(world);
}

static void a_stream_may_be_closed_by_what_it_brings(void)
{
    struct world *world = world_connected();
    world->close_at_bytes = true;
    carrier_send(&world->peer, "x", 1);
    UNTIL(world, world->stream == NULL);
    UNTIL(world, world->peer.ended);
    CHECK_INT(world->closed, 0);
    world_end(world);
}

/* ---- TLS ---- */

struct tls_world {
    struct tls_files files;
    struct tls_path ca, other, cert, key, client, client_key;
    struct tls_server *server;
    struct world *world;
};

static void tls_start(struct tls_world *tls, bool client_required)
{
    struct err err = ERR_INIT;
    tls_files_start(&tls->files);
    tls->ca = tls_file(&tls->files, "ca", "pem");
    tls->other = tls_file(&tls->files, "other_ca", "pem");
    tls->cert = tls_file(&tls->files, "server", "pem");
    tls->key = tls_file(&tls->files, "server", "key");
    tls->client = tls_file(&tls->files, "client", "pem");
    tls->client_key = tls_file(&tls->files, "client", "key");
    tls->server = tls_server_create(tls->cert.text, tls->key.text,
                                    client_required ? tls->ca.text : NULL,
                                    client_required, &err);
    CHECK_FATAL(tls->server != NULL);
    tls->world = world_start(tls->server);
    tls->world->place.tls = true;
    tls->world->place.ca_file = tls->ca.text;
}

static void tls_end(struct tls_world *tls)
{
    tls_server_destroy(&tls->server);
    tls_files_stop(&tls->files);
}

static void tls_carries_bytes_both_ways(void)
{
    static const char *const hosts[] = { "127.0.0.1", "localhost" };
    for (int i = 0; i < 2; i++) {
        struct tls_world tls;
        tls_start(&tls, false);
        struct world *world = tls.world;
        char *bytes = much();
        world->place.host = hosts[i];
        world_open(world);
        UNTIL(world, world->opened == 1);
        CHECK(stream_write(world->stream, slice_bytes(bytes, MUCH)));
        UNTIL(world, world->peer.in.size == MUCH);
        CHECK(memcmp(world->peer.in.ptr, bytes, MUCH) == 0);
        carrier_send(&world->peer, bytes, 100000);
        UNTIL(world, world->got.size == 100000);
        CHECK(memcmp(world->got.ptr, bytes, 100000) == 0);
        stream_pause(world->stream, true);
        carrier_send(&world->peer, bytes, 20000);
        for (int turns = 0; turns < 5; turns++)
            CHECK(turn(world));
        stream_pause(world->stream, false);
        UNTIL(world, world->got.size == 120000);
        free(bytes);
        world_end(world);
        tls_end(&tls);
    }
}

static void an_unknown_authority_is_not_trusted(void)
{
    struct tls_world tls;
    tls_start(&tls, false);
    tls.world->place.ca_file = tls.other.text;
    fails(tls.world, ERR_UNTRUSTED, "certificate");
    tls_end(&tls);
}

/* The certificate is for 127.0.0.1 and localhost. */
static void a_certificate_for_another_host_is_not_trusted(void)
{
    struct tls_world tls;
    tls_start(&tls, false);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1) };
    socklen_t size = sizeof address;
    close(tls.world->peer.listener);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    tls.world->peer.listener = fd;
    CHECK_FATAL(bind(fd, (void *)&address, sizeof address) == 0 && listen(fd, 8) == 0 &&
                getsockname(fd, (void *)&address, &size) == 0);
    tls.world->place.host = "127.0.0.2";
    tls.world->place.port = ntohs(address.sin_port);
    fails(tls.world, ERR_UNTRUSTED, "certificate");
    tls_end(&tls);
}

/* In TLS 1.3 the refusal may come after our side is done. */
static void a_server_that_wants_a_certificate_refuses_us_without(void)
{
    struct tls_world tls;
    tls_start(&tls, true);
    world_open(tls.world);
    UNTIL(tls.world, tls.world->closed == 1);
    CHECK(tls.world->why.code != ERR_NONE);
    world_end(tls.world);
    tls_end(&tls);
}

static void a_client_certificate_is_shown(void)
{
    struct tls_world tls;
    tls_start(&tls, true);
    tls.world->place.cert_file = tls.client.text;
    tls.world->place.key_file = tls.client_key.text;
    world_open(tls.world);
    UNTIL(tls.world, tls.world->opened == 1);
    CHECK(stream_write(tls.world->stream, SLICE_LITERAL("hello")));
    UNTIL(tls.world, tls.world->peer.in.size == 5);
    world_end(tls.world);
    tls_end(&tls);
}

static void files_that_cannot_be_read_are_told_at_once(void)
{
    const struct stream_events events = { on_opened, on_bytes, on_closed, NULL };
    struct world *world = world_start(NULL);
    struct err err = ERR_INIT;
    world->place.tls = true;
    world->place.ca_file = "/nonexistent/ca.pem";
    CHECK(stream_open(world->loop, &world->place, &events, &err) == NULL);
    CHECK(strstr(err.text, "/nonexistent/ca.pem") != NULL);
    world_end(world);
}

TESTS("stream", CASE(a_closed_port_is_unavailable),
      CASE(an_address_that_is_not_public_is_denied_unless_allowed),
      CASE(a_name_is_looked_up_off_the_loop), CASE(a_name_that_is_none_is_unavailable),
      CASE(a_stream_may_be_closed_at_any_time),
      CASE(one_deadline_covers_the_whole_opening), CASE(bytes_go_both_ways_in_order),
      CASE(a_paused_stream_reads_nothing_and_loses_nothing),
      CASE(the_queue_has_a_limit), CASE(an_end_sends_what_is_queued_first),
      CASE(an_end_does_not_wait_for_ever), CASE(a_stream_may_end_before_it_is_open),
      CASE(the_other_sides_end_is_told), CASE(a_stream_may_be_closed_by_what_it_brings),
      CASE(tls_carries_bytes_both_ways), CASE(an_unknown_authority_is_not_trusted),
      CASE(a_certificate_for_another_host_is_not_trusted),
      CASE(a_server_that_wants_a_certificate_refuses_us_without),
      CASE(a_client_certificate_is_shown),
      CASE(files_that_cannot_be_read_are_told_at_once))
