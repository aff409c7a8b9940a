#include "check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profile/qr.h"

#define CODE "1$SMDP.GSMA.COM$04386-AGYFT-A74Y8-3F815"

static struct qr *made(const char *code)
{
    struct err err = ERR_INIT;
    struct qr *qr = qr_create(slice_of(code), &err);
    CHECK_FATAL(qr != NULL);
    return qr;
}

/* ---- an independent reader: zbarimg ---- */

static bool read_all(int fd, char *ret, size_t size)
{
    size_t got = 0;
    for (;;) {
        ssize_t more = read(fd, ret + got, size - 1 - got);
        if (more <= 0)
            break;
        got += (size_t)more;
    }
    ret[got] = '\0';
    return got > 0;
}

/* What zbarimg finds in an image file, without its line end. */
static void decoded(const char *path, char *ret, size_t size)
{
    int ends[2];
    CHECK_FATAL(pipe2(ends, O_CLOEXEC) == 0);
    pid_t child = fork();
    CHECK_FATAL(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execlp("zbarimg", "zbarimg", "-q", "--nodbus", "--raw", "-Sdisable",
               "-Sqrcode.enable", path, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    CHECK(read_all(ends[0], ret, size));
    close(ends[0]);
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    ret[strcspn(ret, "\n")] = '\0';
}

static void check_decodes(struct slice image, const char *expected)
{
    char folder[] = "/tmp/qr_test.XXXXXX", path[64], text[512] = "";
    CHECK_FATAL(mkdtemp(folder) != NULL);
    CHECK(snprintf(path, sizeof path, "%s/code.png", folder) > 0);
    FILE *file = fopen(path, "wb");
    CHECK_FATAL(file != NULL);
    CHECK(fwrite(image.ptr, 1, image.size, file) == image.size);
    CHECK(fclose(file) == 0);
    decoded(path, text, sizeof text);
    CHECK_TEXT(text, expected);
    unlink(path);
    rmdir(folder);
}

static void a_png_is_read_back_by_another_program_to_the_same_code(void)
{
    static const char *const codes[] = {
        CODE,
        CODE "$1.3.6.1.4.1.31746$1",
        "1$rsp.example.mm$abc-def",
        "1$A.BC$",
    };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        struct qr *qr = made(codes[i]);
        struct buf png;
        char expected[300];
        struct err err = ERR_INIT;
        buf_init(&png, 1 << 20);
        CHECK(qr_png(qr, 4 + (unsigned)i, &png, &err));
        CHECK(snprintf(expected, sizeof expected, "LPA:%s", codes[i]) > 0);
        check_decodes(buf_slice(&png), expected);
        buf_finish_secret(&png);
        qr_destroy(&qr);
    }
}

static void the_longest_code_still_fits_and_reads(void)
{
    char code[256] = "1$SMDP.GSMA.COM$";
    size_t start = strlen(code);
    memset(code + start, 'A', 255 - start);
    struct qr *qr = made(code);
    struct buf png;
    char expected[300];
    struct err err = ERR_INIT;
    buf_init(&png, 1 << 20);
    CHECK(qr_png(qr, 4, &png, &err));
    CHECK(snprintf(expected, sizeof expected, "LPA:%s", code) > 0);
    check_decodes(buf_slice(&png), expected);
    buf_finish_secret(&png);
    qr_destroy(&qr);
}

/* ---- the other forms, rendered back to modules ---- */

enum { SIDE_MOST = 200 };

struct matrix {
    size_t width, height;
    bool dark[SIDE_MOST][SIDE_MOST];
};

/* Quiet zone light, the rest as the code's own modules. */
static void check_same(const struct qr *qr, const struct matrix *matrix)
{
    size_t quiet = QR_QUIET_MODULES, side = qr_width(qr) + 2 * quiet;
    CHECK_INT(matrix->width, side);
    CHECK(matrix->height == side || matrix->height == side + 1);
    size_t wrong = 0;
    for (size_t y = 0; y < matrix->height; y++) {
        for (size_t x = 0; x < matrix->width; x++) {
            bool inside = x >= quiet && y >= quiet && x < side - quiet &&
                          y < side - quiet;
            bool dark = inside && qr_is_dark(qr, x - quiet, y - quiet);
            wrong += matrix->dark[y][x] != dark;
        }
    }
    CHECK_INT(wrong, 0);
}

/* The path of dark runs: "M<x> <y>h<run>v1h-<run>z". */
static void svg_matrix(const char *svg, struct matrix *ret)
{
    int used = 0;
    size_t x = 0, y = 0, run = 0, back = 0;
    const char *box = strstr(svg, "viewBox=\"0 0 ");
    const char *path = strstr(svg, " d=\"");
    CHECK_FATAL(box != NULL && path != NULL);
    CHECK_FATAL(sscanf(box, "viewBox=\"0 0 %zu %zu\"", &ret->width, &ret->height) == 2);
    path += strlen(" d=\"");
    while (sscanf(path, "M%zu %zuh%zuv1h-%zuz%n", &x, &y, &run, &back, &used) == 4) {
        CHECK_FATAL(run == back && x + run <= SIDE_MOST && y < SIDE_MOST);
        for (size_t i = 0; i < run; i++)
            ret->dark[y][x + i] = true;
        path += used;
    }
    CHECK_TEXT(path, "\"/></svg>\n");
}

/* `ink_is_dark`: what a drawn half block means. */
static void text_matrix(const char *text, bool ink_is_dark, struct matrix *ret)
{
    static const struct {
        const char *bytes;
        bool upper, lower;
    } cells[] = {
        { " ", false, false },
        { "\u2580", true, false },
        { "\u2584", false, true },
        { "\u2588", true, true },
    };
    size_t x = 0;
    while (*text != '\0') {
        if (*text == '\033') {
            text = strchr(text, 'm') + 1;
            continue;
        }
        if (*text == '\n') {
            ret->width = x;
            ret->height += 2;
            x = 0;
            text++;
            continue;
        }
        size_t i = 0;
        while (strncmp(text, cells[i].bytes, strlen(cells[i].bytes)) != 0)
            CHECK_FATAL(++i < sizeof cells / sizeof cells[0]);
        ret->dark[ret->height][x] = cells[i].upper == ink_is_dark;
        ret->dark[ret->height + 1][x] = cells[i].lower == ink_is_dark;
        text += strlen(cells[i].bytes);
        x++;
    }
}

static void an_svg_shows_the_same_modules(void)
{
    struct qr *qr = made(CODE);
    struct matrix *matrix = calloc(1, sizeof *matrix);
    struct buf svg;
    struct err err = ERR_INIT;
    CHECK_FATAL(matrix != NULL);
    buf_init(&svg, 1 << 20);
    CHECK(qr_svg(qr, &svg, &err));
    svg_matrix(svg.ptr, matrix);
    check_same(qr, matrix);
    buf_finish_secret(&svg);
    free(matrix);
    qr_destroy(&qr);
}

/* An inverted code is not read by many phones: each ink has its own drawing. */
static void terminal_text_shows_the_same_modules_in_every_ink(void)
{
    static const struct {
        enum qr_ink ink;
        bool ink_is_dark;
    } rows[] = { { QR_INK_LIGHT, false },
                 { QR_INK_DARK, true },
                 { QR_INK_EXPLICIT, true } };
    struct qr *qr = made(CODE "$$1");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct matrix *matrix = calloc(1, sizeof *matrix);
        struct buf text;
        struct err err = ERR_INIT;
        CHECK_FATAL(matrix != NULL);
        buf_init(&text, 1 << 20);
        CHECK(qr_text(qr, rows[i].ink, &text, &err));
        text_matrix(text.ptr, rows[i].ink_is_dark, matrix);
        check_same(qr, matrix);
        CHECK_INT(strchr(text.ptr, '\033') != NULL, rows[i].ink == QR_INK_EXPLICIT);
        buf_finish_secret(&text);
        free(matrix);
    }
    qr_destroy(&qr);
}

