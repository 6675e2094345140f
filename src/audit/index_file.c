/*
 * The file of an index: one table in SQLite, rows by what they are and of which block. It is opened as one that an
 * enemy made, since it may be: no link, no schema but ours, nothing in it that acts, bounded. It is written without a
 * journal and without waiting for the disk: what a crash leaves is noticed and made anew.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/index.h"
#include "base/fd.h"
#include "base/text.h"

#define TABLE "CREATE TABLE part(place INTEGER PRIMARY KEY, bytes BLOB)"

enum { APPLICATION = 0x7265657a, FORMAT = 3, HEADER = 100, BUSY_MS = 100 };

enum statement { READ_ROW, WRITE_ROW, COUNT_ROWS, STATEMENTS };

struct index_file {
	sqlite3 *db;
	sqlite3_stmt *made[STATEMENTS];
	char name[PATH_MAX];
};

/* ERR_INPUT: what it holds is no good. Otherwise it cannot be had now. */
static int bad(const struct index_file *f, struct err *e)
{
	int code = sqlite3_errcode(f->db) & 0xff;
	bool wrong = code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_ERROR || code == SQLITE_TOOBIG || code == SQLITE_SCHEMA;

	return err_set(e, wrong ? ERR_INPUT : ERR_SYSTEM, "%.150s: %.80s", f->name, sqlite3_errmsg(f->db));
}

static int run(struct index_file *f, const char *sql, struct err *e)
{
	return sqlite3_exec(f->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : bad(f, e);
}

/* What one question gives: a number, or a text that must be this one. */
static int ask(int64_t *number, bool *same, struct index_file *f, const char *sql, const char *text, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int got = sqlite3_prepare_v2(f->db, sql, -1, &s, NULL);

	if (got == SQLITE_OK)
		got = sqlite3_step(s);
	if (got == SQLITE_ROW) {
		*number = sqlite3_column_int64(s, 0);
		*same = text && sqlite3_column_text(s, 1) && strcmp((const char *)sqlite3_column_text(s, 1), text) == 0;
	}
	sqlite3_finalize(s);
	return got == SQLITE_ROW ? 0 : bad(f, e);
}

/* The order of fields is part of the form: their numbers name rows. */
static uint32_t form(void)
{
	uint32_t h = FORMAT;
	int i;

	for (i = 0; i < FIELDS; i++)
		h = h * 31 + index_hash(field_info((enum field)i)->name, strlen(field_info((enum field)i)->name));
	return h & INT32_MAX;
}

/* An empty file, or one with our number in SQLite's header; of this user. Anything else is somebody's, and left alone. */
static int look_at(const char *name, int fd, struct err *e)
{
	uint8_t head[HEADER];
	struct stat st;
	ssize_t got;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "%s", name);
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022))
		return err_set(e, ERR_INPUT, "%.180s: not a file that only you can write", name);
	got = pread(fd, head, sizeof(head), 0);
	if (got < 0)
		return err_sys(e, "%s", name);
	if (got == 0 || (got == HEADER && memcmp(head, "SQLite format 3", 16) == 0 && head[68] == (APPLICATION >> 24 & 255) &&
			 head[69] == (APPLICATION >> 16 & 255) && head[70] == (APPLICATION >> 8 & 255) && head[71] == (APPLICATION & 255)))
		return 0;
	return err_set(e, ERR_INPUT, "it is no index of reeve, and is left alone: %.180s", name);
}

/* Files beside it that SQLite would believe: ours never have any. */
static int look_beside(const char *name, struct err *e)
{
	static const char *const ends[] = { "-journal", "-wal", "-shm" };
	char beside[PATH_MAX];
	struct stat st;
	size_t i;

	for (i = 0; i < count_of(ends); i++)
		if (snprintf(beside, sizeof(beside), "%s%s", name, ends[i]) >= (int)sizeof(beside) || lstat(beside, &st) == 0)
			return err_set(e, ERR_INPUT, "%.180s: there is a %s beside it, which reeve never makes", name, ends[i]);
	return 0;
}

static int open_name(bool *readonly, bool *there, bool create, const char *name, struct err *e)
{
	int how = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	scoped(fd) int fd = open(name, O_RDWR | (create ? O_CREAT : 0) | how, 0600);

	*there = fd >= 0 || create || errno != ENOENT;
	if (!*there)
		return 0;

	*readonly = fd < 0 && (errno == EACCES || errno == EROFS || errno == EPERM);
	if (*readonly)
		fd = open(name, O_RDONLY | how);
	if (fd < 0)
		return err_sys(e, "%.180s", name);
	return look_at(name, fd, e) < 0 || look_beside(name, e) < 0 ? -1 : 0;
}

