/* Devices: what ES9+ and an LPA would do with an activation code, and what the SM-DP+
 * tells the operator about it (SGP.22 v2.2 5.3.5).
 *
 * A visit is one installation under way: a list of notifications, sent one after the
 * other, each tried a few times, the profile moving just before the one that tells
 * it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "ledger.h"
#include "smdp.h"

enum {
    POINT_ELIGIBILITY = 1,
    POINT_CONFIRMATION = 2,
    POINT_DOWNLOAD = 3,
    POINT_INSTALLATION = 4,
    NOTES_MOST = 3,
    TRIES_MOST = 5,
    TRY_MS = 200,
    SEND_MS = 10000,
    REPLY_BYTES = 65536
};

static const char note_path[] = "/gsma/rsp2/es2plus/handleDownloadProgressInfo";

/* One notification, and what happens to the profile before it. */
struct note {
    int point;
    bool has_event;
    enum smdp_event event;
    const char *subject; /* NULL: it went well. */
    const char *reason;
};

struct visit {
    struct smdp_devices *devices;
    struct visit *previous, *next;
    struct smdp_profile *profile;
    char eid[EID_SIZE];
    struct note notes[NOTES_MOST];
    size_t count;
    size_t at;
    int repeats_left; /* Each notification is sent once more so often. */
    int repeats;
    int tries;
    int64_t step_ms; /* Between notifications. */
    struct loop_timer *timer;
    struct http_call *call;
};

struct smdp_devices {
    struct smdp *smdp;
    struct visit *first;
};

struct smdp_devices *smdp_devices_create(struct smdp *smdp)
{
    struct smdp_devices *devices = calloc(1, sizeof *devices);
    if (devices != NULL)
        devices->smdp = smdp;
    return devices;
}

static void visit_end(struct visit *visit)
{
    if (visit->call != NULL)
        http_cancel(&visit->call);
    loop_timer_destroy(&visit->timer);
    if (visit->previous != NULL)
        visit->previous->next = visit->next;
    else
        visit->devices->first = visit->next;
    if (visit->next != NULL)
        visit->next->previous = visit->previous;
    free(visit);
}

void smdp_devices_destroy(struct smdp_devices **devices)
{
    if (*devices == NULL)
        return;
    while ((*devices)->first != NULL)
        visit_end((*devices)->first);
    free(*devices);
    *devices = NULL;
}

/* ---- telling the operator ---- */

static json_t *note_status(const struct note *note)
{
    json_t *status = json_object();
    json_put_text(status, "status",
                  note->subject == NULL ? "Executed-Success" : "Failed");
    if (note->subject != NULL) {
        json_t *data = json_object();
        json_put_text(data, "subjectCode", note->subject);
        json_put_text(data, "reasonCode", note->reason);
        json_object_set_new(status, "statusCodeData", data);
    }
    return status;
}

static void note_write(const struct visit *visit, const struct note *note,
                       struct buf *ret)
{
    const struct smdp_profile *profile = visit->profile;
    char iccid[ICCID_SIZE], padded[ICCID_SIZE + 1], id[ID_SIZE], at[CLOCK_TEXT_SIZE];
    smdp_iccid(visit->devices->smdp->stock, profile, iccid);
    snprintf(padded, sizeof padded, "%s%s", iccid, profile->is_padded ? "F" : "");
    id_new(id);
    clock_text(clock_wall_ms(), at);
    snprintf(at + 19, 2, "Z"); /* 6.5.2: without a fraction. */
    json_t *header = json_object();
    json_put_text(header, "functionRequesterIdentifier", "esim-sandbox");
    json_put_text(header, "functionCallIdentifier", id);
    json_t *body = json_object();
    json_object_set_new(body, "header", header);
    json_put_text(body, "eid", visit->eid);
    json_put_text(body, "iccid", padded);
    json_put_text(body, "profileType", smdp_type_name(profile->type));
    json_put_text(body, "timestamp", at);
    json_put_int(body, "notificationPointId", note->point);
    json_object_set_new(body, "notificationPointStatus", note_status(note));
    json_write(body, ret);
    json_decref(body);
}

static void record(const struct visit *visit, const char *result, int status)
{
    char iccid[ICCID_SIZE];
    smdp_iccid(visit->devices->smdp->stock, visit->profile, iccid);
    json_t *line = json_object();
    json_put_text(line, "iccid", iccid);
    json_put_int(line, "point", visit->notes[visit->at].point);
    json_put_text(line, "result", result);
    if (status != 0)
        json_put_int(line, "http", status);
    ledger_add(visit->devices->smdp->sandbox->ledger, "notification", line);
}

