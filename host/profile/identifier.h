/* identifier.h - ICCID, EID, IMEI and MSISDN: read, checked, written as a peer wants
 * them.
 *
 * Identifiers are text, never numbers. Each reader takes foreign text and gives one
 * canonical form; on false the error is ERR_INVALID about `field` (a JSON pointer such
 * as "/device/eid"; "" is fine) and says what was expected and what was found.
 *
 * Pure. Threads: any. */
#ifndef PROFILE_IDENTIFIER_H
#define PROFILE_IDENTIFIER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/slice.h"

/* ---- ICCID (ITU-T E.118, SGP.22 5.2.1) ---- */

enum {
    ICCID_SIZE = 21,      /* 20 characters and the NUL. */
    ICCID_FILE_BYTES = 10 /* Of EF_ICCID. */
};

struct iccid {
    char digits[ICCID_SIZE]; /* 18 to 20 digits: the canonical form, without the pad. */
    bool luhn_ok;            /* Many real ones fail, so this warns and never refuses. */
};

/* How a peer wants it. */
enum iccid_form {
    ICCID_PLAIN, /* The digits, never a pad: what Intune takes. */
    ICCID_19,    /* Exactly 19 digits. */
    ICCID_19F,   /* 20 characters, 19 digits are padded with F: what ES2+ takes. */
    ICCID_20,    /* Exactly 20 digits. */
    ICCID_FORM_COUNT
};

/* Takes 18 to 20 digits, and one F after fewer than 20. */
bool iccid_read(struct slice text, const char *field, struct iccid *ret,
                struct err *err);

/* False when the digits do not fit the form: none is dropped and none is made up. */
bool iccid_write(const struct iccid *iccid, enum iccid_form form, const char *field,
                 char ret[ICCID_SIZE], struct err *err);

/* The form's name in settings: "plain", "19", "19F", "20". */
const char *iccid_form_name(enum iccid_form form);
bool iccid_form_read(const char *name, enum iccid_form *ret);

/* As the file EF_ICCID holds it (two digits a byte, low nibble first, padded
 * with F), as 20 hexadecimal characters. */
void iccid_to_file(const struct iccid *iccid, char ret[ICCID_SIZE]);
bool iccid_from_file(struct slice hex, const char *field, struct iccid *ret,
                     struct err *err);

/* ---- EID (SGP.02, SGP.29) ---- */

enum { EID_SIZE = 33 };

/* 32 digits whose value mod 97 is 1. Need not begin with 89. */
bool eid_read(struct slice text, const char *field, char ret[EID_SIZE],
              struct err *err);

/* ---- IMEI (TS 23.003 6.2) ---- */

enum { IMEI_SIZE = 17 };

enum imei_kind {
    IMEI_WITHOUT_CHECK, /* 14 digits: TAC and serial number. */
    IMEI_WHOLE,         /* 15: with the Luhn digit. */
    IMEI_WITH_SOFTWARE  /* 16: IMEISV, a version in place of the Luhn digit. */
};

struct imei {
    char digits[IMEI_SIZE]; /* As given. */
    enum imei_kind kind;
    bool luhn_ok; /* True for the kinds that have none. A warning on imported data. */
};

bool imei_read(struct slice text, const char *field, struct imei *ret, struct err *err);

/* The same device, whatever the kind: the first 14 digits decide. */
bool imei_is_same_device(const struct imei *a, const struct imei *b);

/* ---- MSISDN (ITU-T E.164) ---- */

enum { MSISDN_SIZE = 17 }; /* "+", at most 15 digits, the NUL. */

struct number_plan; /* profile/number_plan.h: how numbers are written in a country. */

/* Gives "+9599...". Takes the E.164 form of any country; with a plan also
 * international prefix and country ("00959..."), country alone before a mobile
 * ("959..."), and trunk prefix ("09..."). `plan` may be NULL. No spaces or signs. */
bool msisdn_read(struct slice text, const struct number_plan *plan, const char *field,
                 char ret[MSISDN_SIZE], struct err *err);

#endif
