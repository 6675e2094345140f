/*
 * tests/fuzz/fuzz_audit_verify.c - a ledger by somebody who has its key: whatever the records, signed as they stand,
 * verify ends in a verdict of its table, counts no more than there are, and what it calls whole is canonical.
 * Lines are records; an empty one is a checkpoint, and the last is followed by one.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit/audit.h"
#include "base/fd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 1 << 20, LINES_MOST = 256 };

static void hold(bool property)
{
	if (!property)
		__builtin_trap();
}

static struct seal_key *key_of(void)
{
	static struct seal_key *key;
	struct err e = { .kind = ERR_NONE };
	char path[64];

	if (key)
		return key;
	snprintf(path, sizeof(path), "/tmp/reeve-fuzz-%ld.key", (long)getpid());
	hold(seal_ready(&e) == 0 && seal_key_make(path, "reeve.local/t/0123456789abcdef", &e) == 0 &&
	     seal_key_load(&key, path, &e) == 0 && unlink(path) == 0);
	return key;
}

static void put_commit(struct buf *out, const struct tree *t)
{
	scoped(buf) struct buf note = BUF(SEAL_NOTE_MOST);
	struct frame f = { .kind = FRAME_COMMIT, .index = t->size };

	hold(checkpoint_sign(&note, key_of(), NULL, t));
	f.body = note.data;
	f.size = note.size;
	hold(frame_put(out, &f));
}

/* Its frame says what it says; of one that says nothing, something. */
static void put_record(struct buf *out, struct tree *t, const char *line, size_t size)
{
	struct frame f = { .kind = (uint8_t)line[0] % RECORD_KINDS, .index = t->size, .body = line, .size = size };
	struct err ignored = { .kind = ERR_NONE };
	char room[RECORD_MOST];
	struct record r;

	if (entry_read(&r, room, line, size, &ignored) == 0) {
		f.kind = (uint16_t)r.kind;
		f.run = r.value[FIELD_RUN].number;
		f.ref = r.ref;
	}
	hold(frame_put(out, &f));
	tree_add(t, line, size);
}

static void put_all(struct buf *out, struct tree *t, const char *at, const char *end)
{
	const char *line;
	int left = LINES_MOST;

	buf_add(out, journal_magic, JOURNAL_MAGIC);
	for (; at < end && left-- > 0; at = line + 1) {
		line = memchr(at, '\n', (size_t)(end - at));
		line = line ? line : end;
		if (line == at)
			put_commit(out, t);
		else if (line - at <= RECORD_MOST)
			put_record(out, t, at, (size_t)(line - at));
	}
	put_commit(out, t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(buf) struct buf out = BUF(MOST);
	const struct known_head unknown = { .given = false };
	struct err e = { .kind = ERR_NONE };
	struct tree t = { .size = 0 };
	struct findings f;
	scoped(fd) int fd = -1;
	char path[64];
	int code;

	if (size > MOST / 4)
		return 0;
	put_all(&out, &t, (const char *)data, (const char *)data + size);
	if (out.over || fd_of_bytes(&fd, "journal", out.data, out.size, &e) < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (verify_ledger(&f, path, seal_key_verifier(key_of()), &unknown, &e) < 0) {
		hold(e.kind != ERR_NONE);
		return 0;
	}
	code = verify_exit(&f);
	hold(f.records <= t.size && !f.completeness_known);
	hold(code == EXIT_WHOLE || code == EXIT_INTEGRITY || code == EXIT_SIGNATURE || code == EXIT_OPEN || code == EXIT_INCOMPLETE || code == EXIT_PAYLOADS);
	hold(code != EXIT_WHOLE || f.records == t.size);
	hold((code == EXIT_INTEGRITY) == f.integrity.bad && f.integrity.text[0]);
	return 0;
}
