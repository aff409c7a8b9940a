/* What a host sends to the sandbox's Mytel side: a frame, and a list of values. What is
 * found in a list that was checked lies within it, and keeps to the table. */
#include <assert.h>
#include <stdint.h>

#include "../../sdk/sandbox/mytel_tags.h"
#include "../../sdk/sandbox/mytel_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TAG_END = 0x0300 };

static void read_list(struct slice list)
{
    if (values_check(list) != VALUES_FINE)
        return;
    for (unsigned tag = 0; tag < TAG_END; tag++) {
        const struct mytel_tag *row = mytel_tag(tag);
        struct slice value;
        if (!values_find(list, tag, &value))
            continue;
        assert(value.ptr >= list.ptr && value.ptr + value.size <= list.ptr + list.size);
        if (row == NULL)
            continue;
        assert(value.size >= row->least && value.size <= row->most);
        if (row->kind == KIND_CONTAINER)
            assert(values_check(value) == VALUES_FINE);
        if (row->kind == KIND_NUMBER && row->largest != 0)
            assert(values_number(list, tag) >= row->smallest &&
                   values_number(list, tag) <= row->largest);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice whole = slice_bytes(data, size);
    int64_t length = frame_length(whole);
    assert(length <= FRAME_MOST);
    if (length > 0 && (size_t)length <= size) {
        struct frame frame = frame_read(slice_bytes(data, (size_t)length));
        assert(frame.length == (uint64_t)length);
        read_list(frame.body);
    }
    if (size <= FRAME_MOST)
        read_list(whole);
    return 0;
}
