/* SPDX-License-Identifier: Apache-2.0 */
/* config.c: the table of settings, and reading it from file (INI), environment and flags. A setting `x_y` is the key
 * `x_y` of the file, the variable HUGS3_X_Y and the flag --x-y. */
#include "gateway/config.h"

#include "gateway/config_key.h"
#include "gateway/secret_file.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

enum kind { TEXT, LIST, SWITCH, SIZE, COUNT, DURATION };

struct setting {
    const char *name;
    enum kind kind;
    size_t offset;
    int commands;      /* enum config_command, or-ed */
    const char *env;   /* another variable than HUGS3_…; NULL: none */
    const char *def;   /* as in the file; NULL: none */
    uint64_t min, max; /* of numbers */
    bool secret;       /* cannot be a flag: command lines are public */
    const char *help;
};

#define AT(field) offsetof(struct config, field)
static const struct setting settings[] = {
    { "listen", LIST, AT(listen), 3, NULL, NULL, 0, 0, false, "address:port to serve on; may be repeated" },
    { "admin_listen", TEXT, AT(admin_listen), 1, NULL, "127.0.0.1:9001", 0, 0, false,
      "address:port of /healthz; empty: none" },
    { "local", TEXT, AT(local), 1, NULL, NULL, 0, 0, false, "run on an embedded Hub in this directory" },
    { "hub_listen", TEXT, AT(hub_listen), 1, NULL, "127.0.0.1:9002", 0, 0, false, "address:port of the embedded Hub" },
    { "dir", TEXT, AT(dir), 2, NULL, NULL, 0, 0, false, "directory of the embedded Hub" },
    { "user", LIST, AT(user), 3, NULL, NULL, 0, 0, false, "TOKEN=NAME[:ORG,...] of the embedded Hub; may be repeated" },
    { "hf_token", TEXT, AT(hf_token), 1, "HF_TOKEN", NULL, 0, 0, true, "the Hub's token; none: the embedded Hub" },
    { "hf_token_file", TEXT, AT(hf_token_file), 1, NULL, NULL, 0, 0, false, "a file that holds hf_token" },
    { "hf_endpoint", TEXT, AT(hf_endpoint), 1, "HF_ENDPOINT", "https://huggingface.co", 0, 0, false, "the Hub" },
    { "access_key_id", TEXT, AT(access_key_id), 1, NULL, NULL, 0, 0, false,
      "of S3 clients; none: a pair is made and kept" },
    { "secret_access_key", TEXT, AT(secret_access_key), 1, NULL, NULL, 0, 0, true, "of S3 clients" },
    { "secret_access_key_file", TEXT, AT(secret_access_key_file), 1, NULL, NULL, 0, 0, false,
      "a file that holds secret_access_key" },
    { "namespace", TEXT, AT(ns), 1, NULL, NULL, 0, 0, false, "of buckets; none: the token's own" },
    { "region", TEXT, AT(region), 1, NULL, "us-east-1", 0, 0, false, "what GetBucketLocation says" },
    { "domain", LIST, AT(domain), 1, NULL, NULL, 0, 0, false,
      "of virtual-hosted-style addresses: BUCKET.DOMAIN; may be repeated" },
    { "namespace_in_path", SWITCH, AT(namespace_in_path), 1, NULL, "off", 0, 0, false,
      "addresses are /NAMESPACE/BUCKET/KEY" },
    { "sigv2_presigned", SWITCH, AT(sigv2_presigned), 1, NULL, "on", 0, 0, false,
      "URLs presigned with Signature Version 2 may read" },
    { "anonymous", SWITCH, AT(anonymous), 1, NULL, "off", 0, 0, false, "public buckets can be read without a key" },
    { "token_passthrough", SWITCH, AT(token_passthrough), 1, NULL, "off", 0, 0, false,
      "a request with a Hub token as its session token acts as that user" },
    { "cors_origin", LIST, AT(cors_origin), 1, NULL, NULL, 0, 0, false,
      "pages of these origins may use the endpoint: https://HOST, with one `*`; may be repeated" },
    { "bucket_visibility", TEXT, AT(bucket_visibility), 1, NULL, "private", 0, 0, false,
      "of new buckets: private, public, default" },
    { "keep_checksums", SWITCH, AT(keep_checksums), 1, NULL, "off", 0, 0, false,
      "of every object whose client sent one; off: of those with metadata" },
    { "state_dir", TEXT, AT(state_dir), 1, NULL, NULL, 0, 0, false,
      "keys and multipart uploads; none: with local, there" },
    { "memory", SIZE, AT(memory), 1, NULL, "256MiB", 16 << 20, 1ULL << 40, false, "for the buffers of all transfers" },
    { "request_threads", COUNT, AT(request_threads), 1, NULL, "128", 1, 4096, false, "requests that run at once" },
    { "drain", DURATION, AT(drain_ms), 3, NULL, "30s", 0, 3600000, false,
      "how long running requests may take to end on SIGTERM" },
    { "multipart_expiry", DURATION, AT(multipart_expiry_ms), 1, NULL, "7d", 60000, UINT64_MAX, false,
      "abandoned uploads are forgotten after" },
    { "log_level", TEXT, AT(log_level), 3, NULL, "info", 0, 0, false, "error, warn, info, debug" },
};
#undef AT
enum { SETTINGS = sizeof settings / sizeof *settings };

