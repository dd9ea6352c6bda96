/* SPDX-License-Identifier: Apache-2.0 */
/* db_sql.h: the schema and every statement, by name. A connection prepares a statement when it is first used.
 *
 * Keys of files are BLOBs, so that SQLite orders them by their bytes. In `entry` a bucket's files lie side by side in
 * that order: a page of a listing is one range of the B-tree. Bucket ids are never used again, so that what a deleted
 * bucket leaves behind (swept later) cannot turn up in a new one.
 *
 *   file.terms    52 bytes a term, see contents.h
 *   xorb.chunks   40 bytes a chunk, see contents.h
 *   content       the bytes of small xorbs; those of large ones are files */
#ifndef HUGS3_LOCALHUB_DB_SQL_H
#define HUGS3_LOCALHUB_DB_SQL_H

#define DB_SCHEMA_VERSION 1
#define DB_SCHEMA                                                                                                      \
    "CREATE TABLE bucket (id INTEGER PRIMARY KEY AUTOINCREMENT, ns TEXT NOT NULL, name TEXT NOT NULL,"                 \
    " private INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,"                                   \
    " size INTEGER NOT NULL DEFAULT 0, files INTEGER NOT NULL DEFAULT 0, UNIQUE (ns, name));"                          \
    "CREATE TABLE entry (bucket INTEGER NOT NULL, path BLOB NOT NULL, hash BLOB NOT NULL, size INTEGER NOT NULL,"      \
    " mtime INTEGER NOT NULL, uploaded INTEGER NOT NULL, content_type TEXT, PRIMARY KEY (bucket, path))"               \
    " WITHOUT ROWID;"                                                                                                  \
    "CREATE TABLE file (hash BLOB PRIMARY KEY NOT NULL, size INTEGER NOT NULL, terms BLOB NOT NULL) WITHOUT ROWID;"    \
    "CREATE TABLE xorb (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, size INTEGER NOT NULL,"                     \
    " packed INTEGER NOT NULL, in_file INTEGER NOT NULL, chunks BLOB NOT NULL);"                                       \
    "CREATE TABLE content (xorb INTEGER PRIMARY KEY, data BLOB NOT NULL);"                                             \
    "CREATE TABLE chunk (hash BLOB PRIMARY KEY NOT NULL, xorb INTEGER NOT NULL) WITHOUT ROWID;"                        \
    "CREATE TABLE doomed (bucket INTEGER PRIMARY KEY);"                                                                \
    "PRAGMA user_version = 1;"

/* Repositories, only read: a revision is a branch, a tag or a commit's own name. Made whenever they are missing, so
 * that databases from before there were any go on. */
#define DB_SCHEMA_REPOS                                                                                                \
    "CREATE TABLE IF NOT EXISTS repo (id INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT NOT NULL, ns TEXT NOT NULL,"     \
    " name TEXT NOT NULL, created INTEGER NOT NULL, UNIQUE (type, ns, name));"                                         \
    "CREATE TABLE IF NOT EXISTS repo_commit (id INTEGER PRIMARY KEY, sha TEXT NOT NULL, made INTEGER NOT NULL);"       \
    "CREATE TABLE IF NOT EXISTS revision (repo INTEGER NOT NULL, name TEXT NOT NULL, made_of INTEGER NOT NULL,"        \
    " PRIMARY KEY (repo, name)) WITHOUT ROWID;"                                                                        \
    "CREATE TABLE IF NOT EXISTS repo_file (made_of INTEGER NOT NULL, path BLOB NOT NULL, oid TEXT NOT NULL,"           \
    " size INTEGER NOT NULL, hash BLOB, sha256 TEXT, PRIMARY KEY (made_of, path)) WITHOUT ROWID;"                      \
    "CREATE TABLE IF NOT EXISTS blob (oid TEXT PRIMARY KEY NOT NULL, data BLOB NOT NULL);"

#define REPO_FILE_COLUMNS "path, oid, size, hash, sha256"
#define BUCKET_COLUMNS    "id, ns, name, private, created, updated, size, files"
#define ENTRY_COLUMNS     "path, hash, size, mtime, uploaded, content_type"

