#include "reference.h"

#include <stddef.h>
#include <string.h>

static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* clang-format off */
static const struct form {
    const char *name;
    unsigned base, data; /* Characters in front of the check character. */
} forms[] = {
    [REFERENCE_LETTERS] = { "letters", 32, 8 },
    [REFERENCE_DIGITS]  = { "digits",  10, 11 },
};
/* clang-format on */

bool reference_form_read(const char *name, enum reference_form *ret)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (strcmp(forms[i].name, name) == 0) {
            *ret = (enum reference_form)i;
            return true;
        }
    return false;
}

/* FNV-1a: an id's random bits, spread; nobody gains by a collision of his own making. */
static uint64_t hash_of(struct esim_bytes bytes)
{
    uint64_t hash = 14695981039346656037u;
    for (uint64_t i = 0; i < bytes.size; i++)
        hash = (hash ^ (uint8_t)bytes.ptr[i]) * 1099511628211u;
    return hash ^ hash >> 32;
}

static int value_of(char c, unsigned base)
{
    char upper = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
    const char *at = upper == '\0' ? NULL : memchr(letters, upper, base);
    return at == NULL ? -1 : (int)(at - letters);
}

/* Weights 1, 3, 1, 3 catch a wrong character and most swaps; both bases take them. */
static char check_of(const char *text, const struct form *form)
{
    unsigned sum = 7; /* So that all zeros is none. */
    for (unsigned i = 0; i < form->data; i++)
        sum += (unsigned)value_of(text[i], form->base) * (i % 2 == 0 ? 1 : 3);
    return letters[sum % form->base];
}

void reference_of(struct esim_bytes operation, enum reference_form form,
                  struct reference *ret)
{
    const struct form *row = &forms[form];
    uint64_t hash = hash_of(operation);
    ret->number = (uint16_t)hash;
    for (unsigned i = 0; i < row->data; i++, hash /= row->base)
        ret->text[row->data - 1 - i] = letters[hash % row->base];
    ret->text[row->data] = check_of(ret->text, row);
    ret->text[row->data + 1] = '\0';
}

bool reference_read(struct esim_bytes word, enum reference_form form,
                    char ret_text[REFERENCE_SIZE])
{
    const struct form *row = &forms[form];
    if (word.size != row->data + 1)
        return false;
    for (unsigned i = 0; i <= row->data; i++) {
        int value = value_of(word.ptr[i], row->base);
        if (value < 0)
            return false;
        ret_text[i] = letters[value];
    }
    ret_text[row->data + 1] = '\0';
    return ret_text[row->data] == check_of(ret_text, row);
}

static bool is_in_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool reference_find(struct esim_bytes text, enum reference_form form,
                    char ret_text[REFERENCE_SIZE])
{
    for (uint64_t start = 0; start < text.size;) {
        uint64_t end = start;
        while (end < text.size && is_in_word(text.ptr[end]))
            end++;
        struct esim_bytes word = { text.ptr + start, end - start };
        if (reference_read(word, form, ret_text))
            return true;
        start = end + 1;
    }
    return false;
}