/* ---- failures ---- */

static void a_text_that_is_no_code_or_too_long_is_refused(void)
{
    static char huge[9000];
    struct err err = ERR_INIT;
    CHECK(qr_create(slice_of(""), &err) == NULL);
    CHECK_INT(err.code, ERR_INVALID);
    CHECK(qr_create(slice_bytes("1$A\0B", 5), &err) == NULL);
    CHECK_INT(err.code, ERR_INVALID);
    memset(huge, 'a', sizeof huge);
    CHECK(qr_create(slice_bytes(huge, 4000), &err) == NULL);
    CHECK_INT(err.code, ERR_LIMIT);
    CHECK(qr_create(slice_bytes(huge, sizeof huge), &err) == NULL);
    CHECK_TEXT(err.text, "9000 characters do not fit into a QR code");
}

static void a_drawing_past_the_buffers_limit_is_an_error(void)
{
    struct qr *qr = made(CODE);
    for (int form = 0; form < 3; form++) {
        struct buf small;
        struct err err = ERR_INIT;
        buf_init(&small, 64);
        bool ok = form == 0   ? qr_png(qr, 1, &small, &err)
                  : form == 1 ? qr_svg(qr, &small, &err)
                              : qr_text(qr, QR_INK_DARK, &small, &err);
        CHECK(!ok);
        CHECK_TEXT(err.text, "the QR code's drawing is larger than 64 bytes");
        buf_finish(&small);
    }
    qr_destroy(&qr);
    CHECK(qr == NULL);
    qr_destroy(&qr);
}

TESTS("qr", CASE(a_png_is_read_back_by_another_program_to_the_same_code),
      CASE(the_longest_code_still_fits_and_reads), CASE(an_svg_shows_the_same_modules),
      CASE(terminal_text_shows_the_same_modules_in_every_ink),
      CASE(a_text_that_is_no_code_or_too_long_is_refused),
      CASE(a_drawing_past_the_buffers_limit_is_an_error))
