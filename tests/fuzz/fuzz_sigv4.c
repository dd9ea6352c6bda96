/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_sigv4.c: any request head. Input: "METHOD target", then "name:value", a line each. The known key is "AKIA" with
 * an empty secret, so that a mutated signature may even be right. */
#include <assert.h>

#include "auth/auth.h"

#define NOW 1369353600000LL

static bool find(void *ctx, struct slice id, struct auth_key *out)
{
    (void)ctx;
    (void)out;
    return slice_starts(id, SLICE("AKIA"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct auth_cache *cache;
    struct slice rest = slice_of(data, size), target = slice_cut(&rest, '\n');
    struct auth_head head = { .method = slice_cut(&target, ' ') };
    struct header list[32];
    size_t n = 0;
    head.path = slice_cut(&target, '?');
    head.query = target;
    for (; rest.p && n < 32; n++) {
        struct slice value = slice_cut(&rest, '\n');
        list[n].name = slice_cut(&value, ':');
        list[n].value = value;
    }
    head.headers = (struct headers){ list, n };
    if (cache == NULL)
        cache = auth_cache_new();

    struct auth_keys keys = { .find = find, .cache = size % 2 ? cache : NULL };
    struct auth_rules rules = { .region = size % 3 ? NULL : "us-east-1", .anonymous = size % 5 == 0 };
    struct arena *arena = arena_new();
    struct auth a = { .how = (enum auth_how)99 };
    const char *detail = "untouched";
    enum err e = auth_verify(&head, &keys, &rules, NOW, arena, &a, &detail);
    assert(e ? a.how == (enum auth_how)99 : a.how != (enum auth_how)99);
    assert(detail == NULL || strlen(detail) < 1000);
    arena_free(arena);
    return 0;
}
