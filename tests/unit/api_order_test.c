/* Orders over HTTP: durable, idempotent, waited for, paged. */
#include "api_client.h"

static struct api_rig *rig;

#define EID "89049032123451234512345678901235"
#define BODY                                                                        \
    "{\"type\":\"profile.provision\",\"plan\":\"basic\",\"device\":{\"eid\":\"" EID \
    "\"}}"
#define KEYED "Content-Type: application/json\r\nIdempotency-Key: "

static void place(const char *headers, const char *body, struct reply *ret)
{
    struct ask ask = { "POST", "/v1/orders", rig->admin, body, headers };
    rig_ask(rig, &ask, ret);
}

/* A new order's id. */
static void place_one(const char *headers, const char *body, char ret[ID_SIZE])
{
    struct reply reply;
    place(headers, body, &reply);
    if (reply.status != 202 && reply.status != 200)
        fprintf(stderr, "%.*s\n", (int)reply.body.size, reply.body.ptr);
    const char *id = json_text(reply.json, "id");
    CHECK_FATAL(id != NULL && slice_copy(slice_of(id), ret, ID_SIZE));
    rig_finish(&reply);
}

static void an_order_is_accepted_with_its_place_and_version(void)
{
    struct reply reply;
    place(KEYED "a1\r\n", BODY, &reply);
    CHECK_INT(reply.status, 202);
    char location[100];
    CHECK(snprintf(location, sizeof location, "/v1/orders/%s",
                   json_text(reply.json, "id")) > 0);
    CHECK_TEXT(rig_field(&reply, "Location"), location);
    CHECK(rig_field(&reply, "ETag")[0] == '"');
    CHECK_INT(strlen(rig_field(&reply, "traceparent")), 55);
    CHECK_INT(strlen(rig_field(&reply, "X-Request-Id")), 36);
    CHECK_TEXT(json_text(reply.json, "carrier"), "instant");
    CHECK_INT(json_int(reply.json, "policy_revision", 0), 7);
    rig_finish(&reply);
}

/* The first answer is written without reading the store; it must say what the store says.
 */
static void the_first_answer_says_what_the_store_says(void)
{
    struct reply first, stored;
    char path[80];
    const char *name;
    json_t *value;
    place(KEYED "a2\r\n",
          "{\"type\":\"profile.provision\",\"plan\":\"later\",\"carrier\":\"quick\","
          "\"external_id\":\"\\\"q\\\\ \xc3\xa9\",\"msisdn\":\"09250000001\","
          "\"iccid\":\"8995010000000000033F\",\"profile_type\":\"P\"}",
          &first);
    CHECK_INT(first.status, 202);
    CHECK_FATAL(first.json != NULL);
    CHECK_TEXT(rig_field(&first, "ETag"), "\"v1\"");
    CHECK(snprintf(path, sizeof path, "/v1/orders/%s", json_text(first.json, "id")) >
          0);
    struct ask ask = { "GET", path, rig->admin, NULL, NULL };
    rig_ask(rig, &ask, &stored);
    CHECK_INT(json_object_size(first.json), 13);
    json_object_foreach(first.json, name, value)
    {
        if (strcmp(name, "state") != 0 && strcmp(name, "version") != 0 &&
            !json_equal(value, json_object_get(stored.json, name)))
            fprintf(stderr, "%s differs\n", name);
        CHECK(strcmp(name, "state") == 0 || strcmp(name, "version") == 0 ||
              json_equal(value, json_object_get(stored.json, name)));
    }
    rig_finish(&first);
    rig_finish(&stored);
}

/* The same key means the same order, however often and in whatever member order. */
static void a_repeated_key_gives_the_same_order(void)
{
    char first[ID_SIZE], second[ID_SIZE];
    struct reply reply;
    place_one(KEYED "b1\r\n", BODY, first);
    place(KEYED "b1\r\n",
          "{\"device\":{\"eid\":\"" EID
          "\"}, \"plan\":\"basic\", \"type\":\"profile.provision\"}",
          &reply);
    CHECK_INT(reply.status, 202);
    CHECK_TEXT(rig_field(&reply, "Idempotent-Replayed"), "true");
    CHECK_TEXT(json_text(reply.json, "id"), first);
    rig_finish(&reply);
    place_one(KEYED "b2\r\n", BODY, second);
    CHECK(strcmp(first, second) != 0);
}

static void a_key_with_another_payload_is_refused(void)
{
    char first[ID_SIZE];
    struct reply reply;
    place_one(KEYED "c1\r\n", BODY, first);
    place(KEYED "c1\r\n", "{\"type\":\"profile.provision\",\"plan\":\"other\"}",
          &reply);
    CHECK_INT(reply.status, 422);
    CHECK_TEXT(json_text(reply.json, "code"), "idempotency_key_reused");
    rig_finish(&reply);
}

