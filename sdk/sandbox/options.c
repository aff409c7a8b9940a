#include "options.h"

#include <getopt.h>
#include <string.h>

#include "base/slice.h"
#include "sandbox.h"

struct option_row {
    const char *name;
    const char *argument; /* NULL: a flag. */
    bool (*apply)(struct sandbox_options *options, const char *value);
    const char *text;
};

static bool number(const char *value, int64_t most, int64_t *ret)
{
    uint64_t read = 0;
    if (!slice_u64(slice_of(value), &read) || read > (uint64_t)most)
        return false;
    *ret = (int64_t)read;
    return true;
}

static bool add(struct option_list *list, const char *value)
{
    if (list->count == OPTION_LIST_MAX)
        return false;
    list->items[list->count++] = value;
    return true;
}

static bool set_listen(struct sandbox_options *options, const char *value)
{
    options->listen = value;
    return true;
}

static bool set_control(struct sandbox_options *options, const char *value)
{
    options->control = value;
    return true;
}

static bool set_tls_dir(struct sandbox_options *options, const char *value)
{
    options->tls_dir = value;
    return true;
}

static bool set_plain(struct sandbox_options *options, const char *value)
{
    (void)value;
    options->is_plain = true;
    return true;
}

static bool set_callback(struct sandbox_options *options, const char *value)
{
    options->callback = value;
    return true;
}

static bool set_latency(struct sandbox_options *options, const char *value)
{
    return number(value, 3600000, &options->latency_ms);
}

static bool set_ledger(struct sandbox_options *options, const char *value)
{
    return number(value, 4096, &options->ledger_mb) && options->ledger_mb > 0;
}

static bool add_stock(struct sandbox_options *options, const char *value)
{
    return strchr(value, '=') != NULL && add(&options->stock, value);
}

static bool add_requester(struct sandbox_options *options, const char *value)
{
    return add(&options->requesters, value);
}

static bool set_prefix(struct sandbox_options *options, const char *value)
{
    size_t size = strlen(value);
    options->iccid_prefix = value;
    return size >= 4 && size <= 7 && strspn(value, "0123456789") == size;
}

static bool set_address(struct sandbox_options *options, const char *value)
{
    options->smdp_address = value;
    return true;
}

static bool set_release_again(struct sandbox_options *options, const char *value)
{
    options->release_again_refused = strcmp(value, "refuse") == 0;
    return options->release_again_refused || strcmp(value, "accept") == 0;
}

static bool set_user(struct sandbox_options *options, const char *value)
{
    options->user = value;
    return value[0] != '\0';
}

static bool set_password(struct sandbox_options *options, const char *value)
{
    options->password = value;
    return true;
}

static bool set_short_code(struct sandbox_options *options, const char *value)
{
    options->short_code = value;
    return value[0] != '\0' && strlen(value) <= 20;
}

static bool set_receipt_ids(struct sandbox_options *options, const char *value)
{
    options->receipts_decimal = strcmp(value, "decimal") == 0;
    return options->receipts_decimal || strcmp(value, "hex") == 0;
}

static bool set_window(struct sandbox_options *options, const char *value)
{
    return number(value, UINT16_MAX, &options->window);
}

static bool set_heartbeat(struct sandbox_options *options, const char *value)
{
    return number(value, 3600, &options->heartbeat_s) && options->heartbeat_s > 0;
}

static bool set_answer(struct sandbox_options *options, const char *value)
{
    return number(value, 600, &options->answer_s) && options->answer_s > 0;
}

static bool set_devices(struct sandbox_options *options, const char *value)
{
    return number(value, 1000000, &options->devices);
}

static bool set_install(struct sandbox_options *options, const char *value)
{
    return number(value, 86400000, &options->install_ms);
}

static bool set_token(struct sandbox_options *options, const char *value)
{
    return number(value, 86400, &options->token_s) && options->token_s > 0;
}

static bool add_client(struct sandbox_options *options, const char *value)
{
    return strchr(value, '=') != NULL && add(&options->clients, value);
}

