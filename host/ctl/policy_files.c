#include "ctl/policy_files.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "conf/file.h"

static bool ends_with(const char *text, const char *ending)
{
    size_t size = strlen(text), end = strlen(ending);
    return size >= end && strcmp(text + size - end, ending) == 0;
}

static int is_policy(const struct dirent *entry)
{
    return ends_with(entry->d_name, ".lua") && !ends_with(entry->d_name, "_test.lua") &&
           !ends_with(entry->d_name, ".meta.lua");
}

static int is_test(const struct dirent *entry)
{
    return ends_with(entry->d_name, "_test.lua");
}

static bool add(struct policy_files *files, const char *path, struct err *err)
{
    if (files->count == TRIAL_FILES_MAX)
        return err_set(err, ERR_LIMIT, "more than %d files", TRIAL_FILES_MAX);
    files->paths[files->count] = strdup(path);
    if (files->paths[files->count] == NULL)
        return err_set(err, ERR_UNAVAILABLE, "no memory for a path");
    files->count++;
    return true;
}

static bool add_folder(struct policy_files *files, const char *folder,
                       int (*wanted)(const struct dirent *), struct err *err)
{
    struct dirent **names;
    int count = scandir(folder, &names, wanted, alphasort);
    if (count < 0)
        return err_errno(err, "reading the folder %s", folder);
    bool ok = true;
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];
        ok = ok && file_path(path, sizeof path, folder, names[i]->d_name, err) &&
             add(files, path, err);
        free(names[i]);
    }
    free(names);
    return ok;
}

bool policy_files_add(struct policy_files *files, const char *path, bool with_tests,
                      struct err *err)
{
    struct stat about;
    if (stat(path, &about) != 0)
        return err_errno(err, "%s", path);
    if (!S_ISDIR(about.st_mode))
        return add(files, path, err);
    files->folder = true;
    char folder[PATH_MAX];
    size_t size = strlen(path);
    while (size > 1 && path[size - 1] == '/')
        size--;
    if (!slice_copy(slice_bytes(path, size), folder, sizeof folder))
        return err_set(err, ERR_LIMIT, "too long a path");
    if (!add_folder(files, folder, is_policy, err))
        return false;
    size_t before = files->count;
    if (before == 0)
        return err_set(err, ERR_NOT_FOUND, "%s: no Lua files", path);
    if (with_tests && !add_folder(files, folder, is_test, err))
        return false;
    files->tests += files->count - before;
    return true;
}

void policy_files_finish(struct policy_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->paths[i]);
    *files = (struct policy_files){ 0 };
}
