#include "net/gzip.h"

#include <stdlib.h>
#include <zlib.h>

enum {
    LEVEL = 4, /* About 6's size for JSON at twice the speed. */
    WINDOW_GZIP = 15 + 16,
    MEMORY_LEVEL = 8,
    KEPT_BYTES = 1 << 18
};

struct gzip {
    z_stream stream;
    bool ready; /* The stream's 256 KiB are taken when first needed. */
    unsigned char *packed;
    size_t room;
};

struct gzip *gzip_create(void)
{
    return calloc(1, sizeof(struct gzip));
}

void gzip_destroy(struct gzip **gzip)
{
    struct gzip *gone = *gzip;
    if (gone == NULL)
        return;
    if (gone->ready)
        deflateEnd(&gone->stream);
    free(gone->packed);
    free(gone);
    *gzip = NULL;
}

static bool start(struct gzip *gzip)
{
    if (gzip->ready)
        return deflateReset(&gzip->stream) == Z_OK;
    gzip->ready = deflateInit2(&gzip->stream, LEVEL, Z_DEFLATED, WINDOW_GZIP,
                               MEMORY_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK;
    return gzip->ready;
}

/* Room for one byte less than the input: what does not fit is not worth sending. */
static bool make_room(struct gzip *gzip, size_t size)
{
    if (size <= gzip->room && gzip->room <= KEPT_BYTES)
        return true;
    free(gzip->packed);
    gzip->room = size < KEPT_BYTES ? KEPT_BYTES : size;
    gzip->packed = malloc(gzip->room);
    if (gzip->packed == NULL)
        gzip->room = 0;
    return gzip->packed != NULL;
}

bool gzip_pack(struct gzip *gzip, struct slice bytes, struct slice *ret)
{
    if (bytes.size < 2 || bytes.size > UINT32_MAX || !start(gzip) ||
        !make_room(gzip, bytes.size))
        return false;
    z_stream *stream = &gzip->stream;
    stream->next_in = (unsigned char *)(uintptr_t)bytes.ptr; /* zlib only reads it. */
    stream->avail_in = (uInt)bytes.size;
    stream->next_out = gzip->packed;
    stream->avail_out = (uInt)bytes.size - 1;
    if (deflate(stream, Z_FINISH) != Z_STREAM_END)
        return false;
    *ret = slice_bytes(gzip->packed, bytes.size - 1 - stream->avail_out);
    return true;
}

static struct slice trim(struct slice text)
{
    while (text.size > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
        text = slice_bytes(text.ptr + 1, text.size - 1);
    while (text.size > 0 &&
           (text.ptr[text.size - 1] == ' ' || text.ptr[text.size - 1] == '\t'))
        text.size--;
    return text;
}

/* "q=0", "q=0.000": refused. */
static bool weight_is_zero(struct slice weight)
{
    if (weight.size < 3 || (weight.ptr[0] != 'q' && weight.ptr[0] != 'Q') ||
        weight.ptr[1] != '=')
        return false;
    for (size_t i = 2; i < weight.size; i++)
        if (weight.ptr[i] != '0' && weight.ptr[i] != '.')
            return false;
    return true;
}

bool gzip_is_accepted(struct slice accept_encoding)
{
    bool by_star = false;
    while (accept_encoding.size > 0) {
        struct slice rest = slice_cut(&accept_encoding, ',');
        struct slice coding = trim(slice_cut(&rest, ';'));
        bool wanted = !weight_is_zero(trim(rest));
        if (slice_is_nocase(coding, "gzip") || slice_is_nocase(coding, "x-gzip"))
            return wanted;
        by_star = by_star || (wanted && slice_is(coding, "*"));
    }
    return by_star;
}
