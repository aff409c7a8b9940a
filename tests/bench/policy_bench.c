/* policy_bench - decisions of the shipped, signed policy, one at a time and with many in
 * flight, from one loop: question, digest, locked cell, checked answer.
 *
 *   policy_bench [SECONDS]     from the top of the checkout, after make MODE=release
 *
 * Prints one line of JSON for each function and number in flight. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "manifest/trust.h"
#include "policy/policy.h"

#define FOLDER "build/release/"

static const struct {
    const char *function, *args;
} questions[] = {
    { "authorize",
      "[{\"subject\":{\"id\":\"0197a3c2-8d3e-7c51-9f6e-3f1f0f5c2a11\",\"kind\":"
      "\"api_key\",\"tenant\":\"acme\",\"roles\":[\"operator\"]},\"permission\":"
      "\"order.create\",\"tenant\":\"acme\",\"route\":\"POST /v1/orders\",\"resource\":"
      "{\"type\":\"profile.provision\",\"plan\":\"basic\",\"carrier\":\"atom\","
      "\"external_id\":\"abc-123\",\"device\":{\"eid\":"
      "\"89049032123451234512345678901235\",\"imei\":\"356938035643809\"}}}]" },
    { "route",
      "[{\"tenant\":\"acme\",\"type\":\"profile.provision\",\"plan\":\"basic\","
      "\"msisdn\":\"+959761234567\",\"needs\":[\"profile.order\",\"profile.confirm\"]},"
      "[{\"name\":\"atom\",\"aliases\":[],\"healthy\":true,\"version\":\"1.0.0\","
      "\"capabilities\":[\"profile.order\",\"profile.confirm\",\"profile.release\"]},"
      "{\"name\":\"mpt\",\"aliases\":[],\"healthy\":true,\"version\":\"1.0.0\","
      "\"capabilities\":[\"profile.order\",\"profile.confirm\"]}]]" },
};
static const int in_flight[] = { 1, 8, 32, 128 };

static const struct cell_limits limits = {
    .memory_bytes = 16 << 20,
    .cpu_ms = 50,
    .wall_ms = 500,
    .spawn_ms = 5000,
    .output_bytes = 1 << 20,
    .queue = 1024,
    .deaths = 5,
    .deaths_window_ms = 60000,
    .backoff_ms = 50,
    .backoff_most_ms = 1000,
};

struct bench {
    struct loop *loop;
    struct policy *policy;
    const char *function;
    json_t *args;
    int64_t until_us, done;
    int under_way;
};

static void on_decision(void *arg, const struct policy_decision *decision)
{
    struct bench *bench = arg;
    if (decision->failed || !decision->allow) {
        fprintf(stderr, "%s: %s\n", bench->function, decision->reason);
        exit(1);
    }
    bench->done++;
    if (clock_mono_us() < bench->until_us)
        policy_ask(bench->policy, bench->function, bench->args, on_decision, bench);
    else if (--bench->under_way == 0)
        loop_stop(bench->loop);
}

static void measure(struct bench *bench, int many, int64_t run_us)
{
    int64_t start_us = clock_mono_us();
    bench->until_us = start_us + run_us;
    bench->done = 0;
    bench->under_way = many;
    for (int i = 0; i < many; i++)
        policy_ask(bench->policy, bench->function, bench->args, on_decision, bench);
    loop_run(bench->loop);
    double took_us = (double)(clock_mono_us() - start_us);
    printf("{\"bench\":\"policy\",\"function\":\"%s\",\"in_flight\":%d,"
           "\"decisions_per_s\":%.0f,\"us_per_decision\":%.2f}\n",
           bench->function, many, (double)bench->done * 1e6 / took_us,
           took_us / (double)bench->done);
}

static struct policy *start(struct loop *loop, struct policy_image **ret_image,
                            struct err *err)
{
    struct manifest *manifest = NULL;
    struct trust *trust = trust_load("build/keys/trust.yaml", err);
    bool ok = trust != NULL &&
              manifest_load(FOLDER "policies/policy.yaml", FOLDER "policies", trust,
                            NULL, NULL, &manifest, err);
    trust_destroy(&trust);
    if (!ok)
        return NULL;
    *ret_image = policy_image_create(manifest);
    return policy_create(loop, *ret_image, FOLDER "esim-policy-cell", &limits, err);
}

int main(int argc, char **argv)
{
    struct err err = ERR_INIT;
    struct policy_image *image = NULL;
    int64_t run_us = argc > 1 ? strtoll(argv[1], NULL, 10) * 1000000 : 1000000;
    struct bench bench = { .loop = loop_create(&err) };
    if (bench.loop != NULL)
        bench.policy = start(bench.loop, &image, &err);
    if (bench.policy == NULL) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    for (size_t q = 0; q < sizeof questions / sizeof questions[0]; q++) {
        bench.function = questions[q].function;
        bench.args = json_read(slice_of(questions[q].args), &err);
        for (size_t i = 0; i < sizeof in_flight / sizeof in_flight[0]; i++)
            measure(&bench, in_flight[i], run_us);
        json_decref(bench.args);
    }
    policy_destroy(&bench.policy);
    policy_image_drop(&image);
    loop_destroy(&bench.loop);
    return 0;
}