#define DB_SQL(X)                                                                                                      \
    X(SQL_BEGIN, "BEGIN IMMEDIATE")                                                                                    \
    X(SQL_COMMIT, "COMMIT")                                                                                            \
    X(SQL_ROLLBACK, "ROLLBACK")                                                                                        \
    /* buckets */                                                                                                      \
    X(SQL_BUCKET_FIND, "SELECT " BUCKET_COLUMNS " FROM bucket WHERE ns = ?1 AND name = ?2")                            \
    X(SQL_BUCKET_IS, "SELECT id FROM bucket WHERE id = ?1")                                                            \
    X(SQL_BUCKET_LIST, "SELECT " BUCKET_COLUMNS " FROM bucket WHERE ns = ?1 AND name > ?2 AND (private = 0 OR ?3)"     \
                       " AND (?4 = '' OR instr(lower(name), lower(?4))) ORDER BY name LIMIT ?5")                       \
    X(SQL_BUCKET_ADD, "INSERT INTO bucket (ns, name, private, created, updated) VALUES (?1, ?2, ?3, ?4, ?4)"           \
                      " ON CONFLICT DO NOTHING")                                                                       \
    X(SQL_BUCKET_DELETE, "DELETE FROM bucket WHERE id = ?1")                                                           \
    X(SQL_BUCKET_PRIVATE, "UPDATE bucket SET private = ?2, updated = max(?3, updated + 1) WHERE id = ?1")              \
    X(SQL_BUCKET_MOVE, "UPDATE OR IGNORE bucket SET ns = ?2, name = ?3, updated = max(?4, updated + 1) WHERE id = ?1") \
    X(SQL_BUCKET_TOUCH, "UPDATE bucket SET size = size + ?2, files = files + ?3, updated = max(?4, updated + 1)"       \
                        " WHERE id = ?1")                                                                              \
    X(SQL_DOOM, "INSERT OR IGNORE INTO doomed VALUES (?1)")                                                            \
    X(SQL_DOOM_NEXT, "SELECT bucket FROM doomed LIMIT 1")                                                              \
    X(SQL_DOOM_SWEEP, "DELETE FROM entry WHERE bucket = ?1 AND path IN"                                                \
                      " (SELECT path FROM entry WHERE bucket = ?1 LIMIT ?2)")                                          \
    X(SQL_DOOM_DONE, "DELETE FROM doomed WHERE bucket = ?1")                                                           \
    /* files in a bucket */                                                                                            \
    X(SQL_ENTRY_FIND, "SELECT " ENTRY_COLUMNS " FROM entry WHERE bucket = ?1 AND path = ?2")                           \
    X(SQL_ENTRY_SIZE, "SELECT size FROM entry WHERE bucket = ?1 AND path = ?2")                                        \
    X(SQL_ENTRY_RANGE, "SELECT " ENTRY_COLUMNS " FROM entry WHERE bucket = ?1 AND path >= ?2 AND path < ?3"            \
                       " ORDER BY path")                                                                               \
    X(SQL_ENTRY_PUT, "INSERT OR REPLACE INTO entry (bucket, " ENTRY_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")   \
    X(SQL_ENTRY_DELETE, "DELETE FROM entry WHERE bucket = ?1 AND path = ?2")                                           \
    /* repositories */                                                                                                 \
    X(SQL_REPO_FIND, "SELECT id, created FROM repo WHERE type = ?1 AND ns = ?2 AND name = ?3")                         \
    X(SQL_REPO_ADD, "INSERT OR IGNORE INTO repo (type, ns, name, created) VALUES (?1, ?2, ?3, ?4)")                    \
    X(SQL_COMMIT_ADD, "INSERT INTO repo_commit (sha, made) VALUES (?1, ?2)")                                           \
    X(SQL_REVISION_FIND, "SELECT c.id, c.sha, c.made FROM revision v JOIN repo_commit c ON c.id = v.made_of"           \
                         " WHERE v.repo = ?1 AND v.name = ?2")                                                         \
    X(SQL_REVISION_PUT, "INSERT OR REPLACE INTO revision VALUES (?1, ?2, ?3)")                                         \
    X(SQL_REPO_FILE_FIND, "SELECT " REPO_FILE_COLUMNS " FROM repo_file WHERE made_of = ?1 AND path = ?2")              \
    X(SQL_REPO_FILES, "SELECT " REPO_FILE_COLUMNS " FROM repo_file WHERE made_of = ?1 AND path > ?2 AND path < ?3"     \
                      " ORDER BY path")                                                                                \
    X(SQL_REPO_FILE_ADD, "INSERT INTO repo_file (made_of, " REPO_FILE_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6)")     \
    X(SQL_BLOB_ADD, "INSERT OR IGNORE INTO blob VALUES (?1, ?2)")                                                      \
    X(SQL_BLOB_READ, "SELECT data FROM blob WHERE oid = ?1")                                                           \
    /* content */                                                                                                      \
    X(SQL_FILE_SIZE, "SELECT size FROM file WHERE hash = ?1")                                                          \
    X(SQL_FILE_FIND, "SELECT size, terms FROM file WHERE hash = ?1")                                                   \
    X(SQL_FILE_ADD, "INSERT OR IGNORE INTO file VALUES (?1, ?2, ?3)")                                                  \
    X(SQL_XORB_FIND, "SELECT id, hash, size, packed, in_file, chunks FROM xorb WHERE hash = ?1")                       \
    X(SQL_XORB_PLACE, "SELECT id, packed, in_file FROM xorb WHERE hash = ?1")                                          \
    X(SQL_XORB_ADD, "INSERT INTO xorb (hash, size, packed, in_file, chunks) VALUES (?1, ?2, ?3, ?4, ?5)"               \
                    " ON CONFLICT DO NOTHING")                                                                         \
    X(SQL_CONTENT_ADD, "INSERT INTO content VALUES (?1, ?2)")                                                          \
    X(SQL_CONTENT_READ, "SELECT substr(data, ?2 + 1, ?3) FROM content WHERE xorb = ?1")                                \
    X(SQL_CHUNK_ADD, "INSERT OR IGNORE INTO chunk VALUES (?1, ?2)")                                                    \
    X(SQL_CHUNK_XORB, "SELECT x.id, x.hash, x.size, x.packed, x.in_file, x.chunks FROM chunk c"                        \
                      " JOIN xorb x ON x.id = c.xorb WHERE c.hash = ?1")

enum db_sql {
#define X(name, text) name,
    DB_SQL(X)
#undef X
        SQL_COUNT
};

#endif
