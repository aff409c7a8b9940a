#include "ctl/order_body.h"

#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "conf/file.h"

enum { FILE_BYTES = 256 << 20, MEMBER_BYTES = 65536 };

static bool read_all(const char *path, struct buf *ret, struct err *err)
{
    if (strcmp(path, "-") != 0)
        return file_read(path, ret, err);
    char piece[4096];
    ssize_t got;
    while ((got = read(STDIN_FILENO, piece, sizeof piece)) > 0)
        buf_add(ret, piece, (size_t)got);
    if (got < 0)
        return err_errno(err, "standard input");
    return buf_ok(ret) || err_set(err, ERR_LIMIT, "standard input is too long");
}

json_t *order_json_read(const char *path, struct err *err)
{
    struct buf text;
    buf_init(&text, FILE_BYTES);
    json_t *value = NULL;
    if (read_all(path, &text, err))
        value = json_read(buf_slice(&text), err);
    buf_finish_secret(&text);
    return value;
}

/* One object; or, where that fails, one object a line. */
static json_t *read_lines(struct slice text, struct err *err)
{
    json_t *lines = json_array();
    for (size_t number = 1; text.size > 0; number++) {
        struct slice line = slice_cut(&text, '\n');
        if (line.size == 0 || (line.size == 1 && line.ptr[0] == '\r'))
            continue;
        json_t *one = json_read(line, err);
        if (one == NULL) {
            json_decref(lines);
            err_wrap(err, "line %zu", number);
            return NULL;
        }
        json_array_append_new(lines, one);
    }
    return lines;
}

static json_t *read_file(const char *path, struct err *err)
{
    struct buf text;
    buf_init(&text, FILE_BYTES);
    json_t *value = NULL;
    if (read_all(path, &text, err)) {
        value = json_read(buf_slice(&text), NULL);
        if (value == NULL)
            value = read_lines(buf_slice(&text), err);
    }
    buf_finish_secret(&text);
    return value;
}

/* A shell gives any bytes. */
static bool put_text(json_t *object, const char *member, const char *text,
                     struct err *err)
{
    json_t *value = text == NULL ? NULL : json_string(text);
    if (text != NULL && value == NULL)
        return err_field(err, member, "expected UTF-8");
    if (value != NULL)
        json_object_set_new(object, member, value);
    return true;
}

/* What a person typed ends with a line's end that is not meant. */
static bool put_file(const struct ctl *ctl, const char *flag, const char *member,
                     json_t *body, struct err *err)
{
    const char *path = ctl_flag(ctl, flag);
    struct buf text;
    if (path == NULL)
        return true;
    buf_init(&text, MEMBER_BYTES);
    bool ok = read_all(path, &text, err);
    while (ok && text.size > 0 && (unsigned char)text.ptr[text.size - 1] <= ' ')
        text.ptr[--text.size] = '\0';
    ok = ok && put_text(body, member, text.size == 0 ? "" : text.ptr, err);
    buf_finish_secret(&text);
    return ok;
}

static bool put_extra(const struct ctl *ctl, json_t *body, struct err *err)
{
    const char *text = ctl_flag(ctl, "extra");
    if (text == NULL)
        return true;
    json_t *extra = json_read(slice_of(text), err);
    if (extra == NULL)
        return err_wrap(err, "--extra");
    if (!json_is_object(extra)) {
        json_decref(extra);
        return err_set(err, ERR_INVALID, "--extra: expected a JSON object");
    }
    json_object_set_new(body, "extra", extra);
    return true;
}

json_t *order_body_read(const struct ctl *ctl, struct err *err)
{
    static const struct {
        const char *flag, *member;
        bool of_device;
    } members[] = {
        { "type", "type", false },
        { "plan", "plan", false },
        { "carrier", "carrier", false },
        { "msisdn", "msisdn", false },
        { "iccid", "iccid", false },
        { "profile-type", "profile_type", false },
        { "external-id", "external_id", false },
        { "text", "text", false },
        { "eid", "eid", true },
        { "imei", "imei", true },
    };
    if (ctl_flag(ctl, "file") != NULL)
        return read_file(ctl_flag(ctl, "file"), err);
    json_t *body = json_object(), *device = json_object();
    bool ok = true;
    json_put_text(body, "type", "profile.provision");
    for (size_t i = 0; ok && i < sizeof members / sizeof members[0]; i++)
        ok = put_text(members[i].of_device ? device : body, members[i].member,
                      ctl_flag(ctl, members[i].flag), err);
    if (json_object_size(device) > 0)
        json_object_set(body, "device", device);
    json_decref(device);
    if (ok && put_file(ctl, "confirmation-code-file", "confirmation_code", body, err) &&
        put_file(ctl, "text-file", "text", body, err) && put_extra(ctl, body, err))
        return body;
    json_decref(body);
    return NULL;
}
