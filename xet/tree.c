/* SPDX-License-Identifier: Apache-2.0 */
/* tree.c: the hash tree over chunks ("Merkle tree" of the Xet specification), fed leaf by leaf.
 *
 *   level 2   .  open group                      a group that closes becomes one node of the level above
 *   level 1   [...][....].
 *   level 0   [...][.........][....][...]..      leaves arrive here
 *
 * A group closes with its third or later node when that node's last word is divisible by 4, and with its ninth in any
 * case. That says nothing of the nodes to come, so each level keeps its open group only. What is open at the end of
 * the list (one to eight nodes) is the last group: the rule's "with at most two nodes left, the group is all of them"
 * is the same thing. The level with a single node in all is the root. */
#include <assert.h>

#include <blake3.h>

#include "xet/format.h"
#include "xet/wire.h"

enum { GROUP_MIN = 3, GROUP_MAX = 9 };
enum { LINE_MAX = 64 + 3 + 20 + 1 }; /* "{hash} : {size}\n" */

static const uint8_t node_key[32] = { 1,  126, 197, 199, 165, 71,  41,  150, 253, 148, 102, 102, 180, 138, 2,   230,
                                      93, 221, 83,  111, 55,  199, 109, 210, 248, 99,  82,  230, 74,  83,  113, 63 };

/* Not snprintf: a large file has a node for every few chunks of it, and this is most of the work beside the hash. */
static char *put_line(char *p, const struct xet_tree_node *node)
{
    char number[20];
    size_t n = sizeof number;
    uint64_t size = node->size;

    xet_hash_text(&node->hash, p);
    p += XET_HASH_TEXT - 1;
    memcpy(p, " : ", 3);
    p += 3;
    do
        number[--n] = (char)('0' + size % 10);
    while (size /= 10);
    memcpy(p, number + n, sizeof number - n);
    p += sizeof number - n;
    *p++ = '\n';
    return p;
}

static struct xet_tree_node group_node(const struct xet_tree_node *group, size_t n)
{
    char text[GROUP_MAX * LINE_MAX], *end = text;
    struct xet_tree_node node = { .size = 0 };
    blake3_hasher hasher;

    for (size_t i = 0; i < n; i++) {
        end = put_line(end, &group[i]);
        node.size += group[i].size;
    }
    blake3_hasher_init_keyed(&hasher, node_key);
    blake3_hasher_update(&hasher, text, (size_t)(end - text));
    blake3_hasher_finalize(&hasher, node.hash.b, sizeof node.hash.b);
    return node;
}

static bool closes(const struct xet_tree_node *last, size_t n)
{
    return n == GROUP_MAX || (n >= GROUP_MIN && wire_get64(last->hash.b + 24) % 4 == 0);
}

void xet_tree_init(struct xet_tree *t)
{
    t->levels = 0; /* a level is set up when its first node comes */
    t->size = 0;
}

void xet_tree_add(struct xet_tree *t, const struct xet_hash *hash, uint64_t size)
{
    struct xet_tree_node node = { *hash, size };

    t->size += size;
    for (unsigned l = 0;; l++) {
        assert(l < XET_TREE_LEVELS); /* 3^32 leaves */
        if (l == t->levels) {
            t->level[l].n = 0;
            t->level[l].seen = 0;
            t->levels++;
        }
        t->level[l].open[t->level[l].n++] = node;
        t->level[l].seen++;
        if (!closes(&node, t->level[l].n))
            return;
        node = group_node(t->level[l].open, t->level[l].n);
        t->level[l].n = 0;
    }
}

void xet_tree_root(const struct xet_tree *t, struct xet_hash *out)
{
    struct xet_tree_node group[GROUP_MAX]; /* the last of a level: what is open, and what the level below closed with */
    struct xet_tree_node up = { .hash = xet_hash_zero };
    bool has_up = false;

    for (unsigned l = 0; l < t->levels; l++) {
        size_t n = t->level[l].n;
        memcpy(group, t->level[l].open, n * sizeof *group);
        if (has_up)
            group[n++] = up;
        else if (t->level[l].seen == 1) {
            *out = group[0].hash; /* a list of one is its own root */
            return;
        }
        has_up = n > 0;
        if (has_up)
            up = group_node(group, n);
    }
    *out = up.hash; /* alone above the highest level, or zero: no leaves */
}
