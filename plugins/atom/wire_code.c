#include "wire_code.h"

#include <stddef.h>
#include <string.h>

#include "esim/exchange.h"

enum { CODE_MOST = 255, ADDRESS_MOST = 253, LABEL_MOST = 63 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_alphanumeric(char c)
{
    return is_digit(c) || is_upper(c) || is_lower(c);
}

static bool is_label(const char *text, size_t size)
{
    if (size == 0 || size > LABEL_MOST)
        return false;
    if (text[0] == '-' || text[size - 1] == '-')
        return false;
    for (size_t i = 0; i < size; i++)
        if (!is_alphanumeric(text[i]) && text[i] != '-')
            return false;
    return true;
}

bool activation_address_is_valid(const char *text)
{
    if (strlen(text) > ADDRESS_MOST)
        return false;
    for (int labels = 1;; labels++) {
        size_t size = strcspn(text, ".");
        if (!is_label(text, size))
            return false;
        if (text[size] == '\0')
            return labels > 1;
        text += size + 1;
    }
}

bool activation_matching_id_is_valid(const char *text, bool upper_only)
{
    for (; *text != '\0'; text++) {
        bool is_fine = is_digit(*text) || is_upper(*text) || *text == '-';
        if (!is_fine && (upper_only || !is_lower(*text)))
            return false;
    }
    return true;
}

bool activation_oid_is_valid(const char *text)
{
    for (int arcs = 1;; arcs++) {
        size_t size = strspn(text, "0123456789");
        if (size == 0 || (size > 1 && text[0] == '0'))
            return false;
        if (text[size] == '\0')
            return arcs > 1;
        if (text[size] != '.')
            return false;
        text += size + 1;
    }
}

static bool parts_are_valid(const struct activation_code *code)
{
    bool has_oid = code->oid != NULL && code->oid[0] != '\0';
    return code->address != NULL && code->matching_id != NULL &&
           activation_address_is_valid(code->address) &&
           activation_matching_id_is_valid(code->matching_id, code->upper_only) &&
           (!has_oid || activation_oid_is_valid(code->oid));
}

const char *activation_code_write(const struct activation_code *code)
{
    if (!parts_are_valid(code))
        return NULL;
    const char *oid = code->oid != NULL ? code->oid : "";
    bool has_oid = oid[0] != '\0';
    /* The flag is the fifth part: an absent OID leaves its place empty ("$$1"). */
    struct esim_bytes text = esim_format("1$%s$%s%s%s%s", code->address,
                                         code->matching_id,
                                         has_oid || code->needs_confirmation ? "$" : "",
                                         oid, code->needs_confirmation ? "$1" : "");
    return text.size > 0 && text.size <= CODE_MOST ? esim_string(text) : NULL;
}

/* Cuts `*text` at the next '$'. NULL when nothing is left. */
static const char *next_part(const char **text)
{
    if (*text == NULL)
        return NULL;
    size_t size = strcspn(*text, "$");
    const char *part = esim_string(esim_format("%.*s", (int)size, *text));
    *text = (*text)[size] == '$' ? *text + size + 1 : NULL;
    return part;
}

bool activation_code_read(const char *text, bool upper_only,
                          struct activation_code *ret)
{
    if (strlen(text) > CODE_MOST)
        return false;
    const char *format = next_part(&text);
    struct activation_code code = { .upper_only = upper_only };
    code.address = next_part(&text);
    code.matching_id = next_part(&text);
    code.oid = next_part(&text);
    const char *flag = next_part(&text);
    code.needs_confirmation = flag != NULL && strcmp(flag, "1") == 0;
    bool flag_is_fine = flag == NULL || flag[0] == '\0' || code.needs_confirmation;
    if (strcmp(format, "1") != 0 || !flag_is_fine || !parts_are_valid(&code))
        return false;
    *ret = code;
    return true;
}
