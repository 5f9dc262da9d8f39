/*
 * The library as a module of Node: exports.enter(control), zygote(control, proc, ruleset), random(), seed(…), freeze(…) and
 * exit(status).
 *
 * Node loads it with process.dlopen, which calls napi_register_module_v1; Python loads it with ctypes and calls the
 * functions by name. The symbols of N-API and libuv are weak, so that the library also loads where there is no Node.
 */
#include "native.h"

#include <sys/random.h>
#include <unistd.h>

int cellblock_enter(int control);
int cellblock_zygote(int control, int proc, int ruleset);
void cellblock_seed(uint32_t seed_high, uint32_t seed_low, uint32_t item_high, uint32_t item_low);
void cellblock_freeze(uint32_t ms_high, uint32_t ms_low);

typedef struct napi_env__ *napi_env;
typedef struct napi_value__ *napi_value;
typedef struct napi_callback_info__ *napi_callback_info;
typedef napi_value (*napi_callback)(napi_env, napi_callback_info);
#define WEAK __attribute__((weak))
extern int napi_create_function(napi_env, const char *, size_t, napi_callback, void *, napi_value *) WEAK;
extern int napi_set_named_property(napi_env, napi_value, const char *, napi_value) WEAK;
extern int napi_get_cb_info(napi_env, napi_callback_info, size_t *, napi_value *, napi_value *, void **) WEAK;
extern int napi_get_value_int32(napi_env, napi_value, int32_t *) WEAK;
extern int napi_create_uint32(napi_env, uint32_t, napi_value *) WEAK;
extern int napi_get_uv_event_loop(napi_env, void **) WEAK;

/* Reads integer arguments, all of which must be there. */
static void arguments(napi_env env, napi_callback_info call, int32_t *into, size_t wanted) {
    napi_value given[4];
    size_t count = 4;
    if (napi_get_cb_info(env, call, &count, given, NULL, NULL) != 0 || count != wanted)
        _exit(125);
    for (size_t i = 0; i < wanted; i++)
        if (napi_get_value_int32(env, given[i], &into[i]) != 0)
            _exit(125);
}

/* The library reports its own failures and does not return; this is for one that does. */
static void assert_done(int failed) {
    if (failed)
        _exit(125);
}

static napi_value enter(napi_env env, napi_callback_info call) {
    int32_t control;
    arguments(env, call, &control, 1);
    assert_done(cellblock_enter(control));
    return NULL;
}

static napi_value zygote(napi_env env, napi_callback_info call) {
    int32_t fds[3];
    napi_value answer = NULL;
    arguments(env, call, fds, 3);
    uint32_t whose = (uint32_t)cellblock_zygote(fds[0], fds[1], fds[2]);
    /* In the fork: the event loop has no descriptors of its own yet. */
    void *loop = NULL;
    assert_done(napi_get_uv_event_loop(env, &loop) != 0 || uv_loop_fork == NULL || uv_loop_fork(loop) != 0);
    assert_done(napi_create_uint32(env, whose, &answer) != 0);
    return answer;
}

static napi_value seed(napi_env env, napi_callback_info call) {
    int32_t parts[4];
    arguments(env, call, parts, 4);
    cellblock_seed((uint32_t)parts[0], (uint32_t)parts[1], (uint32_t)parts[2], (uint32_t)parts[3]);
    return NULL;
}

static napi_value freeze(napi_env env, napi_callback_info call) {
    int32_t parts[2];
    arguments(env, call, parts, 2);
    cellblock_freeze((uint32_t)parts[0], (uint32_t)parts[1]);
    return NULL;
}

/* 32 bits of the kernel's, or of what stands in for it. */
static napi_value random_bits(napi_env env, napi_callback_info call) {
    uint32_t bits;
    napi_value answer = NULL;
    (void)call;
    assert_done(getrandom(&bits, sizeof bits, 0) != (ssize_t)sizeof bits || napi_create_uint32(env, bits, &answer) != 0);
    return answer;
}

static napi_value leave(napi_env env, napi_callback_info call) {
    int32_t status;
    arguments(env, call, &status, 1);
    end_rehearsal();
    _exit(status);
}

static int define(napi_env env, napi_value exports, const char *name, napi_callback callback) {
    napi_value function = NULL;
    return napi_create_function(env, name, (size_t)-1, callback, NULL, &function) == 0 &&
           napi_set_named_property(env, exports, name, function) == 0;
}

__attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value exports) {
    return define(env, exports, "enter", enter) && define(env, exports, "zygote", zygote) &&
                   define(env, exports, "seed", seed) && define(env, exports, "freeze", freeze) &&
                   define(env, exports, "random", random_bits) && define(env, exports, "exit", leave)
               ? exports
               : NULL;
}