/* Nothing that stands in the file acts, is long, or reaches elsewhere. */
static void confine(sqlite3 *db)
{
	static const int off[] = { SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW, SQLITE_DBCONFIG_TRUSTED_SCHEMA,
				   SQLITE_DBCONFIG_ENABLE_FKEY,	   SQLITE_DBCONFIG_DQS_DML,	SQLITE_DBCONFIG_DQS_DDL,
				   SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, SQLITE_DBCONFIG_WRITABLE_SCHEMA };
	static const int limits[][2] = { { SQLITE_LIMIT_LENGTH, INDEX_ROW_MOST }, { SQLITE_LIMIT_SQL_LENGTH, 1000 },
					 { SQLITE_LIMIT_COLUMN, 8 },		  { SQLITE_LIMIT_EXPR_DEPTH, 8 },
					 { SQLITE_LIMIT_ATTACHED, 1 },		  { SQLITE_LIMIT_TRIGGER_DEPTH, 1 },
					 { SQLITE_LIMIT_VARIABLE_NUMBER, 8 },	  { SQLITE_LIMIT_WORKER_THREADS, 0 } };
	size_t i;

	for (i = 0; i < count_of(off); i++)
		sqlite3_db_config(db, off[i], 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	for (i = 0; i < count_of(limits); i++)
		sqlite3_limit(db, limits[i][0], limits[i][1]);
	sqlite3_busy_timeout(db, BUSY_MS);
}

static int prepare(struct index_file *f, struct err *e)
{
	static const char *const sql[STATEMENTS] = {
		[READ_ROW] = "SELECT bytes FROM part WHERE place = ?",
		[WRITE_ROW] = "INSERT OR REPLACE INTO part VALUES (?, ?)",
		[COUNT_ROWS] = "SELECT count(*) FROM part",
	};
	size_t i;

	for (i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(f->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &f->made[i], NULL) != SQLITE_OK)
			return bad(f, e);
	return run(f, "BEGIN", e); /* one lock for all that is read */
}

static void unprepare(struct index_file *f)
{
	size_t i;

	for (i = 0; i < STATEMENTS; i++) {
		sqlite3_finalize(f->made[i]);
		f->made[i] = NULL;
	}
}

/* Is the schema one table, ours, of our form? */
static int is_ours(bool *ours, struct index_file *f, struct err *e)
{
	int64_t count = 0, version = 0;
	bool same = false, ignored;

	if (ask(&count, &same, f, "SELECT count(*), max(sql) FROM sqlite_schema", TABLE, e) < 0 ||
	    ask(&version, &ignored, f, "PRAGMA user_version", NULL, e) < 0)
		return -1;
	*ours = count == 1 && same && version == (int64_t)form();
	return 0;
}

static int make(struct index_file *f, struct err *e)
{
	char sql[256];

	snprintf(sql, sizeof(sql), "BEGIN IMMEDIATE; PRAGMA application_id = %d; PRAGMA user_version = %u; " TABLE "; COMMIT",
		 APPLICATION, form());
	return run(f, sql, e);
}

/* Whatever was going on; no harm where nothing was. */
static void stop(struct index_file *f)
{
	size_t i;

	for (i = 0; i < STATEMENTS; i++)
		sqlite3_reset(f->made[i]);
	sqlite3_exec(f->db, "ROLLBACK", NULL, NULL, NULL);
}

void index_file_rollback(struct index_file *f)
{
	stop(f);
	sqlite3_exec(f->db, "BEGIN", NULL, NULL, NULL);
}

int index_file_empty(struct index_file *f, struct err *e)
{
	int status;

	stop(f);
	unprepare(f);
	sqlite3_db_config(f->db, SQLITE_DBCONFIG_RESET_DATABASE, 1, NULL);
	status = run(f, "VACUUM", e);
	sqlite3_db_config(f->db, SQLITE_DBCONFIG_RESET_DATABASE, 0, NULL);
	return status < 0 || make(f, e) < 0 ? -1 : prepare(f, e);
}

static int begin(struct index_file *f, bool readonly, struct err *e)
{
	struct err ignored = { .kind = ERR_NONE };
	bool ours = false;

	if (sqlite3_open_v2(f->name, &f->db, (readonly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOFOLLOW |
			    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL) != SQLITE_OK)
		return f->db ? bad(f, e) : err_sys(e, "memory for the index");
	confine(f->db);
	if (run(f, "PRAGMA page_size = 16384; PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA cell_size_check = ON; "
		   "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -4096", &ignored) < 0 || is_ours(&ours, f, &ignored) < 0)
		ours = false;
	if (ours)
		return prepare(f, e);
	if (readonly)
		return err_set(e, ERR_INPUT, "%.180s: does not hold, and cannot be written", f->name);
	return index_file_empty(f, e);
}

/* Never among what belongs to the ledger: an auditor writes nothing there. */
static int is_elsewhere(const char *folder, const char *ledger, struct err *e)
{
	char place[PATH_MAX];
	struct stat here, there;
	char *slash;

	if (stat(ledger, &there) < 0 || !realpath(ledger, place))
		return err_sys(e, "%s", ledger);
	slash = strrchr(place, '/');
	if (!S_ISDIR(there.st_mode) && slash) {
		slash[slash == place] = '\0';
		if (stat(place, &there) < 0)
			return err_sys(e, "%s", place);
	}
	if (stat(folder, &here) < 0)
		return err_sys(e, "%.180s", folder);
	if (here.st_dev == there.st_dev && here.st_ino == there.st_ino)
		return err_set(e, ERR_INPUT, "an index does not belong into the ledger's folder");
	return 0;
}

/* By what the ledger is, and where it lies: a copy that stayed behind has another. */
static int name_default(char out[PATH_MAX], const char *folder, const char *ledger, const uint8_t first[SEAL_HASH], struct err *e)
{
	char path[PATH_MAX], hex[2 * SEAL_HASH + 1];
	uint8_t sum[SEAL_HASH];

	if (!realpath(ledger, path))
		return err_sys(e, "%s", ledger);
	sum_prefixed(sum, 0, first, SEAL_HASH, path, strlen(path));
	text_hex(hex, sum, sizeof(sum));
	if (snprintf(out, PATH_MAX, "%s/%.32s.index", folder, hex) >= PATH_MAX)
		return err_set(e, ERR_LIMIT, "too long a name of a cache folder");
	return 0;
}

/* The folder without links, for SQLite follows none. */
static int name_given(char out[PATH_MAX], const char *name, const char *ledger, struct err *e)
{
	const char *slash = strrchr(name, '/');
	char folder[PATH_MAX], real[PATH_MAX];

	if (snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - name + 1) : 1, slash ? name : ".") >= PATH_MAX ||
	    !realpath(folder, real))
		return err_sys(e, "--index %s", name);
	if (is_elsewhere(real, ledger, e) < 0)
		return -1;
	if (snprintf(out, PATH_MAX, "%s/%s", real, slash ? slash + 1 : name) >= PATH_MAX)
		return err_set(e, ERR_LIMIT, "--index: too long a name");
	return 0;
}

