/* What a step is asked with, what of its result is kept, what of that is shown. */
#include "order_rig.h"

#include <ctype.h>

#include "conf/file.h"
#include "esim/capability.h"
#include "order/order_vars.h"

static json_t *object(const char *text)
{
    struct err err = ERR_INIT;
    json_t *value = json_read(slice_of(text), &err);
    CHECK_FATAL(value != NULL);
    return value;
}

static void compact(const json_t *value, char *ret, size_t size)
{
    struct buf text;
    buf_init(&text, 1 << 16);
    json_write_sorted(value, &text);
    CHECK_FATAL(slice_copy(buf_slice(&text), ret, size));
    buf_finish(&text);
}

/* clang-format off */
static const struct { const char *capability, *input; } inputs[] = {
    { "device.list", "{\"cursor\":\"c\",\"limit\":5,\"since\":\"s\"}" },
    { "device.assign", "{\"activation_code\":\"1$a$b\",\"device_id\":\"d\",\"group\":\"g\"}" },
    { "device.activate", "{\"carrier_url\":\"u\",\"device_id\":\"d\"}" },
    { "device.compliance", "{\"device_id\":\"d\"}" },
    { "device.notify", "{\"device_id\":\"d\",\"text\":\"x\",\"title\":\"t\"}" },
    { "device.read", "{\"device_id\":\"d\"}" },
    { "device.sync", "{\"device_id\":\"d\"}" },
    { "device.retire", "{\"device_id\":\"d\"}" },
    { "group.change", "{\"group\":\"g\",\"name\":\"n\"}" },
    { "script.deploy", "{\"content\":\"p\",\"group\":\"g\",\"name\":\"n\"}" },
    { "config.deploy", "{\"group\":\"g\",\"name\":\"n\"}" },
};
/* clang-format on */

/* A step sees its own members only: the code of a profile is for device.assign alone. */
static void each_capability_is_asked_with_its_own_members(void)
{
    json_t *vars = object("{\"cursor\":\"c\",\"limit\":5,\"since\":\"s\","
                          "\"activation_code\":\"1$a$b\",\"device_id\":\"d\","
                          "\"group\":\"g\",\"carrier_url\":\"u\",\"text\":\"x\","
                          "\"title\":\"t\",\"content\":\"p\",\"name\":\"n\"}");
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        char text[256];
        json_t *input = order_vars_input(vars, inputs[i].capability);
        compact(input, text, sizeof text);
        CHECK_TEXT(text, inputs[i].input);
        json_decref(input);
    }
    json_decref(vars);
}

/* ---- the document for adapters is the table ---- */

enum { INPUT_COLUMN = 22, RESULT_COLUMN = 62 };

/* The words of the input column, without "?" and what is in brackets, into `ret`. */
static void read_inputs(struct slice line, json_t *ret)
{
    size_t end = line.size < RESULT_COLUMN ? line.size : RESULT_COLUMN;
    if (end <= INPUT_COLUMN)
        return;
    struct slice words = slice_bytes(line.ptr + INPUT_COLUMN, end - INPUT_COLUMN);
    while (words.size > 0) {
        struct slice word = slice_cut(&words, ' ');
        size_t size = 0;
        while (size < word.size &&
               (islower((unsigned char)word.ptr[size]) || word.ptr[size] == '_'))
            size++;
        if (size > 0)
            json_object_set_new(ret, strndupa(word.ptr, size), json_true());
    }
}

/* What capability.h says that a capability is asked with; NULL: nothing. */
static json_t *documented(struct slice text, const char *capability)
{
    json_t *ret = NULL;
    while (text.size > 0) {
        struct slice line = slice_cut(&text, '\n');
        struct slice rest = line.size > 3 ? slice_bytes(line.ptr + 3, line.size - 3)
                                          : slice_of("");
        struct slice name = slice_cut(&rest, ' ');
        if (name.size > 0 && ret != NULL)
            break;
        if (slice_is(name, capability))
            ret = json_object();
        if (ret != NULL && line.size < INPUT_COLUMN)
            break;
        if (ret != NULL)
            read_inputs(line, ret);
    }
    return ret;
}

/* Every name that the document has anywhere. */
static json_t *all_inputs(struct slice text)
{
    json_t *ret = json_object();
    static const char *const names[] = {
#define X(name) name,
        ESIM_CAPABILITIES(X)
#undef X
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        json_t *one = documented(text, names[i]);
        json_object_update(ret, one);
        json_decref(one);
    }
    return ret;
}

/* An adapter's author reads the header; a member that never comes, or comes untold, costs
 * him a day. */