static void next_note(struct visit *visit)
{
    visit->tries = 0;
    if (visit->repeats_left > 0) {
        visit->repeats_left--;
    } else {
        visit->at++;
        visit->repeats_left = visit->repeats;
    }
    if (visit->at == visit->count)
        visit_end(visit);
    else
        loop_timer_set(visit->timer, visit->step_ms);
}

static void try_again(struct visit *visit)
{
    if (++visit->tries >= TRIES_MOST)
        next_note(visit);
    else
        loop_timer_set(visit->timer, TRY_MS << visit->tries);
}

static void on_done(void *arg, enum http_end end, int status,
                    const struct http_field *fields, size_t field_count,
                    struct slice body, const struct err *err)
{
    struct visit *visit = arg;
    (void)fields;
    (void)field_count;
    (void)body;
    visit->call = NULL;
    bool is_taken = end == HTTP_REPLIED && (status == 204 || status == 200);
    record(visit, is_taken || err == NULL ? "answered" : err->text, status);
    if (is_taken)
        next_note(visit);
    else
        try_again(visit);
}

static void send_note(struct visit *visit)
{
    static const struct http_field fields[] = {
        { SLICE_LITERAL("Content-Type"), SLICE_LITERAL("application/json") },
        { SLICE_LITERAL("X-Admin-Protocol"), SLICE_LITERAL("gsma/rsp/v2.2.0") },
    };
    const struct sandbox *sandbox = visit->devices->smdp->sandbox;
    struct err err = ERR_INIT;
    char url[SANDBOX_URL_SIZE + sizeof note_path];
    snprintf(url, sizeof url, "%s%s", sandbox->callback, note_path);
    struct buf body;
    buf_init(&body, REPLY_BYTES);
    note_write(visit, &visit->notes[visit->at], &body);
    const struct http_outgoing outgoing = {
        .method = "POST",
        .url = url,
        .fields = fields,
        .field_count = sizeof fields / sizeof fields[0],
        .body = buf_slice(&body),
        .identity = sandbox->identity,
        .connect_ms = SEND_MS,
        .timeout_ms = SEND_MS,
        .reply_bytes = REPLY_BYTES,
    };
    visit->call = http_send(sandbox->client, &outgoing, on_done, visit, &err);
    buf_finish(&body);
    if (visit->call == NULL) {
        record(visit, err.text, 0);
        try_again(visit);
    }
}

static void begin_note(struct visit *visit)
{
    struct note *note = &visit->notes[visit->at];
    if (note->has_event) {
        note->has_event = false;
        smdp_move(visit->devices->smdp, visit->profile, note->event, "device");
    }
    if (visit->devices->smdp->sandbox->callback[0] != '\0')
        send_note(visit);
    else
        next_note(visit);
}

static void on_timer(void *arg)
{
    begin_note(arg);
}

/* ---- what an activation code leads to ---- */

struct default_search {
    const char *eid;
    struct smdp_profile *found;
};

static bool is_waiting(void *arg, struct smdp_profile *profile)
{
    struct default_search *search = arg;
    if (profile->is_default_smdp && profile->state == SMDP_RELEASED &&
        strcmp(profile->eid, search->eid) == 0)
        search->found = profile;
    return search->found == NULL;
}

static struct smdp_profile *profile_for(struct smdp *smdp, const char *eid,
                                        const char *matching_id)
{
    if (matching_id[0] != '\0')
        return smdp_match_find(smdp->stock, matching_id);
    struct default_search search = { .eid = eid };
    smdp_stock_each(smdp->stock, is_waiting, &search);
    return search.found;
}

/* The confirmation code; a wrong one costs a try. */
static struct note check_confirmation(struct smdp_profile *profile, const char *code)
{
    char digest[DIGEST_TEXT_SIZE];
    struct note well = { .point = POINT_CONFIRMATION };
    if (profile->confirmation[0] == '\0')
        return well;
    if (code == NULL)
        return (struct note){ POINT_CONFIRMATION, false, SMDP_GIVE_UP, "8.2.7", "2.2" };
    digest_sha256_text(slice_of(code), digest);
    if (strcmp(digest, profile->confirmation) == 0)
        return well;
    if (profile->tries_left > 1) {
        profile->tries_left--;
        return (struct note){ POINT_CONFIRMATION, false, SMDP_GIVE_UP, "8.2.7", "3.8" };
    }
    return (struct note){ POINT_CONFIRMATION, true, SMDP_GIVE_UP, "8.2.7", "6.4" };
}

