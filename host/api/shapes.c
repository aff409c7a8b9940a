#include "api/shapes.h"

#include "conf/settings.h"

/* clang-format off */
#define SHAPE(id, named, says, is_open, ...) \
    static const struct member id##_members[] = { __VA_ARGS__, { NULL } }; \
    const struct schema id = { named, says, id##_members, is_open }
#define TEXT(n, says)      { n, MEMBER_TEXT, .text = says }
#define WORDS(n, f, says)  { n, MEMBER_TEXT, .format = f, .text = says }
#define LONG(n, size, says) { n, MEMBER_TEXT, .most = size, .text = says }
#define MUST(n, says)      { n, MEMBER_TEXT, .required = true, .text = says }
#define INT(n, says)       { n, MEMBER_INT, .text = says }
#define BOOL(n, says)      { n, MEMBER_BOOL, .text = says }
#define LIST(n, of, says)  { n, MEMBER_OBJECTS, .required = true, .most = 10000, .inside = of, .text = says }
#define NEXT               LONG("next", 400, "The cursor of the next page; absent on the last.")

/* ---- problems ---- */

SHAPE(shape_fault, "Fault", "One member that is wrong.", false,
    MUST("pointer", "JSON pointer into the body, or /query/NAME."),
    { "detail", MEMBER_TEXT, .required = true, .most = 512, .text = "What was expected, what was found." });
SHAPE(shape_problem, "Problem", "RFC 9457.", false,
    MUST("type", "Leads to the code's meaning."),
    MUST("title", "The same for every problem of this code."),
    { "status", MEMBER_INT, .required = true, .least = 400, .most = 599, .text = "As in the status line." },
    LONG("detail", 1024, "What happened this time."),
    LONG("instance", 1024, "The path that was asked."),
    MUST("code", "Stable, for programs."),
    TEXT("error", "As code, for older clients."),
    LONG("message", 1024, "As detail, for older clients."),
    TEXT("request_id", "Tell it to whoever runs the host."),
    { "errors", MEMBER_OBJECTS, .inside = &shape_fault, .text = "Every member that is wrong." });
SHAPE(shape_problem_kind, "ProblemKind", "What a code means.", false,
    MUST("code", "Stable, for programs."), MUST("title", "In words."),
    INT("status", "The HTTP status it comes with."));

/* ---- orders ---- */

SHAPE(shape_device, "Device", "The device that the profile is for.", false,
    WORDS("eid", "eid", "The eUICC's identifier, 32 digits."),
    WORDS("imei", "imei", "The device's IMEI."));
SHAPE(shape_order_new, "OrderNew", "What to order.", false,
    { "type", MEMBER_TEXT, .required = true, .format = "plan", .text = "What is to be done." },
    { "plan", MEMBER_TEXT, .format = "printable", .most = 128, .text = "The carrier's service plan." },
    { "carrier", MEMBER_TEXT, .format = "name", .most = 63, .text = "This carrier and no other; else the policy chooses." },
    { "device", MEMBER_OBJECT, .inside = &shape_device, .text = "The device." },
    WORDS("msisdn", "msisdn", "The number, E.164 or as it is dialled at home."),
    WORDS("iccid", "iccid", "This profile; else the carrier chooses."),
    { "profile_type", MEMBER_TEXT, .format = "printable", .most = 128, .text = "The carrier's name for a kind of profile." },
    { "external_id", MEMBER_TEXT, .format = "printable", .most = 128, .text = "Your own name for this order." },
    { "confirmation_code", MEMBER_TEXT, .format = "printable", .most = 64, .text = "The user must enter it. Never shown again." },
    { "text", MEMBER_TEXT, .format = "message", .least = 1, .most = ORDER_TEXT_BYTES_MAX, .text = "Of a message: sms.send alone takes it. Never shown again; its longest is the setting order.text_bytes." },
    { "extra", MEMBER_OBJECT, .text = "More input for the steps." });
SHAPE(shape_order_step, "OrderStep", "One operation of an order.", true,
    INT("position", "From 0."),
    MUST("capability", "What the adapter does."),
    WORDS("kind", "do|undo", "Does it, or takes it back?"),
    MUST("state", "Where it stands."),
    INT("attempts", "How often it was begun."),
    TEXT("exchange", "The exchange it is at."),
    TEXT("adapter_version", "The adapter's version."),
    TEXT("started", "RFC 3339."), TEXT("ended", "RFC 3339."), TEXT("next_try", "RFC 3339."),
    INT("took_ms", "From start to end."),
    { "problem", MEMBER_OBJECT, .text = "Why it did not go on." });
SHAPE(shape_order, "Order", "An order; states are those of TMF641.", true,
    { "id", MEMBER_TEXT, .required = true, .format = "uuid", .text = "Its name." },
    TEXT("type", "What is done."),
    { "state", MEMBER_TEXT, .required = true, .format = "state", .text = "Where it stands." },
    TEXT("carrier", "The adapter that serves it."), TEXT("plan", "The service plan."),
    TEXT("external_id", "Your name for it."), TEXT("subject", "Who ordered."),
    TEXT("iccid", "The profile."), TEXT("eid", "The eUICC."), TEXT("msisdn", "The number."),
    TEXT("profile_type", "The kind of profile."),
    LONG("held_for", 1024, "What a person must decide."),
    { "problem", MEMBER_OBJECT, .text = "Why it did not end well." },
    INT("policy_revision", "The revision that routed it."), TEXT("decision_id", "The decision."),
    { "version", MEMBER_INT, .required = true, .least = 0, .text = "Counts its changes; ETag." },
    TEXT("created", "RFC 3339."), TEXT("updated", "RFC 3339."),
    { "result", MEMBER_OBJECT, .text = "What a completed order of this type gave." },
    { "steps", MEMBER_OBJECTS, .inside = &shape_order_step, .text = "In order." });
SHAPE(shape_order_page, "OrderPage", "Orders, newest first.", false,
    LIST("items", &shape_order, "Without their steps."), NEXT);
SHAPE(shape_order_resolve, "OrderResolve", "What became of the step that is held.", false,
    { "resolution", MEMBER_TEXT, .required = true, .format = "done|not_done|give_up", .text = "It happened; it did not; undo what can be undone and fail." },
    { "result", MEMBER_OBJECT, .text = "With done: what the step gave." });

/* ---- profiles ---- */

SHAPE(shape_profile, "Profile", "A profile; the activation code is shown elsewhere.", true,
    MUST("iccid", "Its name, without padding."), TEXT("order_id", "The order that made it."),
    TEXT("carrier", "Whose it is."), TEXT("state", "SGP.22's name."),
    TEXT("device_state", "The device's copy."), TEXT("eid", "The eUICC."),
    TEXT("msisdn", "The number."), TEXT("profile_type", "The kind of profile."),
    TEXT("smdp_address", "Where it waits."), BOOL("has_code", "Is there an activation code?"),
    INT("version", "Counts its changes."), TEXT("created", "RFC 3339."), TEXT("updated", "RFC 3339."));
SHAPE(shape_profile_page, "ProfilePage", "Profiles by ICCID.", false,
    LIST("items", &shape_profile, "Profiles."), NEXT);
SHAPE(shape_activation_code, "ActivationCode", "A secret: whoever has it can take the profile.", false,
    MUST("iccid", "Whose it is."),
    { "activation_code", MEMBER_TEXT, .required = true, .most = 512, .text = "SGP.22 4.1." },
    { "lpa", MEMBER_TEXT, .required = true, .most = 520, .text = "As a QR code holds it." });

/* ---- devices ---- */

SHAPE(shape_line, "Line", "A number in service at a carrier.", true,
    { "id", MEMBER_TEXT, .required = true, .format = "uuid", .text = "Its name." },
    MUST("msisdn", "The number, E.164."),
    { "state", MEMBER_TEXT, .required = true, .format = "PROVISIONED|ACTIVE|SUSPENDED|DELETED", .text = "DELETED is its end: the number's next line is another one." },
    TEXT("carrier", "Whose it is."), TEXT("iccid", "The profile."),
    TEXT("plan", "The service plan it was ordered with."), TEXT("order_id", "The last order that changed it."),
    INT("version", "Counts what was told of it."), TEXT("created", "RFC 3339."), TEXT("updated", "RFC 3339."));
SHAPE(shape_line_page, "LinePage", "Lines, oldest first.", false,
    LIST("items", &shape_line, "Lines."), NEXT);
SHAPE(shape_managed_device, "ManagedDevice", "A device as its MDM told it.", true,
    MUST("device_id", "The MDM's name for it; orders want this one."),
    MUST("carrier", "The adapter that told it."),
    TEXT("name", "What its owner calls it."), TEXT("user", "Who uses it."),
    TEXT("serial", "Its serial number."), TEXT("eid", "Its eUICC."), TEXT("imei", "Its IMEI."),
    TEXT("os", "Its operating system."), TEXT("os_version", "The version of that."),
    TEXT("model", "Its model."), TEXT("manufacturer", "Who made it."),
    TEXT("compliance", "The MDM's word."), TEXT("last_sync", "RFC 3339: when the MDM heard of it."),
    TEXT("updated", "RFC 3339: when something of this changed."),
    TEXT("seen", "RFC 3339: when a list told it last."));
SHAPE(shape_device_pass, "DevicePass", "How far an adapter's list has come.", false,
    MUST("carrier", "The adapter."),
    LONG("since", 64, "What to ask for next: extra.since of an order of device.list."),
    LONG("cursor", 4096, "The last list is not at its end: extra.cursor of the next order."));
SHAPE(shape_device_page, "DevicePage", "Devices by device_id.", false,
    LIST("items", &shape_managed_device, "Devices."),
    LIST("lists", &shape_device_pass, "Where each adapter's list goes on."), NEXT);

/* ---- adapters, policies ---- */

SHAPE(shape_adapter_session, "AdapterSession", "A kept connection.", true,
    MUST("name", "As in the manifest."), TEXT("tenant", "Whose own it is; absent: it is shared."),
    { "state", MEMBER_TEXT, .required = true, .format = "connecting|bound|closed|refused", .text = "refused: the carrier does not accept our credentials." },
    INT("window", "So many may be without an answer."), INT("outstanding", "So many are."),
    INT("queued", "Waiting to be sent."), TEXT("since", "RFC 3339; of the state."),
    LONG("reason", 512, "Why it is not bound."));
SHAPE(shape_adapter_refusal, "AdapterRefusal", "Credentials that the carrier refused.", true,
    TEXT("tenant", "Whose own they are; absent: they are shared."),
    MUST("use", "session:NAME, token:ENDPOINT or capability:NAME."), LONG("reason", 512, "In the carrier's sense."),
    TEXT("since", "RFC 3339."), TEXT("next_try", "RFC 3339; a reload tries at once."));
SHAPE(shape_adapter, "Adapter", "A loaded adapter.", true,
    MUST("name", "Its name."), TEXT("version", "Its version."), INT("revision", "Of its manifest."),
    { "capabilities", MEMBER_TEXTS, .text = "What it can do." },
    { "aliases", MEMBER_TEXTS, .text = "Other names." },
    { "health", MEMBER_OBJECT, .text = "As GET /health/adapters/{name}." },
    { "sessions", MEMBER_OBJECTS, .inside = &shape_adapter_session, .text = "Its kept connections." },
    { "refusals", MEMBER_OBJECTS, .inside = &shape_adapter_refusal, .text = "Where the carrier does not accept our credentials; absent: nowhere." });
SHAPE(shape_adapter_list, "AdapterList", "The adapters.", false,
    LIST("items", &shape_adapter, "Adapters."));
SHAPE(shape_adapter_health, "AdapterHealth", "How an adapter is.", true,
    MUST("name", "Its name."), TEXT("version", "Its version."),
    { "status", MEMBER_TEXT, .required = true, .format = "healthy|degraded|down", .text = "In a word." },
    LONG("reason", 512, "Why it is not healthy."),
    { "connection", MEMBER_TEXT, .format = "up|down|refused|unknown", .text = "Does the carrier answer? unknown: nothing was sent yet." },
    { "session", MEMBER_TEXT, .format = "connecting|bound|closed|refused", .text = "Of the shared sessions, the first that is not bound; absent: it has none." },
    BOOL("unauthorised", "The carrier refused our credentials."),
    TEXT("last_success", "RFC 3339: an operation was done."),
    TEXT("last_error", "The last problem's code."), TEXT("last_error_at", "RFC 3339."),
    TEXT("error_class", "connection, unauthorised, adapter or carrier: where to look."));
SHAPE(shape_adapter_reload, "AdapterReload", "The verdict.", false,
    MUST("name", "Its name."), MUST("version", "The version that runs now."), MUST("state", "active"));
SHAPE(shape_policy_file, "PolicyFile", "A file of a policy.", false,
    MUST("name", "Its name."), MUST("sha256", "Of its bytes."), INT("size", "In bytes."));
SHAPE(shape_policy, "Policy", "An immutable signed revision.", false,
    MUST("name", "Its name."), TEXT("version", "Its version."), INT("revision", "Only goes up."),
    TEXT("digest", "Of the manifest."), TEXT("signed_by", "Names of keys."),
    TEXT("not_before", "RFC 3339."), TEXT("expires", "RFC 3339."),
    { "files", MEMBER_OBJECTS, .inside = &shape_policy_file, .text = "Its files." });
SHAPE(shape_policy_list, "PolicyList", "The policies.", false,
    LIST("items", &shape_policy, "Policies."));

/* ---- audit, events ---- */

SHAPE(shape_audit_record, "AuditRecord", "Who did what to what.", false,
    INT("seq", "Without gaps."), TEXT("at", "RFC 3339."), MUST("subject", "Who."),
    MUST("action", "What."), MUST("resource", "To what."), MUST("outcome", "How it ended."),
    LONG("reason", 1024, "Why."), TEXT("decision_id", "The policy's decision."),
    INT("policy_revision", "By which revision."), TEXT("request_id", "In which request."),
    TEXT("trace", "traceparent."), { "diff", MEMBER_OBJECT, .text = "{field: [before, after]}" },
    TEXT("hash", "Covers the record and the one before."));
SHAPE(shape_audit_page, "AuditPage", "Records, newest first.", false,
    LIST("items", &shape_audit_record, "Records."), NEXT);
SHAPE(shape_audit_verdict, "AuditVerdict", "Does the chain hold?", false,
    { "ok", MEMBER_BOOL, .required = true, .text = "Each record fits the one before." },
    INT("checked", "Records looked at."), LONG("problem", 1024, "The first that does not fit."));
SHAPE(shape_event, "Event", "CloudEvents 1.0.", false,
    MUST("specversion", "1.0"), MUST("id", "The same at every delivery."), MUST("source", "/esimd"),
    MUST("type", "What happened."), TEXT("subject", "To what."), TEXT("time", "RFC 3339."),
    TEXT("datacontenttype", "application/json"), INT("sequence", "Its place in the tenant's log."),
    TEXT("traceparent", "The trace it belongs to."), { "data", MEMBER_OBJECT, .text = "More of it." });
SHAPE(shape_event_page, "EventPage", "Events, oldest first.", false,
    LIST("items", &shape_event, "Events."),
    INT("newest", "The last one's place in the log now."), NEXT);

/* ---- keys, tenants, health ---- */

SHAPE(shape_key_new, "KeyNew", "A key to be made.", false,
    { "subject", MEMBER_TEXT, .required = true, .format = "name", .most = 63, .text = "Who will hold it; the audit shows it." },
    { "roles", MEMBER_TEXTS, .required = true, .format = "name", .most = 63, .text = "Names of the policy's roles." });
SHAPE(shape_key_made, "KeyMade", "A new key; keep it, it is not shown again.", false,
    { "id", MEMBER_TEXT, .required = true, .format = "uuid", .text = "Its name." },
    MUST("tenant", "Whose it is."), MUST("subject", "Who holds it."),
    { "roles", MEMBER_TEXTS, .text = "Names of roles." }, MUST("key", "The key itself."));
SHAPE(shape_key, "Key", "A key without its secret.", false,
    { "id", MEMBER_TEXT, .required = true, .format = "uuid", .text = "Its name." },
    MUST("prefix", "What it begins with, after esk_."), MUST("subject", "Who holds it."),
    { "roles", MEMBER_TEXTS, .text = "Names of roles." }, TEXT("created", "RFC 3339."),
    TEXT("revoked", "RFC 3339; absent: it opens."), TEXT("last_used", "RFC 3339, to the minute."));
SHAPE(shape_key_list, "KeyList", "A tenant's keys.", false, LIST("items", &shape_key, "Keys."));
SHAPE(shape_tenant_new, "TenantNew", "A tenant to be made.", false,
    { "tenant", MEMBER_TEXT, .required = true, .format = "name", .most = 63, .text = "Its name in keys and headers." },
    { "name", MEMBER_TEXT, .format = "printable", .most = 128, .text = "For people." });
SHAPE(shape_tenant, "Tenant", "A tenant.", false,
    MUST("tenant", "Its name."), TEXT("name", "For people."), TEXT("created", "RFC 3339."));
SHAPE(shape_tenant_list, "TenantList", "The tenants.", false, LIST("items", &shape_tenant, "Tenants."));
SHAPE(shape_health, "Health", "Can it serve?", false,
    MUST("status", "ready or not ready"), { "checks", MEMBER_OBJECT, .text = "Each by name." });
/* clang-format on */