static void the_header_tells_what_each_capability_is_asked_with(void)
{
    static const char *const names[] = {
#define X(name) name,
        ESIM_CAPABILITIES(X)
#undef X
    };
    struct err err = ERR_INIT;
    struct buf header;
    buf_init(&header, 1 << 16);
    CHECK_FATAL(file_read("sdk/include/esim/capability.h", &header, &err));
    json_t *all = all_inputs(buf_slice(&header));
    CHECK(json_object_size(all) > 20);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char told[512], asked[512];
        json_t *document = documented(buf_slice(&header), names[i]);
        json_t *input = order_vars_input(all, names[i]);
        compact(document, told, sizeof told);
        compact(input, asked, sizeof asked);
        CHECK_TEXT(asked, told);
        json_decref(document);
        json_decref(input);
    }
    json_decref(all);
    buf_finish(&header);
}

/* The number that the policy was asked about is the one the message goes to. */
static void a_message_goes_to_the_orders_number_and_is_forgotten(void)
{
    char text[256];
    json_t *extra = object("{\"to\":\"+959999\",\"text\":\"other\"}");
    struct order_request request = {
        .type = "sms.send", .msisdn = "+959790000001", .text = "Hi", .extra = extra
    };
    json_t *vars = order_vars_new(&request, "o");
    json_t *input = order_vars_input(vars, "sms.send");
    compact(input, text, sizeof text);
    CHECK_TEXT(text,
               "{\"msisdn\":\"+959790000001\",\"order_ref\":\"o\",\"text\":\"Hi\","
               "\"to\":\"+959790000001\"}");
    json_decref(input);
    order_vars_forget(vars, "line.suspend");
    CHECK_TEXT(json_text(vars, "text"), "Hi");
    order_vars_forget(vars, "sms.send");
    CHECK(json_text(vars, "text") == NULL);
    json_decref(vars);
    json_decref(extra);
}

static void the_last_page_takes_the_cursor_away(void)
{
    struct err err = ERR_INIT;
    char text[256];
    json_t *vars = object("{\"cursor\":\"spent\",\"secret\":1}");
    json_t *first = object("{\"devices\":[{\"device_id\":\"a\"}],\"cursor\":\"next\"}");
    json_t *last = object("{\"devices\":[],\"at\":\"2026-01-01T00:00:00Z\",\"x\":1}");
    CHECK(order_vars_merge(vars, first, &err));
    CHECK_TEXT(json_text(vars, "cursor"), "next");
    CHECK(order_vars_merge(vars, last, &err));
    json_t *shown = order_vars_result(vars, plan_of("device.list"));
    compact(shown, text, sizeof text);
    CHECK_TEXT(text, "{\"at\":\"2026-01-01T00:00:00Z\",\"devices\":[]}");
    json_decref(shown);
    json_decref(first);
    json_decref(last);
    json_decref(vars);
}

static void a_value_of_another_type_is_not_believed(void)
{
    struct err err = ERR_INIT;
    json_t *vars = json_object();
    json_t *wrong = object("{\"devices\":\"all\"}");
    CHECK(!order_vars_merge(vars, wrong, &err));
    CHECK_INT(err.code, ERR_INVALID);
    CHECK(strstr(err.text, "devices") != NULL);
    json_decref(wrong);
    json_decref(vars);
}

/* The order was for one profile; that another one was taken is a person's to sort out. */
static void another_profile_than_the_ordered_one_is_not_believed(void)
{
    struct err err = ERR_INIT;
    json_t *vars = object("{\"iccid\":\"8995060000000000018\"}");
    json_t *same = object("{\"iccid\":\"8995060000000000018F\"}");
    json_t *other = object("{\"iccid\":\"8995060000000000026\"}");
    CHECK(order_vars_merge(vars, same, &err));
    CHECK(!order_vars_merge(vars, other, &err));
    CHECK_INT(err.code, ERR_INVALID);
    CHECK_TEXT(json_text(vars, "iccid"), "8995060000000000018");
    json_decref(vars);
    json_decref(same);
    json_decref(other);
}

static void a_profile_is_given_back_as_the_client_says(void)
{
    json_t *extra = object("{\"final_state\":\"Unavailable\"}");
    struct order_request request = { .type = "profile.cancel", .extra = extra };
    json_t *said = order_vars_new(&request, "o");
    request.extra = NULL;
    json_t *unsaid = order_vars_new(&request, "o");
    CHECK_TEXT(json_text(said, "final_state"), "Unavailable");
    CHECK_TEXT(json_text(unsaid, "final_state"), "Available");
    json_decref(said);
    json_decref(unsaid);
    json_decref(extra);
}

static void a_plan_shows_no_secret(void)
{
    static const char *const secrets[] = { "activation_code", "matching_id",
                                           "confirmation_code", "content" };
    const struct plan *plan;
    for (size_t at = 0; (plan = plan_at(at)) != NULL; at++)
        for (const char *const *name = plan->shows; *name != NULL; name++)
            for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
                CHECK(strcmp(*name, secrets[i]) != 0);
    CHECK(order_vars_result(NULL, plan_of("profile.provision")) == NULL);
}