static void add_note(struct visit *visit, struct note note)
{
    visit->notes[visit->count++] = note;
}

/* SGP.22 3.1.3: eligibility, confirmation, download, installation; `outcome` says where
 * the device stops. */
static void plan(struct visit *visit, const json_t *body)
{
    struct smdp_profile *profile = visit->profile;
    const char *outcome = json_text(body, "outcome");
    bool is_bound = profile->eid[0] != '\0';
    add_note(visit, (struct note){ .point = POINT_ELIGIBILITY });
    if (profile->state != SMDP_RELEASED && profile->state != SMDP_DOWNLOADED) {
        visit->notes[0].subject = "8.2";
        visit->notes[0].reason = "1.2";
        return;
    }
    if (is_bound && strcmp(profile->eid, visit->eid) != 0) {
        visit->notes[0].subject = "8.1.1";
        visit->notes[0].reason = "3.8";
        return;
    }
    struct note confirmation = check_confirmation(profile,
                                                  json_text(body, "confirmation_code"));
    if (outcome != NULL && strcmp(outcome, "rejected") == 0)
        confirmation = (struct note){ POINT_CONFIRMATION, true, SMDP_GIVE_UP, "8.8.5",
                                      "3.8" };
    if (confirmation.subject != NULL) {
        add_note(visit, confirmation);
        return;
    }
    bool fails = outcome != NULL && strcmp(outcome, "failed") == 0;
    add_note(visit, (struct note){ POINT_DOWNLOAD, true, SMDP_FETCH, NULL, NULL });
    add_note(
        visit,
        fails ? (struct note){ POINT_INSTALLATION, true, SMDP_SPOIL, "8.2.10", "4.2" }
              : (struct note){ POINT_INSTALLATION, true, SMDP_INSTALL, NULL, NULL });
}

static struct visit *visit_begin(struct smdp_devices *devices, const json_t *body,
                                 const char *eid, struct smdp_profile *profile)
{
    struct visit *visit = calloc(1, sizeof *visit);
    if (visit == NULL)
        return NULL;
    visit->devices = devices;
    visit->timer = loop_timer_create(devices->smdp->sandbox->loop, on_timer, visit);
    visit->profile = profile;
    visit->repeats = (int)json_int(body, "repeat", 0);
    visit->repeats_left = visit->repeats;
    visit->step_ms = json_int(body, "step_ms", 0);
    snprintf(visit->eid, sizeof visit->eid, "%s", eid);
    visit->next = devices->first;
    if (devices->first != NULL)
        devices->first->previous = visit;
    devices->first = visit;
    if (visit->timer == NULL) {
        visit_end(visit);
        return NULL;
    }
    plan(visit, body);
    loop_timer_set(visit->timer, 0);
    return visit;
}

static int begin(struct smdp_devices *devices, const char *eid, const json_t *body,
                 const char **ret_body)
{
    char matching_id[MATCHING_ID_SIZE];
    const char *code = json_text(body, "activation_code");
    *ret_body = "{\"message\":\"activation_code must be 1$address$matching id\"}";
    if (code == NULL || !smdp_match_read(code, matching_id))
        return 400;
    struct smdp_profile *profile = profile_for(devices->smdp, eid, matching_id);
    *ret_body = "{\"message\":\"8.2.6/3.8: no order has this matching id\"}";
    if (profile == NULL)
        return 404;
    const struct visit *visit = visit_begin(devices, body, eid, profile);
    *ret_body = "{\"message\":\"no memory\"}";
    if (visit == NULL)
        return 503;
    *ret_body = "{\"message\":\"under way: see the ledger\"}";
    return 202;
}

int smdp_device_install(struct smdp_devices *devices, struct slice eid,
                        struct slice body, const char **ret_body)
{
    char text[EID_SIZE];
    if (!slice_copy(eid, text, sizeof text) || strlen(text) != EID_SIZE - 1) {
        *ret_body = "{\"message\":\"an EID has 32 digits\"}";
        return 400;
    }
    json_t *json = json_read(body, NULL);
    int status = begin(devices, text, json, ret_body);
    json_decref(json);
    return status;
}