static void say_wrong(const char *where, const char *name, const char *value, const char *right)
{
    fprintf(stderr, "hugs3: %s: %s = %s: %s\n", where, name, value, right);
}

/* ---- values ---- */

struct unit {
    const char *name;
    uint64_t factor;
};
static const struct unit size_units[] = { { "", 1 },          { "B", 1 },           { "KiB", 1 << 10 },
                                          { "MiB", 1 << 20 }, { "GiB", 1 << 30 },   { "kB", 1000 },
                                          { "MB", 1000000 },  { "GB", 1000000000 }, { NULL, 0 } };
static const struct unit duration_units[] = { { "ms", 1 },      { "s", 1000 },     { "", 1000 }, { "m", 60000 },
                                              { "h", 3600000 }, { "d", 86400000 }, { NULL, 0 } };
static const struct unit count_units[] = { { "", 1 }, { NULL, 0 } };

static bool parse_number(const char *text, const struct unit *units, uint64_t *out)
{
    size_t digits = strspn(text, "0123456789");
    uint64_t n;
    if (!slice_u64(slice_of(text, digits), &n))
        return false;
    const char *unit = text + digits + strspn(text + digits, " ");
    for (; units->name; units++)
        if (strcmp(unit, units->name) == 0)
            return !__builtin_mul_overflow(n, units->factor, out);
    return false;
}

static bool set_number(const struct setting *s, const char *where, const char *value, uint64_t *to)
{
    static const struct {
        const struct unit *units;
        const char *right;
    } kinds[] = { [SIZE] = { size_units, "is not a size: a number with B, KiB, MiB or GiB" },
                  [COUNT] = { count_units, "is not a whole number" },
                  [DURATION] = { duration_units, "is not a duration: a number with ms, s, m, h or d" } };
    uint64_t n;
    if (!parse_number(value, kinds[s->kind].units, &n)) {
        say_wrong(where, s->name, value, kinds[s->kind].right);
        return false;
    }
    if (n < s->min || n > s->max) {
        say_wrong(where, s->name, value, n < s->min ? "is too small" : "is too large");
        return false;
    }
    *to = n;
    return true;
}

static bool set_switch(const struct setting *s, const char *where, const char *value, bool *to)
{
    static const char *const words[] = { "off", "on", "false", "true", "no", "yes", "0", "1" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(value, words[i]) == 0) {
            *to = i % 2;
            return true;
        }
    }
    say_wrong(where, s->name, value, "is neither on nor off");
    return false;
}

static bool set_value(struct config *c, const struct setting *s, const char *where, const char *value)
{
    char *field = (char *)c + s->offset;
    if (s->kind == TEXT) {
        free(*(char **)field);
        *(char **)field = value[0] ? mem_strdup(value) : NULL;
        return true;
    }
    if (s->kind == LIST) {
        struct config_list *list = (struct config_list *)field;
        if (list->n == CONFIG_LIST_MAX) {
            say_wrong(where, s->name, value, "too many of them");
            return false;
        }
        list->item[list->n++] = mem_strdup(value);
        return true;
    }
    if (s->kind == SWITCH)
        return set_switch(s, where, value, (bool *)field);
    return set_number(s, where, value, (uint64_t *)field);
}

