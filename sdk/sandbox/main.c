/* esim-sandbox: one side, one loop, until SIGTERM. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/json.h"
#include "base/log.h"
#include "control.h"
#include "delay.h"
#include "fault.h"
#include "ledger.h"
#include "line.h"
#include "sandbox.h"

enum { DRAIN_MS = 2000, PATH_SIZE = 4096, ADDRESS_SIZE = 64 };

static const struct http_limits http_limits = {
    .head_bytes = 16 << 10,
    .body_bytes = 512 << 10, /* A script is 200 KiB, and a third more as base64. */
    .headers = 64,
    .pipeline = 64,
    .connections = 20000,
    .gzip_bytes = (size_t)-1,
    .head_ms = 10000,
    .request_ms = 30000,
    .idle_ms = 300000,
    .write_ms = 30000,
};
static const struct http_client_limits client_limits = { 1000, 1000 };

/* All that main owns. */
struct program {
    struct sandbox_options options;
    struct sandbox sandbox;
    const struct sandbox_side *side;
    void *state;
    struct http_identity identity;
    char ca[PATH_SIZE], cert[PATH_SIZE], key[PATH_SIZE];
    char carrier_cert[PATH_SIZE], carrier_key[PATH_SIZE];
    struct tls_server *tls;
    struct http_server *server;
    struct line_server *lines; /* Instead of `server`. */
    struct http_server *control;
    struct event *term, *interrupt;
};

static void on_request(struct http_exchange *exchange, void *arg)
{
    struct program *program = arg;
    control_serve(&program->sandbox, program->side, program->state, exchange);
}

static const struct sandbox_side *side_of(const char *name)
{
    for (size_t i = 0; i < sandbox_side_count; i++)
        if (strcmp(sandbox_sides[i]->name, name) == 0)
            return sandbox_sides[i];
    return NULL;
}

static void path_in(const char *folder, const char *file, char ret[PATH_SIZE])
{
    int size = snprintf(ret, PATH_SIZE, "%s/%s", folder, file);
    if (size < 0 || size >= PATH_SIZE)
        ret[0] = '\0'; /* Opening it fails, and names the setting. */
}

static bool open_tls(struct program *program, struct err *err)
{
    const char *folder = program->options.tls_dir;
    program->identity = (struct http_identity){ .allow_private = true };
    program->sandbox.identity = &program->identity;
    if (program->options.is_plain)
        return true;
    path_in(folder, "ca.pem", program->ca);
    path_in(folder, "server.pem", program->cert);
    path_in(folder, "server.key", program->key);
    path_in(folder, "carrier.pem", program->carrier_cert);
    path_in(folder, "carrier.key", program->carrier_key);
    program->identity.ca_file = program->ca;
    program->identity.cert_file = program->carrier_cert;
    program->identity.key_file = program->carrier_key;
    const char *ca = program->side->takes_strangers ? NULL : program->ca;
    program->tls = tls_server_create(program->cert, program->key, ca, ca != NULL, err);
    return program->tls != NULL;
}

static bool open_shared(struct program *program, struct err *err)
{
    struct sandbox *sandbox = &program->sandbox;
    const char *callback = program->options.callback;
    sandbox->options = &program->options;
    if (!slice_copy(slice_of(callback), sandbox->callback, SANDBOX_URL_SIZE))
        return err_field(err, "callback", "expected at most %d characters",
                         SANDBOX_URL_SIZE - 1);
    sandbox->loop = loop_create(err);
    if (sandbox->loop == NULL)
        return false;
    sandbox->ledger = ledger_create((size_t)program->options.ledger_mb << 20);
    sandbox->faults = faults_create();
    sandbox->delays = delays_create(sandbox->loop);
    sandbox->client = http_client_create(sandbox->loop, &client_limits, err);
    if (sandbox->ledger == NULL || sandbox->faults == NULL || sandbox->delays == NULL)
        return err_set(err, ERR_LIMIT, "no memory");
    return sandbox->client != NULL;
}

static bool listen_at(struct program *program, const char *address,
                      struct tls_server *tls, struct http_server **ret,
                      char ret_address[ADDRESS_SIZE], struct err *err)
{
    *ret = http_server_create(program->sandbox.loop, &http_limits, on_request, program,
                              err);
    return *ret != NULL && http_server_listen(*ret, address, tls, ret_address, err);
}