/* ---- a profile that was ordered here is handed on ---- */

static bool run_learn(struct db *db, struct rig *rig, void *arg, struct err *err)
{
    (void)arg;
    struct profile_news news = { .tenant = "acme",
                                 .iccid = "8995060000000000018",
                                 .order_id = "o",
                                 .carrier = "atom",
                                 .adapter = "atom",
                                 .state = "Released",
                                 .eid = "89049032123451234512345678901235",
                                 .activation_code = "1$smdp.example.com$CANARY-5521",
                                 .origin = "order/o",
                                 .at_ms = clock_wall_ms() };
    return profile_learn(db, rig->sealer, &news, err);
}

static struct claim *ask(struct rig *rig, const char *type, const char *key,
                         const char *iccid, const char *extra)
{
    static const char *const none[] = { NULL };
    struct err err = ERR_INIT;
    struct order_actor actor = { .tenant = "acme",
                                 .subject = "key:test",
                                 .decision_id = "d1",
                                 .reason = "allowed by test" };
    json_t *more = object(extra);
    struct order_request request = {
        .type = type, .adapter = "atom", .iccid = iccid, .extra = more
    };
    struct order_accept accept = { .actor = &actor,
                                   .request = &request,
                                   .skipped = none,
                                   .idempotency_key = key,
                                   .route = "POST /v1/orders",
                                   .digest = key,
                                   .sealer = rig->sealer };
    id_new(accept.id);
    CHECK_FATAL(rig_write(rig, rig_run_accept, &accept, &err));
    json_decref(more);
    return rig_claim(rig, "one", 1);
}

static struct claim *assign(struct rig *rig, const char *key, const char *iccid,
                            const char *extra)
{
    return ask(rig, "device.assign", key, iccid, extra);
}

static void a_known_profiles_code_goes_to_the_device_by_itself(void)
{
    struct rig rig;
    struct err err = ERR_INIT;
    rig_open(&rig);
    CHECK_FATAL(rig_write(&rig, run_learn, NULL, &err));
    struct claim *ours = assign(&rig, "a", "8995060000000000018",
                                "{\"device_id\":\"d\"}");
    struct claim *given = assign(
        &rig, "b", "8995060000000000026",
        "{\"device_id\":\"d\",\"activation_code\":\"1$own$CODE\"}");
    struct claim *unknown = assign(&rig, "c", "8995060000000000034",
                                   "{\"device_id\":\"d\"}");
    CHECK_FATAL(ours != NULL && given != NULL && unknown != NULL);
    CHECK_TEXT(json_text(ours->vars, "activation_code"),
               "1$smdp.example.com$CANARY-5521");
    CHECK_TEXT(json_text(given->vars, "activation_code"), "1$own$CODE");
    CHECK(json_text(unknown->vars, "activation_code") == NULL);
    claim_free(&ours);
    claim_free(&given);
    claim_free(&unknown);
    rig_close(&rig);
}

/* SGP.22 5.3.3 wants them, and the client may know neither. */
static void a_known_profile_is_given_back_with_its_eid_and_matching_id(void)
{
    struct rig rig;
    struct err err = ERR_INIT;
    rig_open(&rig);
    CHECK_FATAL(rig_write(&rig, run_learn, NULL, &err));
    struct claim *ours = ask(&rig, "profile.cancel", "a", "8995060000000000018", "{}");
    struct claim *unknown = ask(&rig, "profile.cancel", "b", "8995060000000000026",
                                "{}");
    CHECK_FATAL(ours != NULL && unknown != NULL);
    CHECK_TEXT(json_text(ours->vars, "matching_id"), "CANARY-5521");
    CHECK_TEXT(json_text(ours->vars, "eid"), "89049032123451234512345678901235");
    CHECK(json_text(ours->vars, "activation_code") == NULL);
    CHECK(json_text(unknown->vars, "matching_id") == NULL);
    claim_free(&ours);
    claim_free(&unknown);
    rig_close(&rig);
}

TESTS("order_vars", CASE(each_capability_is_asked_with_its_own_members),
      CASE(the_header_tells_what_each_capability_is_asked_with),
      CASE(a_message_goes_to_the_orders_number_and_is_forgotten),
      CASE(the_last_page_takes_the_cursor_away),
      CASE(a_value_of_another_type_is_not_believed), CASE(a_plan_shows_no_secret),
      CASE(another_profile_than_the_ordered_one_is_not_believed),
      CASE(a_profile_is_given_back_as_the_client_says),
      CASE(a_known_profiles_code_goes_to_the_device_by_itself),
      CASE(a_known_profile_is_given_back_with_its_eid_and_matching_id))