static void clear_list(struct config *c, const struct setting *s)
{
    struct config_list *list = (struct config_list *)((char *)c + s->offset);
    for (size_t i = 0; i < list->n; i++)
        free(list->item[i]);
    *list = (struct config_list){ 0 };
}

/* ---- file ---- */

struct file {
    struct config *config;
    enum config_command command;
    const char *path;
    bool ok;
};

static const struct setting *find(const char *name, enum config_command command)
{
    for (size_t i = 0; i < SETTINGS; i++)
        if (strcmp(settings[i].name, name) == 0 && (settings[i].commands & (int)command))
            return &settings[i];
    return NULL;
}

static int on_key(void *ctx, const char *section, const char *name, const char *value)
{
    struct file *f = (struct file *)ctx;
    if (section[0] && f->command == COMMAND_SERVE) {
        f->ok &= config_key_set(f->config, f->path, section, name, value);
        return 1;
    }
    const struct setting *s = section[0] ? NULL : find(name, f->command);
    if (!s) {
        fprintf(stderr, "hugs3: %s: there is no setting `%s`; hugs3 serve --help lists them\n", f->path, name);
        f->ok = false;
    } else if (!set_value(f->config, s, f->path, value)) {
        f->ok = false;
    }
    return 1;
}

static bool read_file(struct config *c, enum config_command command, const char *path)
{
    struct file f = { c, command, path, true };
    int line = ini_parse(path, on_key, &f);
    if (line < 0)
        fprintf(stderr, "hugs3: %s: cannot be read: %s\n", path, strerror(errno));
    else if (line > 0)
        fprintf(stderr, "hugs3: %s:%d: not `name = value`\n", path, line);
    return line == 0 && f.ok;
}

/* ---- environment and flags ---- */

static const char *from_environment(const struct setting *s)
{
    char name[64] = "HUGS3_";
    for (size_t i = 0; s->name[i] && i < sizeof name - 7; i++)
        name[i + 6] = (char)toupper((unsigned char)s->name[i]);
    const char *value = getenv(name);
    return value || !s->env ? value : getenv(s->env);
}

static bool read_environment(struct config *c, enum config_command command)
{
    for (size_t i = 0; i < SETTINGS; i++) {
        const struct setting *s = &settings[i];
        const char *value = s->commands & (int)command ? from_environment(s) : NULL;
        if (!value || !*value)
            continue;
        if (s->kind == LIST)
            clear_list(c, s);
        struct slice rest = slice_str(value);
        while (rest.p) { /* a list is separated by blanks */
            AUTO_FREE char *one = mem_dup(s->kind == LIST ? slice_cut(&rest, ' ') : rest);
            if (s->kind != LIST)
                rest = SLICE_NONE;
            if (*one && !set_value(c, s, "environment", one))
                return false;
        }
    }
    return true;
}

/* "--x-y" or "--x-y=value" → "x_y"; *value is what is behind '=' or NULL. */
static bool flag_name(const char *arg, char name[64], const char **value)
{
    if (strncmp(arg, "--", 2) != 0)
        return false;
    size_t n = strcspn(arg + 2, "=");
    if (n == 0 || n >= 64)
        return false;
    for (size_t i = 0; i < n; i++)
        name[i] = arg[i + 2] == '-' ? '_' : arg[i + 2];
    name[n] = 0;
    *value = arg[n + 2] == '=' ? arg + n + 3 : NULL;
    return true;
}

static bool read_flag(struct config *c, const struct setting *s, const char *value, bool *seen)
{
    if (s->secret) {
        fprintf(stderr, "hugs3: --%s would show on the command line: use the environment or the file\n", s->name);
        return false;
    }
    if (s->kind == LIST && !*seen)
        clear_list(c, s);
    *seen = true;
    return set_value(c, s, "command line", value);
}

