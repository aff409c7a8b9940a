#include "profile/qr.h"

#include <assert.h>
#include <errno.h>
#include <png.h>
#include <qrencode.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct qr {
    size_t width;
    unsigned char modules[]; /* width * width, 1 is dark. */
};

/* ---- the matrix ---- */

static QRcode *encode(struct slice code, struct err *err)
{
    QRcode *made = NULL;
    struct buf text;
    buf_init(&text, 8192);
    buf_add_text(&text, "LPA:");
    buf_add_slice(&text, code);
    if (code.size == 0 || memchr(code.ptr, '\0', code.size) != NULL) {
        err_set(err, ERR_INVALID, "a QR code needs a text, found none");
        goto out;
    }
    if (buf_ok(&text))
        made = QRcode_encodeString(text.ptr, 0, QR_ECLEVEL_M, QR_MODE_8, 1);
    if (made == NULL)
        err_set(err, ERR_LIMIT, "%zu characters do not fit into a QR code", code.size);
out:
    buf_finish_secret(&text);
    return made;
}

struct qr *qr_create(struct slice code, struct err *err)
{
    QRcode *made = encode(code, err);
    if (made == NULL)
        return NULL;
    size_t width = (size_t)made->width, count = width * width;
    struct qr *qr = malloc(sizeof *qr + count);
    if (qr == NULL) {
        err_set(err, ERR_UNAVAILABLE, "no memory for a QR code");
        goto out;
    }
    qr->width = width;
    /* Bit 0 is the colour; the others say what the module is for. */
    for (size_t i = 0; i < count; i++)
        qr->modules[i] = made->data[i] & 1;
out:
    explicit_bzero(made->data, count);
    QRcode_free(made);
    return qr;
}

void qr_destroy(struct qr **qr)
{
    if (*qr == NULL)
        return;
    explicit_bzero((*qr)->modules, (*qr)->width * (*qr)->width);
    free(*qr);
    *qr = NULL;
}

size_t qr_width(const struct qr *qr)
{
    return qr->width;
}

bool qr_is_dark(const struct qr *qr, size_t x, size_t y)
{
    assert(x < qr->width && y < qr->width);
    return qr->modules[y * qr->width + x] != 0;
}

/* With the quiet zone: 0,0 is its corner; all outside is light. */
static bool is_dark(const struct qr *qr, size_t x, size_t y)
{
    size_t quiet = QR_QUIET_MODULES;
    if (x < quiet || y < quiet || x - quiet >= qr->width || y - quiet >= qr->width)
        return false;
    return qr_is_dark(qr, x - quiet, y - quiet);
}

static size_t full_width(const struct qr *qr)
{
    return qr->width + 2 * (size_t)QR_QUIET_MODULES;
}

static bool finished(const struct buf *ret, struct err *err)
{
    return buf_ok(ret) ||
           err_set(err, ERR_LIMIT, "the QR code's drawing is larger than %zu bytes",
                   ret->limit_bytes);
}

/* ---- PNG ---- */

static void paint(const struct qr *qr, size_t scale, unsigned char *pixels)
{
    size_t side = full_width(qr) * scale;
    for (size_t y = 0; y < side; y++) {
        for (size_t x = 0; x < side; x++)
            pixels[y * side + x] = is_dark(qr, x / scale, y / scale) ? 0 : 255;
    }
}

bool qr_png(const struct qr *qr, unsigned scale, struct buf *ret, struct err *err)
{
    assert(scale >= 1 && scale <= QR_SCALE_MOST);
    size_t side = full_width(qr) * scale;
    png_image image = { .version = PNG_IMAGE_VERSION,
                        .width = (png_uint_32)side,
                        .height = (png_uint_32)side,
                        .format = PNG_FORMAT_GRAY };
    png_alloc_size_t room = PNG_IMAGE_PNG_SIZE_MAX(image);
    unsigned char *pixels = malloc(side * side), *bytes = malloc(room);
    bool ok = false;
    if (pixels == NULL || bytes == NULL) {
        err_set(err, ERR_UNAVAILABLE, "no memory for a QR code of %zu pixels a side",
                side);
        goto out;
    }
    paint(qr, scale, pixels);
    if (!png_image_write_to_memory(&image, bytes, &room, 0, pixels, 0, NULL)) {
        err_set(err, ERR_INTERNAL, "writing a PNG: %s", image.message);
        goto out;
    }
    buf_add(ret, bytes, room);
    explicit_bzero(pixels, side * side);
    explicit_bzero(bytes, room);
    ok = finished(ret, err);
out:
    free(pixels);
    free(bytes);
    return ok;
}

/* ---- SVG ---- */

/* "M4 4h7v1h-7z": one rectangle for each run of dark modules. */
static void add_row(const struct qr *qr, size_t y, struct buf *ret)
{
    size_t side = full_width(qr);
    for (size_t x = 0; x < side; x++) {
        size_t start = x;
        while (is_dark(qr, x, y))
            x++;
        if (x > start)
            buf_add_format(ret, "M%zu %zuh%zuv1h-%zuz", start, y, x - start, x - start);
    }
}

bool qr_svg(const struct qr *qr, struct buf *ret, struct err *err)
{
    size_t side = full_width(qr);
    buf_add_format(ret,
                   "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %zu %zu\" "
                   "shape-rendering=\"crispEdges\">"
                   "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>"
                   "<path fill=\"#000\" d=\"",
                   side, side);
    for (size_t y = 0; y < side; y++)
        add_row(qr, y, ret);
    buf_add_text(ret, "\"/></svg>\n");
    return finished(ret, err);
}

/* ---- terminal ---- */

/* By what is inked: nothing, the upper half, the lower half, both. */
static const char *const blocks[] = { " ", "\u2580", "\u2584", "\u2588" };

/* Exact black on exact white of the 256-colour cube: "white" of the first 16 colours is
 * grey on many terminals. */
#define COLOURS_ON  "\033[38;5;16;48;5;231m"
#define COLOURS_OFF "\033[0m"

bool qr_text(const struct qr *qr, enum qr_ink ink, struct buf *ret, struct err *err)
{
    size_t side = full_width(qr);
    bool ink_is_dark = ink != QR_INK_LIGHT;
    for (size_t y = 0; y < side; y += 2) {
        buf_add_text(ret, ink == QR_INK_EXPLICIT ? COLOURS_ON : "");
        for (size_t x = 0; x < side; x++) {
            unsigned upper = is_dark(qr, x, y) == ink_is_dark;
            unsigned lower = is_dark(qr, x, y + 1) == ink_is_dark;
            buf_add_text(ret, blocks[upper + 2 * lower]);
        }
        buf_add_text(ret, ink == QR_INK_EXPLICIT ? COLOURS_OFF "\n" : "\n");
    }
    return finished(ret, err);
}
