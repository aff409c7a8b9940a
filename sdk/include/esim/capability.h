/* capability.h - the names of what can be asked for, and the JSON that goes in and out.
 *
 * Input and result are the same whichever carrier serves them; an adapter that cannot
 * fill a member leaves it out, and never invents one. Members marked ? may be absent.
 * Unknown members are to be ignored by readers.
 *
 * capability         input                                    result
 * profile.order      eid? iccid? profile_type? plan? msisdn?  iccid matching_id? smdp_address?
 *                    imei? order_ref                           activation_code? eid? state?
 * profile.confirm    iccid eid? matching_id? release(bool)    matching_id smdp_address? eid?
 *                    confirmation_code? smds_address?          activation_code? state?
 * profile.release    iccid                                     state?
 * profile.cancel     iccid eid? matching_id? final_state       state?
 *                    ("Available"|"Unavailable")
 * profile.status     iccid                                     state eid? at?
 * line.activate      msisdn iccid? eid? plan? order_ref        line_state carrier_ref?
 * line.suspend       msisdn reason? order_ref                  line_state
 * line.resume        msisdn order_ref                          line_state
 * line.terminate     msisdn reason? order_ref                  line_state
 * usage.read         msisdn? iccid? from to                    records[{from,to,bytes_down,
 *                                                               bytes_up,sms,seconds}]
 * entitlement.check  eid? imei? msisdn? iccid?                 entitled(bool) reason?
 * sms.send           to msisdn text order_ref                  message_id state
 * device.list        since? cursor? limit?                     devices[...] cursor? at?
 * device.read        device_id                                 devices[one] at?
 * device.assign      device_id activation_code? iccid group?   assignment_id state targeting?
 *                    eid? dry_run? order_ref                   group_id? pool_id?
 * device.activate    device_id carrier_url dry_run? order_ref  state
 * device.compliance  device_id                                 compliance at policies?
 * device.notify      device_id title text dry_run? order_ref   state
 * device.sync        device_id dry_run? order_ref              state
 * device.retire      device_id dry_run? order_ref              state
 * group.change       group? name? add? remove? dry_run?        group_id state added? removed?
 *                    order_ref
 * script.deploy      name content group run_as?                script_id state succeeded?
 *                    devices_expected? dry_run? order_ref      failed?
 * config.deploy      name settings[{uri,value}] group          config_id state assignment_id?
 *                    dry_run? order_ref
 *
 * With dry_run (a boolean) true nothing is changed: the state is "planned", and `would`
 * is a list of sentences, what would have been done. The host refuses to send what is not
 * ESIM_SAFE then.
 *
 * state is a profile state of SGP.22 3.1.6 (Available, Allocated, Linked, Confirmed,
 * Released, Downloaded, Installed, Error, Unavailable). line_state is PROVISIONED, ACTIVE,
 * SUSPENDED or DELETED. `plan` is the carrier's own name of a service plan, as the client
 * wrote it; profile_type that of a kind of profile. `to` and msisdn of a message are the
 * same number, in E.164; its text is UTF-8 without control characters but line ends, and
 * personal: never in a problem or a log line. `order_ref` is the host's id of the order,
 * for the carrier's records. Times are RFC 3339 text. confirmation_code, matching_id and
 * activation_code are secrets: never in a problem or a log line.
 *
 * The same refusal has the same code, whatever the carrier calls it:
 *
 * iccid_unknown iccid_in_use iccid_not_taken   no such profile; another order has it; this
 *                                              carrier alone chooses
 * profile_type_unknown stock_empty             no such type; none of it left
 * eid_differs already_downloaded               bound to another device; it is on one
 * line_unknown state_wrong                     no such number; line or profile is in a
 *                                              state that does not allow this
 * MEMBER_missing MEMBER_wrong                  of the input: eid_missing, plan_wrong
 * unauthorised                                 our name, password or key was not accepted
 *
 * A line that is so already is done. Further codes are the carrier's own. */
#ifndef ESIM_CAPABILITY_H
#define ESIM_CAPABILITY_H

#define ESIM_PROFILE_ORDER     "profile.order"
#define ESIM_PROFILE_CONFIRM   "profile.confirm"
#define ESIM_PROFILE_RELEASE   "profile.release"
#define ESIM_PROFILE_CANCEL    "profile.cancel"
#define ESIM_PROFILE_STATUS    "profile.status"
#define ESIM_LINE_ACTIVATE     "line.activate"
#define ESIM_LINE_SUSPEND      "line.suspend"
#define ESIM_LINE_RESUME       "line.resume"
#define ESIM_LINE_TERMINATE    "line.terminate"
#define ESIM_USAGE_READ        "usage.read"
#define ESIM_ENTITLEMENT_CHECK "entitlement.check"
#define ESIM_SMS_SEND          "sms.send"
#define ESIM_DEVICE_LIST       "device.list"
#define ESIM_DEVICE_READ       "device.read"
#define ESIM_DEVICE_ASSIGN     "device.assign"
#define ESIM_DEVICE_ACTIVATE   "device.activate"
#define ESIM_DEVICE_COMPLIANCE "device.compliance"
#define ESIM_DEVICE_NOTIFY     "device.notify"
#define ESIM_DEVICE_SYNC       "device.sync"
#define ESIM_DEVICE_RETIRE     "device.retire"
#define ESIM_GROUP_CHANGE      "group.change"
#define ESIM_SCRIPT_DEPLOY     "script.deploy"
#define ESIM_CONFIG_DEPLOY     "config.deploy"

/* Every name above: X(name). */
#define ESIM_CAPABILITIES(X)  \
    X(ESIM_PROFILE_ORDER)     \
    X(ESIM_PROFILE_CONFIRM)   \
    X(ESIM_PROFILE_RELEASE)   \
    X(ESIM_PROFILE_CANCEL)    \
    X(ESIM_PROFILE_STATUS)    \
    X(ESIM_LINE_ACTIVATE)     \
    X(ESIM_LINE_SUSPEND)      \
    X(ESIM_LINE_RESUME)       \
    X(ESIM_LINE_TERMINATE)    \
    X(ESIM_USAGE_READ)        \
    X(ESIM_ENTITLEMENT_CHECK) \
    X(ESIM_SMS_SEND)          \
    X(ESIM_DEVICE_LIST)       \
    X(ESIM_DEVICE_READ)       \
    X(ESIM_DEVICE_ASSIGN)     \
    X(ESIM_DEVICE_ACTIVATE)   \
    X(ESIM_DEVICE_COMPLIANCE) \
    X(ESIM_DEVICE_NOTIFY)     \
    X(ESIM_DEVICE_SYNC)       \
    X(ESIM_DEVICE_RETIRE)     \
    X(ESIM_GROUP_CHANGE)      \
    X(ESIM_SCRIPT_DEPLOY)     \
    X(ESIM_CONFIG_DEPLOY)

#endif
