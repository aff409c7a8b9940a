#include "wire_status.h"

#include <stddef.h>

#define SYNTAX \
    "Carrier and adapter differ about SMPP: tell the adapter's author the code."
#define ADDRESS                                                              \
    "The carrier refuses the number or its type: check the number, and the " \
    "settings for ton and npi."
#define OURS "The carrier refuses our own number: check source and source_ton."
#define OPTION                                                                    \
    "The carrier refuses an optional parameter: turn the setting user_reference " \
    "off or choose another long_messages."

/* clang-format off */
static const struct smpp_status rows[] = {
    { 0x00, "ESME_ROK",              SMPP_FINE,     "accepted",        "Accepted." },
    { 0x01, "ESME_RINVMSGLEN",       SMPP_NEVER,    "length_wrong",
      "The carrier takes no text of this length: choose another long_messages." },
    { 0x02, "ESME_RINVCMDLEN",       SMPP_NEVER,    "syntax_refused",  SYNTAX },
    { 0x03, "ESME_RINVCMDID",        SMPP_NEVER,    "syntax_refused",  SYNTAX },
    { 0x04, "ESME_RINVBNDSTS",       SMPP_NEVER,    "bind_wrong",
      "The carrier does not take this over our kind of bind: have it allowed." },
    { 0x05, "ESME_RALYBND",          SMPP_IDENTITY, "already_bound",
      "Someone is bound with our system_id already: end that connection." },
    { 0x06, "ESME_RINVPRTFLG",       SMPP_NEVER,    "syntax_refused",  SYNTAX },
    { 0x07, "ESME_RINVREGDLVFLG",    SMPP_NEVER,    "receipts_refused",
      "The carrier gives no receipts: set receipts to none." },
    { 0x08, "ESME_RSYSERR",          SMPP_LATER,    "carrier_error",
      "The carrier's system failed; it is sent again." },
    { 0x0A, "ESME_RINVSRCADR",       SMPP_NEVER,    "source_refused",  OURS },
    { 0x0B, "ESME_RINVDSTADR",       SMPP_NEVER,    "number_wrong",    ADDRESS },
    { 0x0C, "ESME_RINVMSGID",        SMPP_NEVER,    "message_unknown",
      "The carrier does not know the message." },
    { 0x0D, "ESME_RBINDFAIL",        SMPP_IDENTITY, "unauthorised",
      "The carrier did not let us bind: check system_id, password and system_type." },
    { 0x0E, "ESME_RINVPASWD",        SMPP_IDENTITY, "unauthorised",
      "The carrier refused our password: put the right one into the secret." },
    { 0x0F, "ESME_RINVSYSID",        SMPP_IDENTITY, "unauthorised",
      "The carrier does not know our system_id: put the right one into the secret." },
    { 0x11, "ESME_RCANCELFAIL",      SMPP_NEVER,    "cancel_refused",  SYNTAX },
    { 0x13, "ESME_RREPLACEFAIL",     SMPP_NEVER,    "replace_refused", SYNTAX },
    { 0x14, "ESME_RMSGQFUL",         SMPP_SLOWER,   "throttled",
      "The carrier's queue is full; it is sent again, slower." },
    { 0x15, "ESME_RINVSERTYP",       SMPP_NEVER,    "service_refused",
      "The carrier does not know the service_type: check that setting." },
    { 0x33, "ESME_RINVNUMDESTS",     SMPP_NEVER,    "number_wrong",    ADDRESS },
    { 0x34, "ESME_RINVDLNAME",       SMPP_NEVER,    "number_wrong",    ADDRESS },
    { 0x40, "ESME_RINVDESTFLAG",     SMPP_NEVER,    "syntax_refused",  SYNTAX },
    { 0x42, "ESME_RINVSUBREP",       SMPP_NEVER,    "syntax_refused",  SYNTAX },
    { 0x43, "ESME_RINVESMCLASS",     SMPP_NEVER,    "class_refused",
      "The carrier refuses the message's class: choose another long_messages." },
    { 0x44, "ESME_RCNTSUBDL",        SMPP_NEVER,    "number_wrong",    ADDRESS },
    { 0x45, "ESME_RSUBMITFAIL",      SMPP_NEVER,    "submit_refused",
      "The carrier did not take the message and says no more: ask it why." },
    { 0x48, "ESME_RINVSRCTON",       SMPP_NEVER,    "source_refused",  OURS },
    { 0x49, "ESME_RINVSRCNPI",       SMPP_NEVER,    "source_refused",  OURS },
    { 0x50, "ESME_RINVDSTTON",       SMPP_NEVER,    "number_wrong",    ADDRESS },
    { 0x51, "ESME_RINVDSTNPI",       SMPP_NEVER,    "number_wrong",    ADDRESS },
    { 0x53, "ESME_RINVSYSTYP",       SMPP_IDENTITY, "unauthorised",
      "The carrier refused our system_type: check that setting." },
    { 0x54, "ESME_RINVREPFLAG",      SMPP_NEVER,    "syntax_refused",  SYNTAX },
    { 0x55, "ESME_RINVNUMMSGS",      SMPP_NEVER,    "syntax_refused",  SYNTAX },
    { 0x58, "ESME_RTHROTTLED",       SMPP_SLOWER,   "throttled",
      "The carrier limits our rate; it is sent again, slower." },
    { 0x61, "ESME_RINVSCHED",        SMPP_NEVER,    "syntax_refused",  SYNTAX },
    { 0x62, "ESME_RINVEXPIRY",       SMPP_NEVER,    "validity_refused",
      "The carrier refuses the validity period: check validity_s." },
    { 0x63, "ESME_RINVDFTMSGID",     SMPP_NEVER,    "syntax_refused",  SYNTAX },
    { 0x64, "ESME_RX_T_APPN",        SMPP_LATER,    "carrier_busy",
      "The carrier cannot take it now; it is sent again." },
    { 0x65, "ESME_RX_P_APPN",        SMPP_NEVER,    "submit_refused",
      "The carrier refused it for good: ask it why." },
    { 0x66, "ESME_RX_R_APPN",        SMPP_NEVER,    "submit_refused",
      "The carrier rejected it: ask it why." },
    { 0x67, "ESME_RQUERYFAIL",       SMPP_NEVER,    "query_refused",
      "The carrier does not tell a message's state." },
    { 0xC0, "ESME_RINVOPTPARSTREAM", SMPP_NEVER,    "option_refused",  OPTION },
    { 0xC1, "ESME_ROPTPARNOTALLWD",  SMPP_NEVER,    "option_refused",  OPTION },
    { 0xC2, "ESME_RINVPARLEN",       SMPP_NEVER,    "option_refused",  OPTION },
    { 0xC3, "ESME_RMISSINGOPTPARAM", SMPP_NEVER,    "option_refused",  OPTION },
    { 0xC4, "ESME_RINVOPTPARAMVAL",  SMPP_NEVER,    "option_refused",  OPTION },
    { 0xFE, "ESME_RDELIVERYFAILURE", SMPP_LATER,    "carrier_busy",
      "The carrier could not deliver it now; it is sent again." },
    { 0xFF, "ESME_RUNKNOWNERR",      SMPP_NEVER,    "submit_refused",
      "The carrier refused it without a reason: ask it why." },
};
/* clang-format on */

/* 0x400 to 0x4FF are the vendor's own; the rest is reserved. */
static const struct smpp_status other = {
    0xFFFFFFFF, "ESME_R_OTHER", SMPP_NEVER, "submit_refused",
    "The carrier refused it with a code of its own: ask it what the code means."
};

const struct smpp_status *smpp_status_of(uint32_t number)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].number == number)
            return &rows[i];
    return &other;
}