/* Where the carrier is: kept connections or HTTP, as the side wants it. */
static bool listen_for_host(struct program *program, char ret_address[ADDRESS_SIZE],
                            struct err *err)
{
    const char *address = program->options.listen;
    if (program->side->line == NULL)
        return listen_at(program, address, program->tls, &program->server, ret_address,
                         err);
    program->lines = line_server_create(program->sandbox.loop, program->side->line,
                                        program->state, address, program->tls,
                                        ret_address, err);
    return program->lines != NULL;
}

/* Tells who started us where to connect. */
static bool announce(const struct program *program, const char *address,
                     const char *control)
{
    json_t *line = json_object();
    json_put_text(line, "side", program->side->name);
    json_put_text(line, "address", address);
    if (program->control != NULL)
        json_put_text(line, "control", control);
    struct buf text;
    buf_init(&text, PATH_SIZE);
    json_write(line, &text);
    bool ok = buf_ok(&text) && printf("%s\n", text.ptr) > 0 && fflush(stdout) == 0;
    buf_finish(&text);
    json_decref(line);
    return ok;
}

static bool open_all(struct program *program, struct err *err)
{
    char address[ADDRESS_SIZE] = "", control[ADDRESS_SIZE] = "";
    program->side = side_of(program->options.side);
    if (program->side == NULL)
        return err_set(err, ERR_INVALID, "no side is called %s", program->options.side);
    if (!open_shared(program, err) || !open_tls(program, err) ||
        !program->side->open(&program->sandbox, &program->state, err) ||
        !listen_for_host(program, address, err))
        return false;
    if (program->options.control != NULL &&
        !listen_at(program, program->options.control, NULL, &program->control, control,
                   err))
        return false;
    return announce(program, address, control) ||
           err_set(err, ERR_IO, "writing the address to standard output");
}

static void on_drained(void *arg)
{
    struct program *program = arg;
    loop_stop(program->sandbox.loop);
}

/* What still waits for its delay is answered now: nobody is left without an answer. */
static void on_signal(evutil_socket_t fd, short what, void *arg)
{
    struct program *program = arg;
    (void)fd;
    (void)what;
    delays_flush(program->sandbox.delays);
    if (program->server != NULL)
        http_server_drain(program->server, DRAIN_MS, on_drained, program);
    else
        on_drained(program);
}

static bool watch_signals(struct program *program, struct err *err)
{
    struct event_base *base = loop_base(program->sandbox.loop);
    signal(SIGPIPE, SIG_IGN);
    program->term = evsignal_new(base, SIGTERM, on_signal, program);
    program->interrupt = evsignal_new(base, SIGINT, on_signal, program);
    if (program->term == NULL || program->interrupt == NULL ||
        event_add(program->term, NULL) != 0 || event_add(program->interrupt, NULL) != 0)
        return err_set(err, ERR_INTERNAL, "watching for SIGTERM");
    return true;
}

static void close_all(struct program *program)
{
    struct sandbox *sandbox = &program->sandbox;
    delays_destroy(&sandbox->delays);
    line_server_destroy(&program->lines); /* Tells the side. */
    if (program->side != NULL && program->state != NULL)
        program->side->close(&program->state);
    http_server_destroy(&program->server);
    http_server_destroy(&program->control);
    tls_server_destroy(&program->tls);
    http_client_destroy(&sandbox->client);
    if (program->term != NULL)
        event_free(program->term);
    if (program->interrupt != NULL)
        event_free(program->interrupt);
    faults_destroy(&sandbox->faults);
    ledger_destroy(&sandbox->ledger);
    loop_destroy(&sandbox->loop);
}

/* Many connections at once is what the sandbox is for. */
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        log_line(LOG_WARN, "sandbox.file_limit");
}

int main(int argc, char **argv)
{
    static struct program program;
    struct err err = ERR_INIT;
    bool wants_help = false;
    json_start();
    if (!options_read(argc, argv, &program.options, &wants_help, &err)) {
        fprintf(stderr, "esim-sandbox: %s%s%s\n", err.field, err.field[0] ? ": " : "",
                err.text);
        return 2;
    }
    if (wants_help) {
        options_help(stdout);
        return 0;
    }
    raise_file_limit();
    bool ok = open_all(&program, &err) && watch_signals(&program, &err);
    if (ok)
        loop_run(program.sandbox.loop);
    else
        log_err("sandbox.start", &err);
    close_all(&program);
    return ok ? 0 : 1;
}
