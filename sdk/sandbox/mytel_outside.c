/* What happens without being asked over the line: a device installs a profile, the
 * carrier turns a line. Each change becomes an event (PROTOCOL.md 10). */
#include <string.h>

#include "base/json.h"
#include "mytel.h"

enum { DETAILS_BYTES = 1024 };

/* SGP.22 5.3.5: notificationPointId. */
enum { POINT_ELIGIBILITY = 1, POINT_DOWNLOAD = 3, POINT_INSTALLATION = 4 };

/* `has_state` false: progress only. */
static void tell_profile(struct mytel *mytel, const struct smdp_profile *profile,
                         unsigned point, bool has_state, enum code code)
{
    char iccid[ICCID_SIZE];
    struct buf details;
    buf_init(&details, DETAILS_BYTES);
    smdp_iccid(mytel->stock, profile, iccid);
    values_put_text(&details, TAG_ICCID, iccid);
    if (has_state)
        values_put_number(&details, TAG_PROFILE_STATE,
                          mytel_state_number(profile->state));
    values_put_number(&details, TAG_POINT, point);
    values_put_text(&details, TAG_EID, profile->eid);
    if (code != CODE_OK)
        values_put_number(&details, TAG_CODE, code);
    mytel_tell(mytel, EVENT_PROFILE_CHANGED, buf_slice(&details));
    buf_finish(&details);
}

int mytel_install(struct mytel *mytel, struct slice eid, const json_t *how)
{
    const char *code = json_text(how, "activation_code");
    const char *outcome = json_text(how, "outcome");
    bool fails = outcome != NULL && strcmp(outcome, "failed") == 0;
    char match[MATCHING_ID_SIZE];
    if (code == NULL || !smdp_match_read(code, match) || eid.size != EID_SIZE - 1)
        return 400;
    struct smdp_profile *profile = smdp_match_find(mytel->stock, match);
    if (profile == NULL)
        return 404;
    bool is_bound = profile->eid[0] != '\0';
    if ((is_bound && !slice_is(eid, profile->eid)) ||
        !mytel_move(mytel, profile, SMDP_FETCH, "device"))
        return 409;
    tell_profile(mytel, profile, POINT_ELIGIBILITY, false, CODE_OK);
    (void)slice_copy(eid, profile->eid, sizeof profile->eid);
    tell_profile(mytel, profile, POINT_DOWNLOAD, true, CODE_OK);
    (void)mytel_move(mytel, profile, fails ? SMDP_SPOIL : SMDP_INSTALL, "device");
    tell_profile(mytel, profile, POINT_INSTALLATION, true,
                 fails ? CODE_INTERNAL : CODE_OK);
    return 202;
}

int mytel_turn_line(struct mytel *mytel, struct slice msisdn, const json_t *how)
{
    const char *wanted = json_text(how, "state");
    struct phone *phone = phone_of(mytel->phones, msisdn);
    enum phone_state to = PHONE_UNKNOWN;
    while (wanted != NULL && to < PHONE_STATE_COUNT &&
           strcmp(wanted, mytel_line_name(to)) != 0)
        to++;
    if (phone == NULL || wanted == NULL || to == PHONE_STATE_COUNT)
        return 400;
    mytel_turn(mytel, phone, to, "carrier");
    struct buf details;
    buf_init(&details, DETAILS_BYTES);
    values_put_text(&details, TAG_MSISDN, phone->number);
    values_put_number(&details, TAG_LINE_STATE, mytel_line_number(to));
    mytel_tell(mytel, EVENT_LINE_CHANGED, buf_slice(&details));
    buf_finish(&details);
    return 202;
}