static bool read_flags(struct config *c, enum config_command command, int argc, char **argv)
{
    bool seen[SETTINGS] = { false };
    for (int i = 0; i < argc; i++) {
        char name[64];
        const char *value;
        if (!flag_name(argv[i], name, &value)) {
            fprintf(stderr, "hugs3: what is `%s`? Settings are given as --name value\n", argv[i]);
            return false;
        }
        if (strcmp(name, "check_config") == 0) {
            c->check_only = true;
            continue;
        }
        const struct setting *s = find(name, command);
        bool is_file = strcmp(name, "config") == 0;
        if (!s && !is_file) {
            fprintf(stderr, "hugs3: there is no setting `%s`; --help lists them\n", argv[i]);
            return false;
        }
        if (!value && ++i < argc)
            value = argv[i];
        if (!value) {
            fprintf(stderr, "hugs3: --%s needs a value\n", name);
            return false;
        }
        if (!is_file && !read_flag(c, s, value, &seen[s - settings]))
            return false;
    }
    return true;
}

static const char *file_flag(int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "--config=", 9) == 0)
            return argv[i] + 9;
        if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
            return argv[i + 1];
    }
    return getenv("HUGS3_CONFIG");
}

/* ---- all together ---- */

static void set_defaults(struct config *c, enum config_command command)
{
    for (size_t i = 0; i < SETTINGS; i++)
        if (settings[i].def && (settings[i].commands & (int)command) &&
            !set_value(c, &settings[i], "default", settings[i].def))
            abort(); /* the table itself is wrong */
}

/* A value itself beats the file that holds one, and that a credential of systemd's. */
static bool read_secret(const char *credential, const char *file, char **value)
{
    if (*value)
        return true;
    return file ? secret_file_read(file, value) : secret_file_credential(credential, value);
}

static bool read_secrets(struct config *c, enum config_command command)
{
    return command != COMMAND_SERVE ||
           (read_secret("hf_token", c->hf_token_file, &c->hf_token) &&
            read_secret("secret_access_key", c->secret_access_key_file, &c->secret_access_key) &&
            config_keys_complete(c));
}

bool config_load(enum config_command command, int argc, char **argv, struct config *out)
{
    struct config c = { 0 };
    const char *file = file_flag(argc, argv);
    set_defaults(&c, command);
    bool ok = (!file || read_file(&c, command, file)) && read_environment(&c, command) &&
              read_flags(&c, command, argc, argv) && read_secrets(&c, command);
    if (ok && c.listen.n == 0)
        c.listen.item[c.listen.n++] = mem_strdup(command == COMMAND_HUB ? "127.0.0.1:9002" : "127.0.0.1:9000");
    if (!ok) {
        config_done(&c);
        return false;
    }
    *out = c;
    return true;
}

void config_done(struct config *c)
{
    config_keys_done(c);
    for (size_t i = 0; i < SETTINGS; i++) {
        const struct setting *s = &settings[i];
        char **text = (char **)((char *)c + s->offset);
        if (s->kind == LIST)
            clear_list(c, s);
        if (s->kind != TEXT || !*text)
            continue;
        if (s->secret)
            OPENSSL_cleanse(*text, strlen(*text));
        free(*text);
        *text = NULL;
    }
}

void config_help(enum config_command command)
{
    printf("  --config FILE            settings as `name = value` lines; also HUGS3_CONFIG\n"
           "  --check-config           try the settings and end\n");
    for (size_t i = 0; i < SETTINGS; i++) {
        const struct setting *s = &settings[i];
        if (!(s->commands & (int)command))
            continue;
        char flag[64];
        snprintf(flag, sizeof flag, "%s%s", s->secret ? "" : "--", s->name);
        for (char *p = flag; *p && !s->secret; p++)
            *p = *p == '_' ? '-' : *p;
        printf("  %-24s %s%s%s%s%s%s\n", flag, s->help, s->env ? "; also " : "", s->env ? s->env : "",
               s->def ? " [" : "", s->def ? s->def : "", s->def ? "]" : "");
    }
    printf("Each is also the variable HUGS3_NAME and the key name of the file. Secrets are never flags.\n");
}
