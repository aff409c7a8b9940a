/* esimd: starts the parts in order, waits for a signal, stops them in reverse. Every
 * pointer that lives as long as the process is owned here. */
#include <assert.h>
#include <curl/curl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "adapter/directory.h"
#include "api/api.h"
#include "api/key_store.h"
#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "conf/settings.h"
#include "crypto/seal.h"
#include "crypto/start.h"
#include "manifest/trust.h"
#include "order/engine.h"
#include "policy/policy.h"
#include "policy/policy_load.h"
#include "profile/number_plan.h"
#include "store/store.h"

struct host {
    struct settings *settings;
    struct sealer *sealer;
    struct trust *trust;
    struct store *store;
    struct policy_image *policy;
    struct directory *directory;
    struct number_plan *numbers;
    struct engine *engine;
    struct api *api;
};

static const char usage_text[] =
    "esimd [--config FILE] [--set NAME=VALUE]...   run the host\n"
    "esimd --settings                              print the settings table\n"
    "esimd --create-key TENANT ROLE SUBJECT        make an API key (host stopped)\n"
    "esimd --version\n";

/* ---- start ---- */

static bool apply_sets(struct settings *settings, char **sets, int count,
                       struct err *err)
{
    for (int i = 0; i < count; i++) {
        char *equals = strchr(sets[i], '=');
        if (equals == NULL)
            return err_set(err, ERR_INVALID, "--set %s: expected NAME=VALUE", sets[i]);
        *equals = '\0';
        if (!settings_set(settings, sets[i], equals + 1, err))
            return false;
    }
    return true;
}

static bool set_log_level(const struct settings *settings, struct err *err)
{
    static const char *const names[] = { "debug", "info", "warn", "error" };
    const char *wanted = settings_text(settings, SET_LOG_LEVEL);
    for (int i = 0; i < LOG_LEVEL_COUNT; i++) {
        if (strcmp(names[i], wanted) == 0) {
            log_set_level((enum log_level)i);
            return true;
        }
    }
    return err_field(err, "log.level",
                     "expected debug, info, warn or error, found \"%s\"", wanted);
}

static bool open_store(struct host *host, struct err *err)
{
    const struct settings *settings = host->settings;
    struct store_limits limits = {
        .batch = settings_int(settings, SET_STORE_BATCH),
        .queue = settings_int(settings, SET_STORE_QUEUE),
        .cache_kb = settings_int(settings, SET_STORE_CACHE_KB),
        .lock_wait_ms = settings_int(settings, SET_STORE_LOCK_WAIT_MS),
    };
    host->store = store_open(settings_text(settings, SET_DATA_DIR), &limits, err);
    return host->store != NULL;
}

static bool open_trust(struct host *host, struct err *err)
{
    host->sealer = sealer_load(settings_text(host->settings, SET_SEAL_KEY_FILE), err);
    if (host->sealer == NULL)
        return err_wrap(err, "seal.key_file");
    host->trust = trust_load(settings_text(host->settings, SET_TRUST_FILE), err);
    return host->trust != NULL;
}

static bool open_policy(struct host *host, struct err *err)
{
    host->policy = policy_load(settings_text(host->settings, SET_POLICY_DIR),
                               host->trust, host->store, err);
    return host->policy != NULL || err_wrap(err, "the policy");
}

static bool open_engine(struct host *host, struct err *err)
{
    host->directory = directory_create();
    if (host->directory == NULL)
        return err_set(err, ERR_UNAVAILABLE, "no memory for the directory of adapters");
    struct engine_parts parts = { .settings = host->settings,
                                  .trust = host->trust,
                                  .sealer = host->sealer,
                                  .store = host->store,
                                  .directory = host->directory };
    host->engine = engine_create(&parts, err);
    return host->engine != NULL && engine_start(host->engine, err);
}

static bool open_numbers(struct host *host, struct err *err)
{
    const char *path = settings_text(host->settings, SET_NUMBER_PLAN_FILE);
    if (path[0] == '\0')
        return true;
    host->numbers = number_plan_load(path, err);
    return host->numbers != NULL || err_wrap(err, "number.plan_file");
}

static bool open_api(struct host *host, struct err *err)
{
    struct api_parts parts = { .settings = host->settings,
                               .store = host->store,
                               .sealer = host->sealer,
                               .directory = host->directory,
                               .engine = host->engine,
                               .numbers = host->numbers,
                               .trust = host->trust,
                               .policy = host->policy };
    host->api = api_create(&parts, err);
    return host->api != NULL && api_start(host->api, err);
}

static bool host_start(struct host *host, struct err *err)
{
    return open_store(host, err) && open_trust(host, err) && open_policy(host, err) &&
           open_numbers(host, err) && open_engine(host, err) && open_api(host, err);
}

