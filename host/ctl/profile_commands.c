/* esimctl profile ... */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "ctl/client.h"
#include "ctl/command.h"
#include "ctl/lists.h"

static const struct column columns[] = {
    { "ICCID", "iccid", false },
    { "STATE", "state", false },
    { "DEVICE", "device_state", false },
    { "CARRIER", "carrier", false },
    { "MSISDN", "msisdn", false },
    { "EID", "eid", true },
    { "TYPE", "profile_type", true },
    { "CODE", "has_code", false },
    { "ORDER", "order_id", true },
    { "UPDATED", "updated", true },
    { NULL },
};

static int list(struct ctl *ctl)
{
    static const char *const filters[] = { "state", "carrier", NULL };
    return list_show(ctl, "/v1/profiles", filters, columns);
}

static int get(struct ctl *ctl)
{
    char *path = client_path("/v1/profiles/", ctl->words[0], "");
    int code = one_show(ctl, path == NULL ? "" : path, columns);
    free(path);
    return code;
}

/* ---- what is a secret ---- */

static int write_out(const char *path, struct slice bytes)
{
    struct err err = ERR_INIT;
    FILE *file = path == NULL || strcmp(path, "-") == 0 ? stdout : fopen(path, "wbx");
    if (file == NULL) {
        err_errno(&err, "%s", path);
        return ctl_fail(EXIT_TROUBLE, &err);
    }
    bool ok = fwrite(bytes.ptr, 1, bytes.size, file) == bytes.size;
    ok = (file == stdout ? fflush(file) : fclose(file)) == 0 && ok;
    if (ok)
        return EXIT_DONE;
    err_set(&err, ERR_IO, "it could not be written");
    return ctl_fail(EXIT_TROUBLE, &err);
}

static int reveal(struct ctl *ctl, const char *after, const char *media)
{
    struct answer answer;
    struct err err = ERR_INIT;
    char *path = client_path("/v1/profiles/", ctl->words[0], after);
    struct ask ask = { .method = "GET",
                       .path = path == NULL ? "" : path,
                       .accept = media };
    int code = EXIT_AWAY;
    if (!client_ask(ctl->client, &ask, &answer, &err))
        code = ctl_fail(EXIT_AWAY, &err);
    else
        code = answer_exit(&answer);
    if (code == EXIT_DONE)
        code = write_out(ctl_flag(ctl, "out"), buf_slice(&answer.body));
    answer_finish(&answer);
    free(path);
    return code;
}

static int show_qr(struct ctl *ctl)
{
    static const struct {
        const char *name, *media;
    } forms[] = { { "text", "text/plain" },
                  { "png", "image/png" },
                  { "svg", "image/svg+xml" } };
    const char *as = ctl_flag(ctl, "as");
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (strcmp(as == NULL ? "text" : as, forms[i].name) != 0)
            continue;
        if (i > 0 && ctl_flag(ctl, "out") == NULL && isatty(STDOUT_FILENO)) {
            fprintf(stderr, "esimctl: a terminal shows no %s; say --out FILE\n", as);
            return EXIT_USAGE;
        }
        return reveal(ctl, "/qr", forms[i].media);
    }
    fprintf(stderr, "esimctl: --as is text, png or svg, not \"%s\"\n", as);
    return EXIT_USAGE;
}

static int show_code(struct ctl *ctl)
{
    bool is_json = ctl->form == OUTPUT_JSON || ctl->form == OUTPUT_JSONL;
    return reveal(ctl, "/activation-code", is_json ? "application/json" : "text/plain");
}

/* clang-format off */
static const struct flag list_flags[] = {
    { "state", 0, "STATE", "only in this state of SGP.22" },
    { "carrier", 0, "NAME", "only this carrier's" },
    LIST_FLAGS,
    { NULL },
};
static const struct flag qr_flags[] = {
    { "as", 0, "FORM", "text, png or svg; text if not said" },
    { "out", 0, "FILE", "a new file; - is standard output" },
    { NULL },
};
static const struct flag code_flags[] = {
    { "out", 0, "FILE", "a new file; - is standard output" },
    { NULL },
};

const struct command profile_commands[] = {
    { "profile", "list", NULL, 0, 0, list_flags, list, "List profiles by ICCID.", NULL },
    { "profile", "get", "ICCID", 1, 1, NULL, get, "Show a profile.", NULL },
    { "profile", "qr", "ICCID", 1, 1, qr_flags, show_qr, "Show its activation code as a QR code (audited).", "esimctl profile qr ICCID\nesimctl profile qr ICCID --as png --out code.png" },
    { "profile", "code", "ICCID", 1, 1, code_flags, show_code, "Show its activation code (audited).", NULL },
    { NULL },
};
/* clang-format on */
