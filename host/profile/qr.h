/* qr.h - a QR code (ISO/IEC 18004) as a PNG, an SVG, or text for a terminal.
 *
 * All forms carry the quiet zone of four modules that readers need. The content is
 * usually a secret: finish the buffers with buf_finish_secret.
 *
 * Pure. Threads: any. */
#ifndef PROFILE_QR_H
#define PROFILE_QR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

struct qr;

/* An activation code as a device scans it: "LPA:" and the code (SGP.22 4.1), error
 * correction level M. `code` is without "LPA:". NULL and ERR_LIMIT when it is too long
 * for any symbol, ERR_INVALID when it is empty. */
struct qr *qr_create(struct slice code, struct err *err);
void qr_destroy(struct qr **qr); /* Wipes the modules. */

/* Modules a side, without the quiet zone. */
size_t qr_width(const struct qr *qr);
bool qr_is_dark(const struct qr *qr, size_t x, size_t y);

enum { QR_QUIET_MODULES = 4, QR_SCALE_MOST = 32 };

/* Greyscale, `scale` pixels a module (1 to QR_SCALE_MOST). */
bool qr_png(const struct qr *qr, unsigned scale, struct buf *ret, struct err *err);

/* One path of dark modules on white; the size is the viewer's. */
bool qr_svg(const struct qr *qr, struct buf *ret, struct err *err);

/* A terminal's cell is two modules high, drawn with half blocks. A phone reads dark on
 * light only, so the drawing must know which of the two the terminal's ink is. */
enum qr_ink {
    QR_INK_LIGHT,   /* Light letters on a dark terminal: light modules are drawn. */
    QR_INK_DARK,    /* Dark letters on a light terminal: dark modules are drawn. */
    QR_INK_EXPLICIT /* Black on white by escape codes: any terminal of 256 colours. */
};

bool qr_text(const struct qr *qr, enum qr_ink ink, struct buf *ret, struct err *err);

#endif
