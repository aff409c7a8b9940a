/* signing.h - keys and signatures of the real minisign program, for tests. */
#ifndef TESTS_SIGNING_H
#define TESTS_SIGNING_H

#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "check.h"
#include "conf/file.h"

extern char **environ;

static inline void signing_run(const char *const *argv)
{
    pid_t child;
    int status = -1;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", 1, 0);
    int failed = posix_spawnp(&child, argv[0], &actions, NULL, (char *const *)argv,
                              environ);
    CHECK_FATAL(failed == 0);
    pid_t ended = waitpid(child, &status, 0);
    CHECK_FATAL(ended == child && status == 0);
    posix_spawn_file_actions_destroy(&actions);
}

/* FOLDER/NAME.key and .pub without a password; ret: the public key's base64. */
static inline void signing_key(const char *folder, const char *name, char ret[64])
{
    char public_path[80], secret_path[80];
    struct buf text;
    CHECK(snprintf(public_path, sizeof public_path, "%s/%s.pub", folder, name) > 0);
    CHECK(snprintf(secret_path, sizeof secret_path, "%s/%s.key", folder, name) > 0);
    signing_run((const char *const[]){ "minisign", "-G", "-W", "-f", "-p", public_path,
                                       "-s", secret_path, NULL });
    buf_init(&text, 1000);
    bool fine = file_read(public_path, &text, NULL);
    CHECK_FATAL(fine);
    struct slice rest = buf_slice(&text);
    slice_cut(&rest, '\n');
    CHECK(slice_copy(slice_cut(&rest, '\n'), ret, 64));
    buf_finish(&text);
}

/* `form`: "-H" for the prehashed signature, "-l" for the legacy one. */
static inline void signing_sign(const char *folder, const char *name, const char *form,
                                const char *message_path, const char *signature_path)
{
    char secret_path[80];
    CHECK(snprintf(secret_path, sizeof secret_path, "%s/%s.key", folder, name) > 0);
    signing_run((const char *const[]){ "minisign", "-S", form, "-s", secret_path, "-x",
                                       signature_path, "-m", message_path, NULL });
}

#endif