static void without_a_key_nothing_is_ordered(void)
{
    struct reply reply;
    place("Content-Type: application/json\r\n", BODY, &reply);
    CHECK_INT(reply.status, 400);
    CHECK_TEXT(json_text(reply.json, "code"), "idempotency_key_missing");
    CHECK_TEXT(rig_field(&reply, "Content-Type"), "application/problem+json");
    rig_finish(&reply);
}

/* One request, all faults: a client mends its form once. */
static void every_wrong_member_is_named(void)
{
    struct reply reply;
    place(KEYED "d1\r\n",
          "{\"plan\":7,\"device\":{\"eid\":\"123\",\"x/y\":1},\"msisdn\":\"abc\"}",
          &reply);
    CHECK_INT(reply.status, 422);
    const json_t *errors = json_object_get(reply.json, "errors");
    static const char *const wanted[] = { "/type", "/plan", "/device/eid",
                                          "/device/x~1y", "/msisdn" };
    CHECK_INT(json_array_size(errors), 5);
    for (size_t i = 0; i < 5; i++)
        CHECK_TEXT(json_text(json_array_get(errors, i), "pointer"), wanted[i]);
    rig_finish(&reply);
}

/* A text is personal: one place for it, with a limit, and no type takes it by accident. */
static void a_text_is_for_messages_alone_and_has_a_limit(void)
{
    static char longest[5000];
    memset(longest, 'x', sizeof longest - 1);
    static const struct {
        const char *type, *rest, *text, *pointer, *detail;
    } rows[] = {
        { "line.suspend", "", "Hi", "/text",
          "only an order of type sms.send takes it" },
        { "sms.send", "", NULL, "/text", "an order of type sms.send needs it" },
        { "sms.send", "", "", "/text", "at least 1 characters, not 0" },
        { "sms.send", "", longest, "/text", "at most 4096 bytes, not 4999" },
        { "sms.send", "", "a\\u0007", "/text",
          "no control characters but the line's end" },
        { "sms.send", ",\"extra\":{\"text\":\"b\"}", "a", "/extra/text",
          "it stands in the order itself, as /text" },
        { "line.suspend", ",\"extra\":{\"eid\":\"1\"}", NULL, "/extra/eid",
          "it stands in the order itself, as /device/eid" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reply reply;
        struct buf body;
        buf_init(&body, 1 << 16);
        buf_add_format(&body, "{\"type\":\"%s\",\"msisdn\":\"+959790000001\"%s",
                       rows[i].type, rows[i].rest);
        if (rows[i].text != NULL)
            buf_add_format(&body, ",\"text\":\"%s\"", rows[i].text);
        buf_add_format(&body, "}");
        place(KEYED "text\r\n", body.ptr, &reply);
        const json_t *fault = json_array_get(json_object_get(reply.json, "errors"), 0);
        CHECK_INT(reply.status, 422);
        CHECK_TEXT(json_text(fault, "pointer"), rows[i].pointer);
        CHECK_TEXT(json_text(fault, "detail"), rows[i].detail);
        rig_finish(&reply);
        buf_finish(&body);
    }
}

static void a_text_that_is_not_utf8_is_refused(void)
{
    static const char *const texts[] = { "\xff", "\xed\xa0\x80", "\\ud800" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct reply reply;
        char body[160];
        CHECK(snprintf(body, sizeof body,
                       "{\"type\":\"sms.send\",\"msisdn\":\"+959790000001\","
                       "\"text\":\"%s\"}",
                       texts[i]) > 0);
        place(KEYED "utf8\r\n", body, &reply);
        CHECK_INT(reply.status, 400);
        CHECK_TEXT(json_text(reply.json, "code"), "syntax");
        rig_finish(&reply);
    }
}

static void waiting_answers_with_the_end(void)
{
    struct reply reply;
    place(KEYED "e1\r\nPrefer: wait=15\r\n", BODY, &reply);
    CHECK_INT(reply.status, 200);
    CHECK_TEXT(json_text(reply.json, "state"), "completed");
    CHECK_TEXT(rig_field(&reply, "Preference-Applied"), "wait=15");
    rig_finish(&reply);
}

static void waiting_ends_with_the_time(void)
{
    struct reply reply;
    int64_t from_us = clock_mono_us();
    place(KEYED "e2\r\nPrefer: wait=1\r\n",
          "{\"type\":\"profile.provision\",\"plan\":\"later\"}", &reply);
    CHECK_INT(reply.status, 202);
    CHECK(clock_mono_us() - from_us >= 1000000);
    rig_finish(&reply);
}

static void an_order_that_nobody_serves_is_refused_with_the_reason(void)
{
    struct reply reply;
    place(KEYED "f1\r\n", "{\"type\":\"profile.provision\",\"carrier\":\"nemo\"}",
          &reply);
    CHECK_INT(reply.status, 422);
    CHECK_TEXT(json_text(reply.json, "code"), "no_adapter");
    CHECK_TEXT(json_text(reply.json, "detail"), "no adapter is called nemo");
    rig_finish(&reply);
}

/* Refused before any call to the carrier. */
static void a_missing_capability_is_told_before_any_call(void)
{
    struct reply reply;
    place(KEYED "f2\r\n",
          "{\"type\":\"line.suspend\",\"carrier\":\"quick\",\"msisdn\":\"+"
          "959250000001\"}",
          &reply);
    CHECK_INT(reply.status, 422);
    CHECK_TEXT(json_text(reply.json, "code"), "capability_missing");
    CHECK(strstr(json_text(reply.json, "detail"), "line.suspend") != NULL);
    rig_finish(&reply);
}

static void a_type_says_what_it_needs(void)
{
    struct reply reply;
    place(KEYED "f3\r\n", "{\"type\":\"line.suspend\"}", &reply);
    CHECK_INT(reply.status, 422);
    const json_t *errors = json_object_get(reply.json, "errors");
    CHECK_TEXT(json_text(json_array_get(errors, 0), "pointer"), "/msisdn");
    rig_finish(&reply);
}

static void an_unchanged_order_is_not_sent_again(void)
{
    char id[ID_SIZE], path[80], tag[64], match[160];
    struct reply reply;
    place_one(KEYED "g1\r\nPrefer: wait=15\r\n", BODY, id);
    CHECK(snprintf(path, sizeof path, "/v1/orders/%s", id) > 0);
    struct ask ask = { "GET", path, rig->admin, NULL, NULL };
    rig_ask(rig, &ask, &reply);
    CHECK_INT(reply.status, 200);
    CHECK(json_array_size(json_object_get(reply.json, "steps")) >= 1);
    CHECK(slice_copy(slice_of(rig_field(&reply, "ETag")), tag, sizeof tag));
    rig_finish(&reply);
    CHECK(snprintf(match, sizeof match, "If-None-Match: %s\r\n", tag) > 0);
    ask.headers = match;
    rig_ask(rig, &ask, &reply);
    CHECK_INT(reply.status, 304);
    CHECK_INT(reply.body.size, 0);
    rig_finish(&reply);
}

static void a_change_of_an_older_version_is_refused(void)
{
    char id[ID_SIZE], path[100];
    place_one(KEYED "h1\r\n", "{\"type\":\"profile.provision\",\"plan\":\"later\"}",
              id);
    CHECK(snprintf(path, sizeof path, "/v1/orders/%s/cancel", id) > 0);
    struct ask ask = { "POST", path, rig->admin, NULL, "If-Match: \"v0\"\r\n" };
    CHECK_INT(rig_status(rig, &ask), 412);
    ask.headers = "If-Match: nonsense\r\n";
    CHECK_INT(rig_status(rig, &ask), 412);
    ask.headers = "If-Match: *\r\n";
    CHECK_INT(rig_status(rig, &ask), 202);
}

static void a_finished_order_is_not_cancelled(void)
{
    char id[ID_SIZE], path[100];
    place_one(KEYED "h2\r\nPrefer: wait=15\r\n",
              "{\"type\":\"profile.provision\",\"plan\":\"refuse\"}", id);
    CHECK(snprintf(path, sizeof path, "/v1/orders/%s/cancel", id) > 0);
    struct ask ask = { "POST", path, rig->admin, NULL, NULL };
    CHECK_INT(rig_status(rig, &ask), 409);
}

/* UNKNOWN waits for a person, and the person's word moves it on. */
static void a_held_order_goes_on_by_a_persons_word(void)
{
    char id[ID_SIZE], path[100];
    struct reply reply;
    place(KEYED "i1\r\nPrefer: wait=15\r\n",
          "{\"type\":\"profile.provision\",\"plan\":\"hold\"}", &reply);
    CHECK_TEXT(json_text(reply.json, "state"), "held");
    CHECK_FATAL(slice_copy(slice_of(json_text(reply.json, "id")), id, sizeof id));
    rig_finish(&reply);
    CHECK(snprintf(path, sizeof path, "/v1/orders/%s/resolve", id) > 0);
    struct ask ask = { "POST", path, rig->admin, "{\"resolution\":\"perhaps\"}", NULL };
    CHECK_INT(rig_status(rig, &ask), 422);
    ask.body = "{\"resolution\":\"done\",\"result\":{\"iccid\":\"8995010000000000009\","
               "\"activation_code\":\"1$smdp.example.net$X\"}}";
    CHECK_INT(rig_status(rig, &ask), 202);
    CHECK_INT(rig_status(rig, &ask), 409);
}

/* Pages end where they said, with inserts in between. */
static void pages_are_stable_while_orders_come_in(void)
{
    char id[ID_SIZE], key[64], next[500];
    int seen = 0;
    for (int i = 0; i < 5; i++) {
        CHECK(snprintf(key, sizeof key, KEYED "j%d\r\n", i) > 0);
        place_one(
            key,
            "{\"type\":\"profile.provision\",\"plan\":\"p\",\"external_id\":\"page\"}",
            id);
    }
    CHECK(
        slice_copy(slice_of("/v1/orders?external_id=page&limit=2"), next, sizeof next));
    while (next[0] != '\0') {
        struct reply reply;
        struct ask ask = { "GET", next, rig->viewer, NULL, NULL };
        rig_ask(rig, &ask, &reply);
        CHECK_INT(reply.status, 200);
        seen += (int)json_array_size(json_object_get(reply.json, "items"));
        const char *link = rig_field(&reply, "Link");
        struct slice rest = slice_of(link);
        slice_cut(&rest, '<');
        CHECK(slice_copy(slice_cut(&rest, '>'), next, sizeof next));
        rig_finish(&reply);
        CHECK(snprintf(key, sizeof key, KEYED "k%d\r\n", seen) > 0);
        place_one(
            key,
            "{\"type\":\"profile.provision\",\"plan\":\"p\",\"external_id\":\"page\"}",
            id);
    }
    CHECK_INT(seen, 5);
}

static void a_cursor_of_someone_elses_making_is_refused(void)
{
    struct ask ask = { "GET", "/v1/orders?cursor=AAAAAAAAAAAA", rig->viewer, NULL,
                       NULL };
    CHECK_INT(rig_status(rig, &ask), 422);
    ask.path = "/v1/orders?limit=0";
    CHECK_INT(rig_status(rig, &ask), 422);
    ask.path = "/v1/orders?limit=%zz";
    CHECK_INT(rig_status(rig, &ask), 400);
    ask.path = "/v1/orders?colour=blue";
    CHECK_INT(rig_status(rig, &ask), 422);
}

/* traceparent in, through the order's records, and out. */
static void a_trace_goes_through(void)
{
    struct reply reply;
    place(KEYED "l1\r\ntraceparent: "
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n",
          BODY, &reply);
    CHECK(strstr(rig_field(&reply, "traceparent"),
                 "0af7651916cd43dd8448eb211c80319c") != NULL);
    rig_finish(&reply);
    struct ask ask = { "GET", "/v1/audit?action=order.create&limit=1", rig->admin, NULL,
                       NULL };
    rig_ask(rig, &ask, &reply);
    const json_t *record = json_array_get(json_object_get(reply.json, "items"), 0);
    CHECK(json_text(record, "trace") != NULL &&
          strstr(json_text(record, "trace"), "0af7651916cd43dd") != NULL);
    CHECK_TEXT(json_text(record, "subject"), "key:ada");
    rig_finish(&reply);
}

static void the_host_starts(void)
{
    json_start();
    struct api_rig_plan plan = { .rbac = NULL };
    rig = rig_start(&plan);
}

static void the_host_stops(void)
{
    rig_stop(&rig);
    json_decref(rig_seen);
}

TESTS("api_order", CASE(the_host_starts),
      CASE(an_order_is_accepted_with_its_place_and_version),
      CASE(the_first_answer_says_what_the_store_says),
      CASE(a_repeated_key_gives_the_same_order),
      CASE(a_key_with_another_payload_is_refused),
      CASE(without_a_key_nothing_is_ordered), CASE(every_wrong_member_is_named),
      CASE(a_text_is_for_messages_alone_and_has_a_limit),
      CASE(a_text_that_is_not_utf8_is_refused), CASE(waiting_answers_with_the_end),
      CASE(waiting_ends_with_the_time),
      CASE(an_order_that_nobody_serves_is_refused_with_the_reason),
      CASE(a_missing_capability_is_told_before_any_call),
      CASE(a_type_says_what_it_needs), CASE(an_unchanged_order_is_not_sent_again),
      CASE(a_change_of_an_older_version_is_refused),
      CASE(a_finished_order_is_not_cancelled),
      CASE(a_held_order_goes_on_by_a_persons_word),
      CASE(pages_are_stable_while_orders_come_in),
      CASE(a_cursor_of_someone_elses_making_is_refused), CASE(a_trace_goes_through),
      CASE(the_host_stops))
