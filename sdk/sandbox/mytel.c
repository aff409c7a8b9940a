/* The Mytel side: plugins/mytel/PROTOCOL.md over kept lines, TLS or plain. */
#include "mytel.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "control.h"

enum { SECRET_LEAST = 16, SECRET_MOST = 128 };

static void destroy(struct mytel *mytel)
{
    if (mytel == NULL)
        return;
    mytel_events_destroy(&mytel->events);
    mytel_records_destroy(&mytel->records);
    phones_destroy(&mytel->phones);
    smdp_stock_destroy(&mytel->stock);
    buf_finish(&mytel->out);
    buf_finish(&mytel->answer);
    free(mytel);
}

static bool check_options(const struct sandbox_options *options, struct err *err)
{
    size_t size = options->password == NULL ? 0 : strlen(options->password);
    if (options->user == NULL || strlen(options->user) >= MYTEL_CLIENT_SIZE)
        return err_field(err, "user", "expected the client's name, up to %d characters",
                         MYTEL_CLIENT_SIZE - 1);
    if (size < SECRET_LEAST || size > SECRET_MOST)
        return err_field(err, "password", "expected a secret of %d to %d bytes",
                         SECRET_LEAST, SECRET_MOST);
    return true;
}

static bool open_side(struct sandbox *sandbox, void **ret_state, struct err *err)
{
    static const struct option_list usual = { .items = { "P1=100000" }, .count = 1 };
    const struct sandbox_options *options = sandbox->options;
    if (!check_options(options, err))
        return false;
    struct mytel *mytel = calloc(1, sizeof *mytel);
    if (mytel == NULL)
        return err_set(err, ERR_LIMIT, "no memory for the Mytel carrier");
    mytel->sandbox = sandbox;
    mytel->window = (uint16_t)options->window;
    buf_init(&mytel->out, FRAME_MOST);
    buf_init(&mytel->answer, FRAME_MOST);
    mytel->phones = phones_create();
    mytel->records = mytel_records_create();
    mytel->events = mytel_events_create(mytel);
    bool ok = mytel->phones != NULL && mytel->records != NULL && mytel->events != NULL;
    if (!ok)
        err_set(err, ERR_LIMIT, "no memory for what the carrier remembers");
    ok = ok && smdp_stock_create(options->iccid_prefix,
                                 options->stock.count > 0 ? &options->stock : &usual,
                                 &mytel->stock, err);
    if (!ok) {
        destroy(mytel);
        return false;
    }
    *ret_state = mytel;
    return true;
}

static void close_side(void **state)
{
    destroy(*state);
    *state = NULL;
}

/* ---- control ---- */

static bool list_phone(void *all, const struct phone *phone)
{
    if (phone->state != PHONE_UNKNOWN)
        json_put_text(all, phone->number, mytel_line_name(phone->state));
    return true;
}

static void show_lines(struct mytel *mytel, struct slice rest,
                       struct http_exchange *exchange)
{
    json_t *all = json_object();
    (void)rest;
    phones_each(mytel->phones, list_phone, all);
    control_answer(exchange, 200, all);
}

static void turn_line(struct mytel *mytel, struct slice rest,
                      struct http_exchange *exchange)
{
    json_t *how = json_read(http_exchange_request(exchange)->body, NULL);
    control_answer(exchange, mytel_turn_line(mytel, rest, how), json_object());
    json_decref(how);
}

static void show_profile(struct mytel *mytel, struct slice rest,
                         struct http_exchange *exchange)
{
    const struct smdp_profile *profile = smdp_stock_find(mytel->stock, rest);
    json_t *shown = json_object();
    if (profile != NULL) {
        json_put_text(shown, "state", smdp_state_name(profile->state));
        json_put_text(shown, "eid", profile->eid);
        json_put_text(shown, "matchingId", profile->matching_id);
    }
    control_answer(exchange, profile != NULL ? 200 : 404, shown);
}

static void install(struct mytel *mytel, struct slice rest,
                    struct http_exchange *exchange)
{
    json_t *how = json_read(http_exchange_request(exchange)->body, NULL);
    struct slice eid = slice_cut(&rest, '/');
    control_answer(exchange, mytel_install(mytel, eid, how), json_object());
    json_decref(how);
}

static void show_links(struct mytel *mytel, struct slice rest,
                       struct http_exchange *exchange)
{
    json_t *all = json_array();
    (void)rest;
    for (const struct mytel_link *link = mytel->links; link != NULL;
         link = link->next) {
        json_t *one = json_object();
        json_put_text(one, "client", link->client);
        json_object_set_new(one, "open", json_boolean(link->phase == PHASE_OPEN));
        json_put_int(one, "unanswered", link->unanswered);
        json_array_append_new(all, one);
    }
    control_answer(exchange, 200, all);
}

/* All connections end at once. */
static void cut_links(struct mytel *mytel, struct slice rest,
                      struct http_exchange *exchange)
{
    (void)rest;
    for (struct mytel_link *link = mytel->links; link != NULL; link = link->next)
        line_cut(link->line);
    control_answer(exchange, 202, json_object());
}

static void set_window(struct mytel *mytel, struct slice rest,
                       struct http_exchange *exchange)
{
    json_t *json = json_read(http_exchange_request(exchange)->body, NULL);
    int64_t window = json_int(json, "window", -1);
    bool is_fine = window >= 0 && window <= UINT16_MAX;
    (void)rest;
    json_decref(json);
    if (is_fine)
        mytel->window = (uint16_t)window;
    for (struct mytel_link *link = mytel->links; is_fine && link != NULL;
         link = link->next) {
        if (link->phase != PHASE_OPEN)
            continue;
        frame_begin(&mytel->out, FRAME_WINDOW, 0);
        values_put_number(&mytel->out, TAG_WINDOW, mytel->window);
        frame_end(&mytel->out);
        mytel_say(link);
    }
    control_answer(exchange, is_fine ? 202 : 400, json_object());
}

/* clang-format off */
static const struct {
    const char *method, *path; /* One that ends in "/" has something after it. */
    void (*serve)(struct mytel *mytel, struct slice rest, struct http_exchange *exchange);
} routes[] = {
    { "GET",    "/sandbox/lines",     show_lines },
    { "POST",   "/sandbox/lines/",    turn_line },
    { "GET",    "/sandbox/profiles/", show_profile },
    { "POST",   "/sandbox/devices/",  install },
    { "GET",    "/sandbox/links",     show_links },
    { "DELETE", "/sandbox/links",     cut_links },
    { "POST",   "/sandbox/window",    set_window },
};
/* clang-format on */

static bool control(void *state, struct http_exchange *exchange)
{
    const struct http_request *request = http_exchange_request(exchange);
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        size_t size = strlen(routes[i].path);
        bool has_rest = routes[i].path[size - 1] == '/';
        if (!slice_is(request->method, routes[i].method) ||
            !slice_starts(request->path, routes[i].path) ||
            (request->path.size > size) != has_rest)
            continue;
        struct slice rest = slice_bytes(request->path.ptr + size,
                                        request->path.size - size);
        routes[i].serve(state, rest, exchange);
        return true;
    }
    return false;
}

const struct sandbox_side mytel_side = {
    .name = "mytel",
    .text = "a carrier by the protocol in plugins/mytel/PROTOCOL.md",
    .takes_strangers = true,
    .open = open_side,
    .close = close_side,
    .line = &mytel_rules,
    .control = control,
};
