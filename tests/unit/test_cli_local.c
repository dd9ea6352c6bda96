/* SPDX-License-Identifier: Apache-2.0 */
/* test_cli_local.c: whatever a bucket's names are, nothing outside the folder is touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/local.h"

/* A folder with `root/` and, beside it, `outside/kept`. */
static int enter_fixture(void **state)
{
    char *dir = mem_strdup("/tmp/test_cli_local.XXXXXX");
    int fd;
    if (!mkdtemp(dir) || chdir(dir) != 0 || mkdir("root", 0777) != 0 || mkdir("outside", 0777) != 0 ||
        (fd = open("outside/kept", O_CREAT | O_WRONLY, 0666)) < 0)
        return -1;
    close(fd);
    *state = dir;
    return 0;
}

static int leave_fixture(void **state)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r -- %s", (char *)*state);
    int failed = chdir("/") != 0 || system(command) != 0;
    free(*state);
    return failed ? -1 : 0;
}

static int root(void)
{
    int fd;
    assert_int_equal(local_root("root", LOCAL_THERE, &fd), OK);
    return fd;
}

static const struct {
    const char *name, *path;
} bad[] = {
    { "empty", "" },
    { "up", "../f" },
    { "up from within", "a/../../f" },
    { "absolute", "/f" },
    { "itself", "." },
    { "two slashes", "a//f" },
    { "a slash at the end", "a/" },
    { "a backslash", "a\\f" },
    { "up at the end", "a/.." },
};

static void names_that_lead_out_are_refused_everywhere(void **state)
{
    struct local_file f;
    struct stat st;
    int fd, at = root();
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct slice path = slice_str(bad[i].path);
        if (local_create(at, path, &f) != ERR_BAD_REQUEST || local_remove(at, path) != ERR_BAD_REQUEST ||
            local_open(at, path, LOCAL_NOFOLLOW, &fd, &st) != ERR_BAD_REQUEST)
            fail_msg("%s", bad[i].name);
    }
    assert_int_equal(local_create(at, slice_of("a\0b", 3), &f), ERR_BAD_REQUEST);
    close(at);
}

static void a_link_to_a_directory_is_no_way_out(void **state)
{
    struct local_file f;
    struct stat st;
    int fd, at = root();
    (void)state;
    assert_int_equal(symlink("../outside", "root/link"), 0);
    assert_int_equal(local_create(at, SLICE("link/new"), &f), ERR_STORE);
    assert_int_equal(local_remove(at, SLICE("link/kept")), ERR_STORE);
    assert_int_equal(local_open(at, SLICE("link/kept"), LOCAL_FOLLOW, &fd, &st), ERR_STORE);
    assert_int_equal(access("outside/kept", F_OK), 0);
    assert_int_equal(access("outside/new", F_OK), -1);
    close(at);
}

static void a_link_in_a_files_place_is_replaced_and_its_target_left_alone(void **state)
{
    struct local_file f;
    struct stat st;
    int at = root();
    (void)state;
    assert_int_equal(symlink("../outside/kept", "root/file"), 0);
    assert_int_equal(local_create(at, SLICE("file"), &f), OK);
    assert_int_equal(write(f.fd, "new", 3), 3);
    assert_int_equal(local_commit(&f, 1500), OK);
    assert_int_equal(lstat("root/file", &st), 0);
    assert_true(S_ISREG(st.st_mode) && st.st_size == 3 && st.st_mtim.tv_sec == 1);
    assert_int_equal(stat("outside/kept", &st), 0);
    assert_int_equal(st.st_size, 0);
    close(at);
}

static void a_pipe_is_neither_replaced_nor_waited_for(void **state)
{
    struct local_file f;
    struct stat st;
    int fd, at = root();
    (void)state;
    assert_int_equal(mkfifo("root/pipe", 0666), 0);
    assert_int_equal(local_create(at, SLICE("pipe"), &f), ERR_STORE);
    assert_int_equal(local_open(at, SLICE("pipe"), LOCAL_FOLLOW, &fd, &st), ERR_STORE);
    close(at);
}

struct seen {
    unsigned files, skipped;
};

static enum err count_file(void *ctx, struct slice path, uint64_t size)
{
    (void)size;
    ((struct seen *)ctx)->files++;
    assert_true(slice_is(path, "deep/er/file"));
    return OK;
}

static void count_skipped(void *ctx, struct slice path, const char *why)
{
    (void)path;
    (void)why;
    ((struct seen *)ctx)->skipped++;
}

static void an_abandoned_file_leaves_nothing_and_a_walk_finds_the_others(void **state)
{
    struct local_file f;
    struct seen seen = { 0 };
    int at = root();
    (void)state;
    assert_int_equal(local_create(at, SLICE("gone"), &f), OK);
    local_abandon(&f);
    assert_int_equal(local_create(at, SLICE("deep/er/file"), &f), OK);
    assert_int_equal(local_commit(&f, 0), OK);
    assert_int_equal(symlink("../../root", "root/deep/loop"), 0);
    assert_int_equal(local_walk(at, &(struct local_walk){ LOCAL_FOLLOW, count_file, count_skipped, &seen }), OK);
    assert_int_equal(seen.files, 1);
    assert_int_equal(seen.skipped, 1);
    close(at);
}

#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, enter_fixture, leave_fixture)
int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(names_that_lead_out_are_refused_everywhere),
        IN_FIXTURE(a_link_to_a_directory_is_no_way_out),
        IN_FIXTURE(a_link_in_a_files_place_is_replaced_and_its_target_left_alone),
        IN_FIXTURE(a_pipe_is_neither_replaced_nor_waited_for),
        IN_FIXTURE(an_abandoned_file_leaves_nothing_and_a_walk_finds_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
