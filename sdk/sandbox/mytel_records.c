#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "mytel.h"

enum { RECORDS_MOST = 1000000 };

struct mytel_records {
    void *tree; /* tsearch(3) */
    size_t count;
};

static int by_id(const void *a, const void *b)
{
    return memcmp(((const struct mytel_record *)a)->id,
                  ((const struct mytel_record *)b)->id, MYTEL_ID_SIZE);
}

static void free_record(void *node)
{
    struct mytel_record *record = node;
    loop_timer_destroy(&record->end);
    free(record->answer);
    free(record);
}

struct mytel_records *mytel_records_create(void)
{
    return calloc(1, sizeof(struct mytel_records));
}

void mytel_records_destroy(struct mytel_records **records)
{
    if (*records != NULL)
        tdestroy((*records)->tree, free_record);
    free(*records);
    *records = NULL;
}

struct mytel_record *mytel_record_find(const struct mytel_records *records,
                                       const void *id)
{
    struct mytel_record wanted;
    memcpy(wanted.id, id, MYTEL_ID_SIZE);
    struct mytel_record *const *found = tfind(&wanted, &records->tree, by_id);
    return found == NULL ? NULL : *found;
}

struct mytel_record *mytel_record_add(struct mytel_records *records, const void *id)
{
    struct mytel_record *record = records->count < RECORDS_MOST
                                      ? calloc(1, sizeof *record)
                                      : NULL;
    if (record == NULL)
        return NULL;
    memcpy(record->id, id, MYTEL_ID_SIZE);
    if (tsearch(record, &records->tree, by_id) == NULL) {
        free(record);
        return NULL;
    }
    records->count++;
    return record;
}

void mytel_record_remove(struct mytel_records *records, struct mytel_record *record)
{
    tdelete(record, &records->tree, by_id);
    records->count--;
    free_record(record);
}

bool mytel_record_keep(struct mytel_record *record, struct slice answer)
{
    char *copy = malloc(answer.size);
    if (copy == NULL)
        return false;
    memcpy(copy, answer.ptr, answer.size);
    free(record->answer);
    record->answer = copy;
    record->answer_size = answer.size;
    return true;
}
