/* describe: section esim.about of the file, read as bytes. No code of the object runs. */
#include <fcntl.h>
#include <gelf.h>
#include <jansson.h>
#include <libelf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "cell/step_codec.h"
#include "tool.h"

static bool find_section(Elf *elf, const char *name, Elf_Data **ret)
{
    size_t names;
    Elf_Scn *section = NULL;
    if (elf_getshdrstrndx(elf, &names) != 0)
        return false;
    while ((section = elf_nextscn(elf, section)) != NULL) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) == NULL)
            continue;
        const char *found = elf_strptr(elf, names, header.sh_name);
        if (found != NULL && strcmp(found, name) == 0) {
            *ret = elf_getdata(section, NULL);
            return *ret != NULL;
        }
    }
    return false;
}

/* Checked by the same rules as a cell's READY: written down and read again. */
static bool check_about(const struct esim_about *about, struct esim_about *ret,
                        struct err *err)
{
    struct buf payload;
    uint32_t count;
    buf_init(&payload, 1 << 16);
    about_encode(about, NULL, 0, &payload);
    bool ok = about_decode(buf_slice(&payload), ret, NULL, 0, &count, err);
    buf_finish(&payload);
    return ok;
}

static bool read_about(Elf *elf, const char *path, struct esim_about *ret,
                       struct err *err)
{
    Elf_Data *data;
    struct esim_about about;
    if (elf_kind(elf) != ELF_K_ELF)
        return err_set(err, ERR_INVALID, "%s is no shared object", path);
    if (!find_section(elf, "esim.about", &data))
        return err_set(err, ERR_INVALID,
                       "%s has no section esim.about: it is not an adapter", path);
    if (data->d_size < sizeof about || data->d_buf == NULL)
        return err_set(err, ERR_INVALID, "%s: the descriptor has %zu bytes, not %zu",
                       path, (size_t)data->d_size, sizeof about);
    memcpy(&about, data->d_buf, sizeof about);
    if (!check_about(&about, ret, err))
        return err_wrap(err, "%s", path);
    return true;
}

static bool open_about(const char *path, struct esim_about *ret, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "opening %s", path);
    bool ok = false;
    Elf *elf = elf_version(EV_CURRENT) == EV_NONE ? NULL
                                                  : elf_begin(fd, ELF_C_READ, NULL);
    if (elf == NULL)
        err_set(err, ERR_INVALID, "%s: %s", path, elf_errmsg(-1));
    else
        ok = read_about(elf, path, ret, err);
    elf_end(elf);
    close(fd);
    return ok;
}

static json_t *list_of(const char *list, size_t element, size_t most)
{
    json_t *array = json_array();
    for (size_t i = 0; i < most && list[i * element] != '\0'; i++)
        json_array_append_new(array, json_string(list + i * element));
    return array;
}

static void print_json(const struct esim_about *about)
{
    json_t *object = json_object();
    struct buf text;
    buf_init(&text, 1 << 20);
    json_put_text(object, "name", about->name);
    json_put_text(object, "version", about->version);
    json_put_text(object, "summary", about->summary);
    json_put_int(object, "abi", about->abi);
    json_put_int(object, "state_oldest", about->state_oldest);
    json_put_int(object, "state_newest", about->state_newest);
    json_object_set_new(
        object, "capabilities",
        list_of(about->capabilities[0], ESIM_CAPABILITY_SIZE, ESIM_CAPABILITY_MAX));
    json_object_set_new(
        object, "abilities",
        list_of(about->abilities[0], ESIM_ABILITY_SIZE, ESIM_ABILITY_MAX));
    json_write(object, &text);
    printf("%s\n", buf_slice(&text).ptr);
    buf_finish(&text);
    json_decref(object);
}

static void print_list(const char *title, const char *list, size_t element, size_t most)
{
    for (size_t i = 0; i < most && list[i * element] != '\0'; i++)
        printf("%-14s%s\n", i == 0 ? title : "", list + i * element);
}

static void print_text(const struct esim_about *about)
{
    printf("%-14s%s %s\n", "adapter", about->name, about->version);
    printf("%-14s%s\n", "summary", about->summary);
    printf("%-14s%u\n", "abi", about->abi);
    printf("%-14s%u to %u\n", "state", about->state_oldest, about->state_newest);
    print_list("capabilities", about->capabilities[0], ESIM_CAPABILITY_SIZE,
               ESIM_CAPABILITY_MAX);
    print_list("abilities", about->abilities[0], ESIM_ABILITY_SIZE, ESIM_ABILITY_MAX);
}

int tool_describe(int argc, char **argv)
{
    struct err err = ERR_INIT;
    struct esim_about about;
    bool as_json = argc == 3 && strcmp(argv[2], "--json") == 0;
    if (argc != 2 && !as_json) {
        err_set(&err, ERR_INVALID, "describe needs one object: X.so [--json]");
        return tool_complain(&err);
    }
    if (!open_about(argv[1], &about, &err)) {
        tool_complain(&err);
        return EXIT_VERDICT;
    }
    if (as_json)
        print_json(&about);
    else
        print_text(&about);
    return EXIT_GOOD;
}
