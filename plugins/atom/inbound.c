#include "inbound.h"

#include <string.h>

#include "esim/exchange.h"
#include "settings.h"
#include "verdict.h"
#include "wire.h"

enum {
    POINT_ELIGIBILITY = 1, /* Eligibility and retry limit. */
    POINT_CONFIRMATION = 2,
    POINT_DOWNLOAD = 3,
    POINT_INSTALLATION = 4
};

/* A notification, made uniform. */
struct progress {
    const char *iccid;
    const char *eid; /* NULL: not told. */
    const char *at;  /* RFC 3339. */
    int64_t point;
    struct es2_result result;
};

static bool has_text(const json_t *object, const char *key)
{
    const char *text = esim_json_text(object, key);
    return text != NULL && text[0] != '\0';
}

static bool point_read(const json_t *member, int64_t *ret)
{
    if (json_is_integer(member)) {
        *ret = json_integer_value(member);
        return *ret >= 0 && *ret <= INT32_MAX;
    }
    const char *text = json_string_value(member);
    size_t size = text != NULL ? strspn(text, "0123456789") : 0;
    if (size == 0 || size > 9 || text[size] != '\0')
        return false;
    *ret = 0;
    for (size_t i = 0; i < size; i++)
        *ret = *ret * 10 + (text[i] - '0');
    return true;
}

/* Seconds or milliseconds since 1970, as some carriers send. */
static const char *epoch_text(int64_t number)
{
    const int64_t seconds_most = INT64_C(99999999999); /* The year 5138. */
    if (number <= 0 || number > seconds_most * 1000)
        return NULL;
    return esim_time_text(number > seconds_most ? number : number * 1000);
}

static const char *time_read(const json_t *member)
{
    if (json_is_integer(member))
        return epoch_text(json_integer_value(member));
    const char *text = json_string_value(member);
    if (text == NULL)
        return NULL;
    size_t digits = strspn(text, "0123456789");
    if (digits > 0 && digits <= 14 && text[digits] == '\0') {
        int64_t number = 0;
        for (size_t i = 0; i < digits; i++)
            number = number * 10 + (text[i] - '0');
        return epoch_text(number);
    }
    int64_t wall_ms = esim_time_read(text);
    return wall_ms >= 0 ? esim_time_text(wall_ms) : NULL;
}

static const json_t *either(const json_t *object, const char *a, const char *b)
{
    const json_t *member = json_object_get(object, a);
    return member != NULL ? member : json_object_get(object, b);
}

/* NULL when the notification is as it must be; else what is wrong with it. */
static const char *progress_read(const json_t *body, bool numbers, struct progress *ret)
{
    const json_t *header = json_object_get(body, "header");
    if (!has_text(header, "functionRequesterIdentifier") ||
        !has_text(header, "functionCallIdentifier"))
        return "header is incomplete";
    ret->iccid = es2_iccid_read(es2_text(body, "iccid", numbers));
    if (ret->iccid == NULL)
        return "iccid must be 19 or 20 digits";
    if (es2_text(body, "profileType", true) == NULL)
        return "profileType is missing";
    ret->eid = esim_json_text(body, "eid");
    if (ret->eid != NULL && !es2_eid_is_valid(ret->eid))
        return "eid must be 32 digits with right check digits";
    ret->at = time_read(either(body, "timestamp", "timeStamp"));
    if (ret->at == NULL)
        return "timestamp is not a time";
    if (!point_read(json_object_get(body, "notificationPointId"), &ret->point))
        return "notificationPointId is not a number";
    if (!es2_result_read(json_object_get(body, "notificationPointStatus"),
                         &ret->result))
        return "notificationPointStatus has no known status";
    return NULL;
}

static bool went_well(const struct progress *progress)
{
    return progress->result.status == ES2_SUCCESS ||
           progress->result.status == ES2_WARNING;
}

/* SGP.22 3.1.6. NULL: this says nothing about the profile's state. A postponed or a
 * repeated try leaves it where it is. */
static const char *state_of(const struct progress *progress,
                            const struct mishap *mishap)
{
    if (went_well(progress) && progress->point == POINT_DOWNLOAD)
        return "Downloaded";
    if (went_well(progress) && progress->point == POINT_INSTALLATION)
        return "Installed";
    if (went_well(progress))
        return NULL;
    bool is_final = mishap != NULL && mishap->is_final;
    return is_final || progress->point == POINT_INSTALLATION ? "Error" : NULL;
}