static void host_stop(struct host *host)
{
    if (host->api != NULL)
        api_stop(host->api);
    if (host->engine != NULL)
        engine_stop(host->engine, settings_int(host->settings, SET_HTTP_DRAIN_MS));
    store_close(&host->store); /* Until here both are told of commits. */
    api_destroy(&host->api);
    engine_destroy(&host->engine);
    directory_destroy(&host->directory);
    number_plan_destroy(&host->numbers);
    policy_image_drop(&host->policy);
    trust_destroy(&host->trust);
    sealer_destroy(&host->sealer);
    settings_destroy(&host->settings);
}

/* ---- run ---- */

/* Scripts and supervisors read this one line; people read the log. */
static void print_addresses(const struct host *host)
{
    printf("{\"http\":\"%s\",\"callback\":\"%s\"}\n", api_address(host->api),
           api_callback_address(host->api));
    fflush(stdout);
}

static void wait_for_signal(const sigset_t *signals)
{
    int number = 0;
    while (sigwait(signals, &number) != 0)
        continue;
    log_line(LOG_INFO, "host.stopping", LOG_INT("signal", number));
}

static int run(struct host *host, const sigset_t *signals)
{
    struct err err = ERR_INIT;
    bool ok = host_start(host, &err);
    if (ok) {
        log_line(LOG_INFO, "host.started", LOG_TEXT("http", api_address(host->api)),
                 LOG_TEXT("callback", api_callback_address(host->api)),
                 LOG_INT("policy_revision", policy_image_revision(host->policy)));
        print_addresses(host);
        wait_for_signal(signals);
    } else {
        log_err("host.not_started", &err);
    }
    host_stop(host);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int create_key(struct host *host, char **words)
{
    struct err err = ERR_INIT;
    char key[KEY_TEXT_SIZE];
    bool ok = open_store(host, &err) &&
              keys_bootstrap(host->store, words[0], words[1], words[2], key, &err);
    if (ok)
        printf("%s\n", key);
    else
        log_err("key.not_made", &err);
    explicit_bzero(key, sizeof key);
    host_stop(host);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int print_settings(void)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    settings_document(&text);
    bool whole = buf_ok(&text) && fputs(text.ptr, stdout) >= 0;
    buf_finish(&text);
    return whole ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Before the first thread: signals go to sigwait only, nothing dumps core, the JSON hash
 * is seeded. */
static void prepare_process(sigset_t *signals)
{
    struct rlimit none = { 0, 0 };
    int failed = setrlimit(RLIMIT_CORE, &none);
    assert(failed == 0);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    failed = pthread_sigmask(SIG_BLOCK, signals, NULL);
    assert(failed == 0);
    json_start();
    memory_need(crypto_start());
    memory_need(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

struct options {
    const char *config;
    char **sets;
    int set_count;
    bool create_key;
};

int main(int argc, char **argv)
{
    enum { CONFIG = 1, SET, SETTINGS, CREATE_KEY, VERSION, HELP };
    static const struct option known[] = {
        { "config", required_argument, NULL, CONFIG },
        { "set", required_argument, NULL, SET },
        { "settings", no_argument, NULL, SETTINGS },
        { "create-key", no_argument, NULL, CREATE_KEY },
        { "version", no_argument, NULL, VERSION },
        { "help", no_argument, NULL, HELP },
        { NULL, 0, NULL, 0 },
    };
    char *sets[64];
    struct options options = { .sets = sets };
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == CONFIG)
            options.config = optarg;
        else if (option == SET && options.set_count < 64)
            sets[options.set_count++] = optarg;
        else if (option == SETTINGS)
            return print_settings();
        else if (option == CREATE_KEY)
            options.create_key = true;
        else if (option == VERSION)
            return puts("esimd 1.0.0") < 0;
        else
            return fputs(usage_text, option == HELP ? stdout : stderr) < 0 ||
                   option != HELP;
    }
    if (argc - optind != (options.create_key ? 3 : 0))
        return fputs(usage_text, stderr) < 0 || EXIT_FAILURE;
    sigset_t signals;
    struct host host = { .settings = NULL };
    struct err err = ERR_INIT;
    prepare_process(&signals);
    host.settings = settings_load(options.config, &err);
    if (host.settings == NULL ||
        !apply_sets(host.settings, sets, options.set_count, &err) ||
        !set_log_level(host.settings, &err)) {
        log_err("settings", &err);
        settings_destroy(&host.settings);
        return EXIT_FAILURE;
    }
    return options.create_key ? create_key(&host, argv + optind) : run(&host, &signals);
}
