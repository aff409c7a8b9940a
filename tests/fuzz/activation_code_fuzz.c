/* An accepted code, written and read again, is the same code; none is written longer
 * than the limit; identifiers that are accepted are canonical: read again, the same. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "profile/activation_code.h"
#include "profile/identifier.h"
#include "profile/number_plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void code_holds(struct slice text)
{
    struct activation_code code, again;
    char written[ACTIVATION_CODE_SIZE], twice[ACTIVATION_CODE_SIZE];
    if (!activation_code_read(text, ACTIVATION_CODE_ANY_CASE, "", &code, NULL))
        return;
    assert(activation_code_write(&code, ACTIVATION_CODE_ANY_CASE, "", written, NULL));
    assert(activation_code_read(slice_of(written), ACTIVATION_CODE_ANY_CASE, "", &again,
                                NULL));
    assert(activation_code_write(&again, ACTIVATION_CODE_ANY_CASE, "", twice, NULL));
    assert(strcmp(written, twice) == 0);
}

static void iccid_holds(struct slice text)
{
    struct iccid iccid, again;
    char file[ICCID_SIZE];
    if (!iccid_read(text, "", &iccid, NULL))
        return;
    iccid_to_file(&iccid, file);
    assert(iccid_from_file(slice_of(file), "", &again, NULL));
    assert(strcmp(iccid.digits, again.digits) == 0);
}

static const struct number_plan numbers = {
    .country = (char *)"95",
    .international = (char *)"00",
    .trunk = (char *)"0",
    .mobile = (char *)"9",
    .least = 6,
    .most = 10,
    .least_mobile = 7,
    .most_mobile = 10,
};

static void msisdn_holds(struct slice text)
{
    char number[MSISDN_SIZE], again[MSISDN_SIZE];
    if (!msisdn_read(text, &numbers, "", number, NULL))
        return;
    assert(msisdn_read(slice_of(number), &numbers, "", again, NULL));
    assert(strcmp(number, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_bytes(data, size);
    char eid[EID_SIZE];
    struct imei imei;
    struct iccid iccid;
    struct err err = ERR_INIT;
    code_holds(text);
    iccid_holds(text);
    msisdn_holds(text);
    eid_read(text, "", eid, &err);
    imei_read(text, "", &imei, &err);
    iccid_from_file(text, "", &iccid, &err);
    return 0;
}