static const char *point_name(int64_t point)
{
    static const char *const names[] = {
        [POINT_ELIGIBILITY] = "eligibility",
        [POINT_CONFIRMATION] = "confirmation",
        [POINT_DOWNLOAD] = "download",
        [POINT_INSTALLATION] = "installation",
    };
    if (point >= POINT_ELIGIBILITY && point <= POINT_INSTALLATION)
        return names[point];
    return esim_string(esim_format("%lld", (long long)point));
}

static json_t *problem_of(const struct progress *progress, const struct mishap *mishap)
{
    json_t *problem = json_object();
    esim_json_put(problem, "code", mishap != NULL ? mishap->code : "download_failed");
    esim_json_put(problem, "message",
                  mishap != NULL ? mishap->message
                                 : "The download went wrong on the way to the device: "
                                   "try again, then tell the carrier.");
    esim_json_put(problem, "carrier_code", es2_codes(&progress->result));
    return problem;
}

/* A carrier that repeats itself may do so under a new call identifier: what makes a
 * fact the same is what it says. */
static struct esim_bytes fact_id(const struct progress *progress)
{
    const char *codes = es2_codes(&progress->result);
    return esim_format("%s/%lld/%s/%d/%s", progress->iccid, (long long)progress->point,
                       progress->at, (int)progress->result.status,
                       codes != NULL ? codes : "");
}

static struct esim_fact fact_of(const struct progress *progress)
{
    const struct mishap *mishap = mishap_of(progress->result.subject,
                                            progress->result.reason);
    json_t *data = json_object();
    esim_json_put(data, "state", state_of(progress, mishap));
    esim_json_put(data, "point", point_name(progress->point));
    esim_json_put(data, "at", progress->at);
    esim_json_put(data, "eid", progress->eid);
    if (!went_well(progress))
        json_object_set_new(data, "problem", problem_of(progress, mishap));
    return (struct esim_fact){
        .kind = esim_text("profile"),
        .key = esim_text(progress->iccid),
        .id = fact_id(progress),
        .data = esim_json_write(data),
    };
}

static bool path_fits(struct esim_bytes path)
{
    const char *text = esim_string(path);
    size_t size = strcspn(text, "?");
    const char *name = es2_name(ES2_PROGRESS);
    size_t name_size = strlen(name);
    return size > name_size && text[size - name_size - 1] == '/' &&
           memcmp(text + size - name_size, name, name_size) == 0;
}

static void refuse(struct inbound *ret, int status, const char *why)
{
    json_t *body = json_object();
    esim_json_put(body, "message", why);
    ret->status = status;
    ret->content_type = "application/json";
    ret->body = esim_json_write(body);
}

static bool protocol_fits(const struct esim_request *request,
                          const struct es2_settings *settings)
{
    const char *value = esim_header_of(request->headers, request->header_count,
                                       "X-Admin-Protocol");
    if (value == NULL)
        return settings->protocol_optional;
    return strncmp(value, settings->accept, strlen(settings->accept)) == 0;
}

/* 204 without a body is the standard's answer (6.2); some carriers want one. */
static void accept(struct inbound *ret, const struct es2_settings *settings)
{
    ret->status = settings->notification_answer;
    if (ret->status == 204)
        return;
    ret->content_type = "application/json";
    ret->body = esim_text("{\"header\":{\"functionExecutionStatus\":"
                          "{\"status\":\"Executed-Success\"}}}");
}

void inbound_read(const struct esim_request *request, struct inbound *ret)
{
    struct es2_settings settings;
    es2_settings_read(esim_json_read(request->settings), &settings);
    *ret = (struct inbound){ .protocol = settings.protocol };
    if (!path_fits(request->path)) {
        refuse(ret, 404, "only handleDownloadProgressInfo is here");
        return;
    }
    if (!esim_is(request->method, "POST")) {
        ret->allow = "POST";
        refuse(ret, 405, "only POST is allowed");
        return;
    }
    if (!protocol_fits(request, &settings)) {
        refuse(ret, 400, "X-Admin-Protocol is missing or of another version");
        return;
    }
    struct progress progress = { 0 };
    const json_t *body = esim_json_read(request->body);
    const char *wrong = json_is_object(body)
                            ? progress_read(body, settings.tolerate_numbers, &progress)
                            : "the body is not a JSON object";
    if (wrong != NULL) {
        refuse(ret, 400, wrong);
        return;
    }
    ret->has_fact = true;
    ret->fact = fact_of(&progress);
    accept(ret, &settings);
}