int index_file_open(struct index_file **out, const char *name, bool create, const char *ledger, const uint8_t first[SEAL_HASH],
		    struct err *e)
{
	scoped(index_file) struct index_file *f = calloc(1, sizeof(*f));
	char folder[4096], real[PATH_MAX];
	bool readonly, there = false;

	*out = NULL;
	if (!f)
		return err_sys(e, "memory for the index");
	if (!name && index_folder(folder, false, e) < 0)
		return -1;
	if (!name && !realpath(folder, real))
		return err_sys(e, "%.180s", folder);
	if ((name ? name_given(f->name, name, ledger, e) : name_default(f->name, real, ledger, first, e)) < 0 ||
	    open_name(&readonly, &there, create, f->name, e) < 0)
		return -1;
	if (!there)
		return 0;
	if (begin(f, readonly, e) < 0)
		return -1;
	*out = take(&f);
	return 0;
}

void index_file_free(struct index_file *f)
{
	if (!f)
		return;
	unprepare(f);
	sqlite3_close(f->db);
	free(f);
}

const char *index_file_name(const struct index_file *f)
{
	return f->name;
}

/* All blocks' rows of one kind lie together: a question reads few kinds, of every block. */
static sqlite3_int64 place_of(unsigned row, uint64_t block)
{
	return (sqlite3_int64)((uint64_t)row << 40 | block);
}

int index_file_read(const uint8_t **bytes, size_t *size, struct index_file *f, unsigned row, uint64_t block, struct err *e)
{
	sqlite3_stmt *s = f->made[READ_ROW];
	int got;

	sqlite3_reset(s);
	sqlite3_bind_int64(s, 1, place_of(row, block));
	got = sqlite3_step(s);
	if (got != SQLITE_ROW && got != SQLITE_DONE)
		return bad(f, e);
	*bytes = got == SQLITE_ROW ? sqlite3_column_blob(s, 0) : NULL;
	*size = *bytes ? (size_t)sqlite3_column_bytes(s, 0) : 0;
	return 0;
}

int index_file_begin(struct index_file *f, struct err *e)
{
	stop(f);
	return run(f, "BEGIN IMMEDIATE", e);
}

int index_file_write(struct index_file *f, unsigned row, uint64_t block, const void *bytes, size_t size, struct err *e)
{
	sqlite3_stmt *s = f->made[WRITE_ROW];
	int got;

	sqlite3_bind_int64(s, 1, place_of(row, block));
	sqlite3_bind_blob64(s, 2, bytes, size, SQLITE_STATIC);
	got = sqlite3_step(s);
	sqlite3_reset(s);
	return got == SQLITE_DONE ? 0 : bad(f, e);
}

int index_file_commit(struct index_file *f, struct err *e)
{
	sqlite3_reset(f->made[READ_ROW]);
	return run(f, "COMMIT", e) < 0 ? -1 : run(f, "BEGIN", e);
}

int index_file_rows(uint64_t *count, struct index_file *f, struct err *e)
{
	sqlite3_stmt *s = f->made[COUNT_ROWS];
	int got = sqlite3_step(s);

	*count = got == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(s, 0) : 0;
	sqlite3_reset(s);
	return got == SQLITE_ROW ? 0 : bad(f, e);
}