/* clang-format off */
static const struct option_row rows[] = {
    { "listen",        "ADDRESS", set_listen,
      "where the carrier listens (127.0.0.1:0)" },
    { "control",       "ADDRESS", set_control,
      "the routes below /sandbox/ there too, without TLS" },
    { "tls-dir",       "DIR",     set_tls_dir,
      "ca.pem, server.pem/.key, carrier.pem/.key (tools/dev-tls.sh makes them)" },
    { "plain",         NULL,      set_plain,
      "no TLS at all; for load tests" },
    { "callback",      "URL",     set_callback,
      "the host's base URL for notifications; the side adds its path" },
    { "latency-ms",    "N",       set_latency,
      "wait this long before each answer" },
    { "ledger-mb",     "N",       set_ledger,
      "memory of the ledger; the oldest lines go first (64)" },
    { "stock",         "TYPE=N",  add_stock,
      "smdp, soap, smsc, mytel: N profiles of that type; may be repeated" },
    { "requester",     "ID",      add_requester,
      "smdp: only this functionRequesterIdentifier; may be repeated" },
    { "iccid-prefix",  "DIGITS",  set_prefix,
      "smdp, soap, smsc, mytel: how each ICCID begins, 4 to 7 digits (8995)" },
    { "smdp-address",  "NAME",    set_address,
      "all but graph: smdpAddress in replies; smdp: empty leaves it out" },
    { "release-again", "WORD",    set_release_again,
      "smdp: accept or refuse (8.2.1/3.5) a second releaseProfile (accept)" },
    { "user",          "NAME",    set_user,
      "soap: UsernameToken's; smsc: system_id; mytel: client's name" },
    { "password",      "TEXT",    set_password,
      "that goes with it; mytel: the secret, 16 to 128 bytes" },
    { "short-code",    "ADDRESS", set_short_code,
      "smsc: messages to it are commands (1332)" },
    { "receipt-ids",   "WORD",    set_receipt_ids,
      "smsc: hex, or decimal and without TLVs, in receipts (hex)" },
    { "window",        "N",       set_window,
      "mytel: requests that may be unanswered at once (64)" },
    { "heartbeat-s",   "N",       set_heartbeat,
      "mytel: PING after so much silence (30)" },
    { "answer-s",      "N",       set_answer,
      "mytel: a change that takes longer is IN_PROGRESS (20)" },
    { "devices",       "N",       set_devices,
      "graph: managed devices that are there from the start (100)" },
    { "install-ms",    "N",       set_install,
      "graph: until a device has done what it is asked (300)" },
    { "token-s",       "N",       set_token,
      "graph: how long a token holds (3599)" },
    { "client",        "ID=SECRET", add_client,
      "graph: only this application; may be repeated" },
};
/* clang-format on */
enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

static bool parse(int argc, char **argv, struct sandbox_options *ret, bool *ret_help,
                  struct err *err)
{
    struct option longs[ROW_COUNT + 2] = { 0 };
    for (int i = 0; i < ROW_COUNT; i++)
        longs[i] = (struct option){ rows[i].name, rows[i].argument != NULL, NULL, i };
    longs[ROW_COUNT] = (struct option){ "help", no_argument, NULL, ROW_COUNT };
    opterr = 0;
    for (;;) {
        int found = getopt_long(argc, argv, "h", longs, NULL);
        if (found == -1)
            return true;
        if (found == '?')
            return err_set(err, ERR_INVALID, "%s is not an option, or lacks its value",
                           argv[optind - 1]);
        if (found == 'h' || found == ROW_COUNT)
            *ret_help = true;
        else if (!rows[found].apply(ret, optarg))
            return err_field(err, rows[found].name, "expected %s, found \"%s\"",
                             rows[found].argument, optarg);
    }
}

bool options_read(int argc, char **argv, struct sandbox_options *ret, bool *ret_help,
                  struct err *err)
{
    *ret = (struct sandbox_options){
        .listen = "127.0.0.1:0",
        .ledger_mb = 64,
        .iccid_prefix = "8995",
        .smdp_address = "smdp.sandbox.example",
        .short_code = "1332",
        .window = 64,
        .heartbeat_s = 30,
        .answer_s = 20,
        .devices = 100,
        .install_ms = 300,
        .token_s = 3599,
    };
    *ret_help = false;
    if (!parse(argc, argv, ret, ret_help, err) || *ret_help)
        return *ret_help;
    if (optind + 1 != argc)
        return err_set(err, ERR_INVALID, "expected one side, found %d", argc - optind);
    ret->side = argv[optind];
    if (ret->is_plain == (ret->tls_dir != NULL))
        return err_set(err, ERR_INVALID, "expected either --tls-dir or --plain");
    return true;
}

void options_help(FILE *out)
{
    fprintf(out, "esim-sandbox - carriers to develop and test against\n\n"
                 "  esim-sandbox SIDE --tls-dir DIR [options]\n\nSides:\n");
    for (size_t i = 0; i < sandbox_side_count; i++)
        fprintf(out, "  %-10s %s\n", sandbox_sides[i]->name, sandbox_sides[i]->text);
    fprintf(out, "\nOptions:\n");
    for (int i = 0; i < ROW_COUNT; i++)
        fprintf(out, "  --%-14s %-8s %s\n", rows[i].name,
                rows[i].argument != NULL ? rows[i].argument : "", rows[i].text);
    fprintf(out,
            "\nPrints one line of JSON with its address, then serves until SIGTERM.\n"
            "sdk/sandbox/README.md describes the routes below /sandbox/.\n");
}
