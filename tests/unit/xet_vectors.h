/* SPDX-License-Identifier: Apache-2.0 */
/* xet_vectors.h: the known answers in tests/vectors (see its README), for the tests of the Xet format: JSON and files
 * loaded, inputs generated. Everything asserts, so that a test reads as if nothing could fail. */
#ifndef HUGS3_TESTS_XET_VECTORS_H
#define HUGS3_TESTS_XET_VECTORS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "xet/format.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static inline json_t *vectors_json(const char *file)
{
    char path[512];
    json_error_t error;

    snprintf(path, sizeof path, "%s/%s", VECTORS, file);
    json_t *root = json_load_file(path, 0, &error);
    if (!root)
        fail_msg("%s: %s", path, error.text);
    return root;
}

static inline json_t *field(const json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);

    if (!value)
        fail_msg("no field %s", name);
    return value;
}

static inline const char *field_str(const json_t *object, const char *name)
{
    assert_true(json_is_string(field(object, name)));
    return json_string_value(field(object, name));
}

static inline uint64_t field_int(const json_t *object, const char *name)
{
    assert_true(json_is_integer(field(object, name)));
    return (uint64_t)json_integer_value(field(object, name));
}

static inline struct slice vectors_file(const char *file) /* to be free()d */
{
    char path[512];

    snprintf(path, sizeof path, "%s/%s", VECTORS, file);
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("no %s", path);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    size_t n = (size_t)ftell(f);
    char *p = mem_alloc(n);
    rewind(f);
    assert_int_equal(fread(p, 1, n, f), n);
    fclose(f);
    return slice_of(p, n);
}

/* ---- generators ---- */

static inline void generate_random(uint8_t *p, size_t n)
{
    uint64_t s = n;

    for (size_t i = 0; i < n; i += 8) {
        uint64_t z = s += 0x9E3779B97F4A7C15;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        z ^= z >> 31;
        for (size_t k = 0; k < 8 && i + k < n; k++)
            p[i + k] = (uint8_t)(z >> 8 * k);
    }
}

static inline void generate_float32(uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i += 4) {
        float value = (float)(i / 4) * 0.25f;
        uint32_t word;
        memcpy(&word, &value, 4);
        for (size_t k = 0; k < 4 && i + k < n; k++)
            p[i + k] = (uint8_t)(word >> 8 * k);
    }
}

static inline void generate_text(uint8_t *p, size_t n)
{
    size_t at = 0;

    for (unsigned i = 0; at < n; i++) {
        char line[64];
        size_t len = (size_t)snprintf(line, sizeof line, "line %u of the text generator\n", i);
        len = len < n - at ? len : n - at;
        memcpy(p + at, line, len);
        at += len;
    }
}

static inline struct slice generate(const char *generator, size_t n) /* to be free()d */
{
    uint8_t *p = mem_zalloc(n ? n : 1);

    if (strcmp(generator, "random") == 0)
        generate_random(p, n);
    else if (strcmp(generator, "float32") == 0)
        generate_float32(p, n);
    else if (strcmp(generator, "text") == 0)
        generate_text(p, n);
    else
        assert_string_equal(generator, "zeros");
    return slice_of(p, n);
}

static inline void release(struct slice s)
{
    free((void *)(uintptr_t)s.p);
}

/* ---- hashes ---- */

static inline void assert_hash(const struct xet_hash *got, const char *want)
{
    char text[XET_HASH_TEXT];

    xet_hash_text(got, text);
    assert_string_equal(text, want);
}

static inline struct xet_hash hash_of_text(const char *text)
{
    struct xet_hash h;

    assert_true(xet_hash_parse(slice_str(text), &h));
    return h;
}

static inline void from_hex(const char *hex, uint8_t *out, size_t n)
{
    assert_int_equal(strlen(hex), 2 * n);
    for (size_t i = 0; i < n; i++) {
        unsigned byte;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        out[i] = (uint8_t)byte;
    }
}

/* Leaf i of the made-up trees. */
static inline struct xet_tree_node leaf(uint64_t i)
{
    struct xet_tree_node node = { .size = i * 37 % 131072 + 1 };
    uint8_t bytes[8];

    for (int k = 0; k < 8; k++)
        bytes[k] = (uint8_t)(i >> 8 * k);
    xet_chunk_hash(slice_of(bytes, sizeof bytes), &node.hash);
    return node;
}

#endif
