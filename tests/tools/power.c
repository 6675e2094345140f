/*
 * power - what becomes of a ledger and its keys when the power fails while a program of ours writes.
 *
 *   power BIN WORK EACH [SUBJECT]     EACH: so many states of a prefix are drawn by lot, beside the others; 0: few of all
 *
 * All that the program does to the files of both folders is recorded by ptrace; then, for every prefix of that, states
 * are made that a power failure may leave: of what no flush came behind, each sector and each change of a folder is kept
 * or lost by itself, in any order; and of a write to the keys' folder, only so many of its bytes. In each the auditor
 * must raise no false alarm, the next program must find its way with all that was acknowledged and one key, and the
 * auditor find it whole. A former key whose end was acknowledged, and a payload's that was destroyed, are in no state.
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>

#include "staged.h"

#ifndef __x86_64__
int main(void)
{
	puts("1..0 # SKIP registers of this machine are not known");
	return 0;
}
#else

#define MSG(name, from, to, during, most, fds) TYPE_##name,
enum msg_type {
#include "../../src/wire/msg.def"
};
#undef MSG

enum { SECTOR = 512, OPS = 4096, UNITS = 8192, FILES = 64, NAMES = 64, NAME = 64, CHANGES = 4, ALL_UP_TO = 5, SLOT = 256, SAYS_MOST = 160 };	/* the last: bytes of a key's text, behind which zeros stand */
enum { LEDGER, KEYS, FOLDERS };		/* and behind these the files, as they come */
enum kind { WRITE, CUT, TAKE, NAMED, SYNC, TOLD };

struct change {
	char name[NAME];
	int file;	/* 0: the name is gone */
};

struct op {
	enum kind kind;
	int file;
	uint64_t at;		/* of CUT and TAKE: the size */
	size_t size;
	char *bytes;
	struct change change[CHANGES];
	size_t changes;
	unsigned long head;	/* of TOLD: records that stand committed */
	bool one_key, destroyed;
};

struct image {
	char *bytes;
	size_t size;
};

struct disk {
	struct image file[FILES];
	struct name {
		char text[NAME];
		int folder, file;
	} name[NAMES];
	size_t names;
};

static struct op ops[OPS];
static size_t op_count;
static struct disk base, seen;		/* before; the names there were at the last call */
static ino_t inode[FILES];
static int files;
static unsigned long head;
static struct { size_t states, each; unsigned random; } t;

static unsigned lot(void)
{
	t.random = t.random * 1664525u + 1013904223u;
	return t.random >> 8;
}

/* --- what is done --- */

static struct op *put(enum kind kind, int file, uint64_t at, size_t size)
{
	if (op_count == OPS)
		give_up("too many calls");
	ops[op_count] = (struct op){ .kind = kind, .file = file, .at = at, .size = size, .head = head };
	return &ops[op_count++];
}

static int file_by(ino_t ino, bool make)
{
	int i;

	for (i = FOLDERS; i < files; i++)
		if (inode[i] == ino)
			return i;
	if (!make)
		return -1;
	if (files == FILES)
		give_up("too many files");
	inode[files] = ino;
	return files++;
}

static void look(struct disk *out)
{
	const char *const dirs[] = { w.ledger, w.keys };
	struct dirent *d;
	DIR *all;
	int i;

	out->names = 0;
	for (i = 0; i < FOLDERS; i++) {
		all = opendir(dirs[i]);
		while (all && (d = readdir(all))) {
			if (d->d_type != DT_REG || out->names == NAMES)
				continue;
			out->name[out->names] = (struct name){ .folder = i, .file = file_by(d->d_ino, true) };
			snprintf(out->name[out->names++].text, NAME, "%.*s", NAME - 1, d->d_name);
		}
		if (all)
			closedir(all);
	}
}

static const struct name *find(const struct disk *d, int folder, const char *text)
{
	size_t i;

	for (i = 0; i < d->names; i++)
		if (d->name[i].folder == folder && strcmp(d->name[i].text, text) == 0)
			return &d->name[i];
	return NULL;
}

/* A call changes one folder, and all that it changes there at once. */
static void note_names(void)
{
	static struct disk now;
	const struct name *was;
	struct op *o[FOLDERS] = { NULL };
	size_t i, j;

	look(&now);
	for (i = 0; i < now.names; i++) {
		const struct name *n = &now.name[i];

		was = find(&seen, n->folder, n->text);
		if (was && was->file == n->file)
			continue;
		o[n->folder] = o[n->folder] ? o[n->folder] : put(NAMED, n->folder, 0, 0);
		memcpy(o[n->folder]->change[o[n->folder]->changes].name, n->text, NAME);
		o[n->folder]->change[o[n->folder]->changes++].file = n->file;
	}
	for (i = 0; i < seen.names; i++) {
		const struct name *n = &seen.name[i];

		if (find(&now, n->folder, n->text))
			continue;
		o[n->folder] = o[n->folder] ? o[n->folder] : put(NAMED, n->folder, 0, 0);
		memcpy(o[n->folder]->change[o[n->folder]->changes++].name, n->text, NAME);
	}
	for (j = FOLDERS; j < (size_t)files; j++) {	/* a number that is free may be another file's from now on */
		for (i = 0; i < now.names && now.name[i].file != (int)j; i++)
			;
		inode[j] = i < now.names ? inode[j] : 0;
	}
	seen = now;
}

static int file_of(pid_t child, long fd)
{
	char path[64];
	struct stat st, dir;

	snprintf(path, sizeof(path), "/proc/%d/fd/%ld", (int)child, fd);
	if (stat(path, &st) < 0)
		return -1;
	if (S_ISDIR(st.st_mode))
		return stat(w.ledger, &dir) == 0 && dir.st_ino == st.st_ino ? LEDGER : stat(w.keys, &dir) == 0 && dir.st_ino == st.st_ino ? KEYS : -1;
	return S_ISREG(st.st_mode) ? file_by(st.st_ino, false) : -1;
}

static void peek(void *out, size_t size, pid_t child, unsigned long long at)
{
	struct iovec here = { out, size }, there = { (void *)(uintptr_t)at, size };

	if (process_vm_readv(child, &here, 1, &there, 1, 0) != (ssize_t)size)
		give_up("process_vm_readv");
}

static uint64_t position(pid_t child, long fd)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%ld", (int)child, fd);
	read_file(text, sizeof(text), path);
	return strtoull(text + strlen("pos:"), NULL, 10);
}

static void note_write(pid_t child, int file, const struct user_regs_struct *r, uint64_t at)
{
	struct op *o = put(WRITE, file, at, (size_t)r->rax);
	const struct name *n = find(&seen, LEDGER, "head");

	o->bytes = calloc(1, o->size + 1);
	peek(o->bytes, o->size, child, r->rsi);
	if (n && n->file == file)
		head = strtoul(o->bytes, NULL, 10);
}

/* Of the message only the kind. */
static void note_told(pid_t child, unsigned long long at)
{
	struct msghdr m;
	struct iovec first;
	uint16_t kind[2];
	struct op *o = put(TOLD, -1, 0, 0);

	peek(&m, sizeof(m), child, at);
	peek(&first, sizeof(first), child, (uintptr_t)m.msg_iov);
	if (first.iov_len < sizeof(kind))
		return;
	peek(kind, sizeof(kind), child, (uintptr_t)first.iov_base);
	o->one_key = kind[1] == TYPE_ROTATED;
	o->destroyed = kind[1] == TYPE_DESTROYED;
}

static void note(pid_t child, const struct user_regs_struct *r)
{
	long fd = (long)r->rdi;
	int file;

	switch (r->orig_rax) {
	case SYS_openat: case SYS_rename: case SYS_renameat: case SYS_renameat2: case SYS_link: case SYS_linkat: case SYS_unlink: case SYS_unlinkat:
		note_names();
		if (r->orig_rax == SYS_openat && r->rdx & O_TRUNC && (file = file_of(child, (long)r->rax)) >= FOLDERS)
			put(CUT, file, 0, 0);
		return;
	case SYS_sendmsg:
		note_told(child, r->rsi);
		return;
	case SYS_write: case SYS_pwrite64: case SYS_ftruncate: case SYS_fallocate: case SYS_fsync: case SYS_fdatasync:
		break;
	default:
		return;
	}
	file = file_of(child, fd);
	if (file < 0)
		return;
	if (r->orig_rax == SYS_write)
		note_write(child, file, r, position(child, fd) - r->rax);
	else if (r->orig_rax == SYS_pwrite64)
		note_write(child, file, r, r->r10);
	else if (r->orig_rax == SYS_ftruncate)
		put(CUT, file, r->rsi, 0);
	else if (r->orig_rax == SYS_fallocate && (r->rsi & 2))	/* FALLOC_FL_PUNCH_HOLE */
		put(WRITE, file, r->rdx, (size_t)r->r10)->bytes = calloc(1, (size_t)r->r10 + 1);
	else if (r->orig_rax == SYS_fallocate)
		put(TAKE, file, r->rdx + r->r10, 0);
	else
		put(SYNC, file, 0, 0);
}

static int follow(pid_t child)
{
	struct user_regs_struct r;
	bool entry = false;
	int status, pass = 0;

	if (waitpid(child, &status, 0) != child)
		return -1;
	ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
	for (;;) {
		ptrace(PTRACE_SYSCALL, child, 0, pass);
		if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
			return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
		pass = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
		if (pass != (SIGTRAP | 0x80))
			continue;
		pass = 0;
		entry = !entry;
		ptrace(PTRACE_GETREGS, child, 0, &r);
		if (entry && r.orig_rax == SYS_prctl && r.rdi == PR_SET_DUMPABLE) {	/* else only root may read what it writes */
			r.rsi = 1;
			ptrace(PTRACE_SETREGS, child, 0, &r);
		}
		if (!entry && (long)r.rax >= 0)
			note(child, &r);
	}
}

/* --- what a power failure may leave --- */

struct unit {
	const struct op *op;
	uint64_t at;
	size_t size;
	bool sure;
};

static void grow(struct image *i, uint64_t size)
{
	if (size <= i->size)
		return;
	i->bytes = realloc(i->bytes, size);
	memset(i->bytes + i->size, 0, size - i->size);
	i->size = size;
}

static void rename_in(struct disk *d, int folder, const struct change *c)
{
	struct name *n = d->name + (find(d, folder, c->name) ? find(d, folder, c->name) - d->name : (ptrdiff_t)d->names);

	if (c->file && n == d->name + d->names)
		d->names++;
	if (c->file) {
		*n = (struct name){ .folder = folder, .file = c->file };
		memcpy(n->text, c->name, NAME);
	} else if (n < d->name + d->names) {
		*n = d->name[--d->names];
	}
}

static void apply(struct disk *d, const struct unit *u)
{
	struct image *i = &d->file[u->op->file];
	size_t c;

	for (c = 0; u->op->kind == NAMED && c < u->op->changes; c++)
		rename_in(d, u->op->file, &u->op->change[c]);
	if (u->op->kind == TAKE || u->op->kind == CUT)
		grow(i, u->op->at);
	if (u->op->kind == CUT)
		i->size = u->op->at;
	if (u->op->kind == WRITE) {
		grow(i, u->at + u->size);
		memcpy(i->bytes + u->at, u->op->bytes + (u->at - u->op->at), u->size);
	}
}

static bool is_zero(const char *bytes, size_t size)
{
	return size == 0 || (!bytes[0] && memcmp(bytes, bytes + 1, size - 1) == 0);
}

/* Sectors of a write; zeros ahead are one unit, which of them are there makes no difference. */
static size_t units_of(struct unit *out, const struct op *o)
{
	uint64_t at = o->at, end = o->at + o->size, next;
	size_t count = 0;

	if (o->kind == SYNC || o->kind == TOLD)
		return 0;
	if (o->kind != WRITE) {
		out[0] = (struct unit){ .op = o };
		return 1;
	}
	for (; at < end; at = next, count++) {
		next = (at / SECTOR + 1) * SECTOR;
		while (next + SECTOR <= end && is_zero(o->bytes + (at - o->at), next + SECTOR - at))
			next += SECTOR;
		next = next < end ? next : end;
		out[count] = (struct unit){ .op = o, .at = at, .size = next - at };
	}
	return count;
}

static struct unit units[UNITS];
static size_t unit_count, open_count;

static void units_of_prefix(size_t prefix)
{
	bool synced[FILES] = { false };
	static size_t from[OPS];
	size_t i, u;

	for (i = unit_count = 0; i < prefix; i++) {
		from[i] = unit_count;
		if (unit_count > UNITS - 512)
			give_up("too many sectors");
		unit_count += units_of(units + unit_count, &ops[i]);
	}
	for (open_count = 0, i = prefix; i-- > 0;) {
		if (ops[i].kind == SYNC)
			synced[ops[i].file] = true;
		for (u = from[i]; u < (i + 1 < prefix ? from[i + 1] : unit_count); u++) {
			units[u].sure = synced[ops[i].file];
			open_count += !units[u].sure;
		}
	}
}

static void disk_free(struct disk *d)
{
	int i;

	for (i = 0; i < FILES; i++)
		free(d->file[i].bytes);
	memset(d, 0, sizeof(*d));
}

static void disk_copy(struct disk *out, const struct disk *from)
{
	int i;

	*out = *from;
	for (i = 0; i < FILES; i++)
		if (from->file[i].bytes) {
			out->file[i].bytes = malloc(from->file[i].size + 1);
			memcpy(out->file[i].bytes, from->file[i].bytes, from->file[i].size);
		}
}

/* The same journal for the file that says which one it is, though here it is a new one. */
static void put_place(const char *path)
{
	char text[128], journal[300];
	struct statx st = { 0 };
	size_t size = read_file(text, sizeof(text), path);
	FILE *f;

	snprintf(journal, sizeof(journal), "%s/journal", w.ledger);
	if (size < 20 || memcmp(text, "reeve-place/1 ", 14) != 0 || text[size - 1] != '\n' ||
	    statx(AT_FDCWD, journal, AT_SYMLINK_NOFOLLOW, STATX_INO | STATX_BTIME, &st) < 0)
		return;
	f = fopen(path, "w");
	fprintf(f, "reeve-place/1 %llu %lld.%09u\n", (unsigned long long)st.stx_ino, (long long)st.stx_btime.tv_sec, st.stx_btime.tv_nsec);
	fclose(f);
}

static void disk_put(const struct disk *d)
{
	char path[FILES][400] = { "" };
	char to[400];
	size_t i;
	int fd;

	reset(NULL);
	mkdir(w.ledger, 0700);
	mkdir(w.keys, 0700);
	for (i = 0; i < d->names; i++) {
		const struct name *n = &d->name[i];
		const struct image *of = &d->file[n->file];

		snprintf(to, sizeof(to), "%s/%s", n->folder == LEDGER ? w.ledger : w.keys, n->text);
		if (path[n->file][0] && link(path[n->file], to) == 0)
			continue;
		memcpy(path[n->file], to, sizeof(to));
		fd = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		if (fd < 0 || (of->size && pwrite(fd, of->bytes, of->size, 0) != (ssize_t)of->size))
			give_up(to);
		close(fd);
	}
	snprintf(to, sizeof(to), "%s/t.place", w.keys);
	put_place(to);
}

static void disk_get(struct disk *out)
{
	char path[400];
	size_t i, size;

	memset(out, 0, sizeof(*out));
	look(out);
	for (i = 0; i < out->names; i++) {
		const struct name *n = &out->name[i];
		struct image *of = &out->file[n->file];
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", n->folder == LEDGER ? w.ledger : w.keys, n->text);
		if (stat(path, &st) < 0)
			give_up(path);
		free(of->bytes);
		of->bytes = malloc((size_t)st.st_size + 1);
		size = read_file(of->bytes, (size_t)st.st_size + 1, path);
		of->size = size;
	}
}

/* --- what must hold --- */

struct subject {
	const char *word, *state, *option, *clock, *said;
	void (*words)(const char **out);
	bool revokes, begins;
};

static const struct op *told_at(size_t prefix, bool *one_key, bool *destroyed)
{
	const struct op *last = NULL;
	size_t i;

	*one_key = *destroyed = false;
	for (i = 0; i < prefix; i++) {
		if (ops[i].kind == TOLD)
			last = &ops[i];
		*one_key = (*one_key && !(ops[i].kind == WRITE && count_keys(ops[i].bytes, ops[i].size))) || ops[i].one_key;
		*destroyed = *destroyed || ops[i].destroyed;
	}
	return last;
}

/* Slot 0 says whose the keys are, slot 1 is of the first class that was kept. */
static bool first_key_is_there(void)
{
	char path[300], bytes[4 * SLOT + 1];
	size_t size;

	snprintf(path, sizeof(path), "%s/vault.keys", w.ledger);
	size = read_file(bytes, sizeof(bytes), path);
	return size >= 2 * SLOT && !is_zero(bytes + SLOT, SLOT);
}

static bool is_good(int status, const struct subject *s)
{
	return status == 0 || (s->revokes && status == EXIT_REVOKED);
}

static int again(const struct subject *s)
{
	const char *words[WORDS_MOST] = { NULL };

	s->words(words);
	return run(words);
}

static void one_state(const struct subject *s, const struct disk *d, size_t prefix, const char *name)
{
	bool one_key, destroyed;
	const struct op *told = told_at(prefix, &one_key, &destroyed);
	unsigned long known = told ? told->head : 0;
	int status;

	t.states++;
	disk_put(d);
	if (one_key && keys_there() != 1)
		wrong(" %s:former-key-is-there", name);
	if (destroyed && first_key_is_there())
		wrong(" %s:payload's-key-is-there", name);
	status = s->begins ? again(s) : verify(known);
	if (s->begins ? status != 0 : !is_good(status, s) && status != EXIT_OPEN && status != EXIT_TAIL)
		wrong(" %s:%s-%d", name, s->begins ? "init" : "alarm", status);
	if (session("/dev/null", NULL) != 0)
		wrong(" %s:does-not-open", name);
	status = verify(known);
	if (!is_good(status, s))
		wrong(" %s:head-%lu:verify-%d", name, known, status);
	if (keys_there() != 1 || half_made(w.ledger) || half_made(w.keys))
		wrong(" %s:%zu-keys-or-half-made", name, keys_there());
}

enum { PICK_NONE, PICK_ALL, PICK_ONE, PICK_BUT_ONE, PICK_BITS, PICK_LOT, PICK_CUT };

static void state(const struct subject *s, size_t prefix, int how, size_t which)
{
	struct disk d;
	struct unit part;
	char name[64];
	size_t u, n = 0;
	bool keep;

	if (!t.each && lot() % 4 != 0)
		return;
	disk_copy(&d, &base);
	for (u = 0; u < unit_count; u++) {
		keep = how == PICK_ALL || how == PICK_CUT || (how == PICK_ONE && n == which) || (how == PICK_BUT_ONE && n != which) ||
		       (how == PICK_BITS && which >> n & 1) || (how == PICK_LOT && lot() & 1);
		n += !units[u].sure;
		part = units[u];
		if (how == PICK_CUT && u + 1 == unit_count)
			part.size = which;
		if (units[u].sure || keep)
			apply(&d, &part);
	}
	snprintf(name, sizeof(name), "call-%zu:pick-%d-%zu", prefix, how, which);
	one_state(s, &d, prefix, name);
	disk_free(&d);
}

static bool is_keys(int file)
{
	size_t i;

	for (i = 0; i < seen.names; i++)
		if (seen.name[i].file == file)
			return seen.name[i].folder == KEYS;
	return false;
}

/* What a prefix may leave that the next one may too is not tried twice, but for the prefix itself. */
static void prefix_states(const struct subject *s, size_t prefix, bool whole)
{
	bool last = prefix == op_count || ops[prefix].kind == SYNC || ops[prefix].kind == TOLD;
	size_t i, step = whole ? 1 : 61;

	units_of_prefix(prefix);
	if (prefix > 0 && ops[prefix - 1].kind == WRITE && is_keys(ops[prefix - 1].file))
		for (i = lot() % step; i < units[unit_count - 1].size && i < SAYS_MOST; i += step)
			state(s, prefix, PICK_CUT, i);
	if (!last) {
		if (whole)
			state(s, prefix, PICK_ALL, 0);
		return;
	}
	if (open_count <= ALL_UP_TO && whole) {
		for (i = 0; i < (size_t)1 << open_count; i++)
			state(s, prefix, PICK_BITS, i);
		return;
	}
	state(s, prefix, PICK_NONE, 0);
	if (open_count > 0)
		state(s, prefix, PICK_ALL, 0);
	for (i = 0; whole && i < open_count; i++) {
		state(s, prefix, PICK_ONE, i);
		state(s, prefix, PICK_BUT_ONE, i);
	}
	for (i = 0; i < (whole ? t.each : 1) && open_count > 1; i++)
		state(s, prefix, PICK_LOT, i);
}

/* --- subjects --- */

static void init_words(const char **out)
{
	const char *const words[] = { "reeve-recorder", "init", w.ledger, w.key, "t", NULL };

	memcpy(out, words, sizeof(words));
}

static void revoke_words(const char **out)
{
	const char *const words[] = { "reeve-recorder", "revoke", w.ledger, w.key, w.root, "all", "stolen", NULL };

	memcpy(out, words, sizeof(words));
}

static const struct subject subjects[] = {
	{ .word = "init", .words = init_words, .begins = true },
	{ .word = "epochs", .state = "settled", .option = "epoch-records=3", .said = "open\nattach\nintent\nrotate\nrefusal\nintent\nintent\nclose\n" },
	{ .word = "segments", .state = "settled", .option = "segment-bytes=2048", .said = "open\nattach\nintent\nrotate\nburst 6\nclose\n" },
	{ .word = "revocation", .state = "settled", .words = revoke_words, .revokes = true },
	{ .word = "a ledger of before", .state = "before", .said = "open\nattach\nintent\nclose\n" },
	{ .word = "vault", .state = "kept", .said = "open\nattach\nkeep operational\nkeep compliance\ndestroy operational\nclose\n" },
};

static int record(const struct subject *s)
{
	const char *words[WORDS_MOST] = { NULL };
	pid_t child;

	if (!s->words) {
		put_words(s->said);
		return session(w.words, follow);
	}
	s->words(words);
	child = fork();
	if (child == 0)
		run_in_child(words, true);
	return follow(child);
}

static void whole_subject(const struct subject *s, int number, bool whole)
{
	size_t prefix;

	reset(s->state);
	mkdir(w.ledger, 0700);
	mkdir(w.keys, 0700);
	memset(inode, 0, sizeof(inode));
	files = FOLDERS;
	op_count = 0;
	head = 0;
	disk_get(&base);
	seen = base;
	t.states = 0;
	w.option = s->option;
	if (record(s) != 0 || op_count < 12)
		wrong(" %zu calls", op_count);
	if (s->words && !s->begins)
		put(TOLD, -1, 0, 0)->one_key = true;
	for (prefix = 0; prefix <= op_count; prefix++)
		prefix_states(s, prefix, whole);
	w.option = NULL;
	printf("%s %d - %s: whatever a power failure leaves, nothing acknowledged is lost, and the next one goes on (%zu calls, %zu states)\n",
	       w.bad ? "not ok" : "ok", number, s->word, op_count, t.states);
	if (w.bad)
		printf("#%s\n", w.wrong);
	w.wrong[0] = '\0';
	w.bad = false;
	while (op_count > 0)
		free(ops[--op_count].bytes);
	disk_free(&base);
}

int main(int argc, char **argv)
{
	int number = 0;
	size_t i;

	if (argc != 4 && argc != 5)
		return 2;
	stage_begin(argv[1], argv[2]);
	t.each = strtoul(argv[3], NULL, 10);
	t.random = 1;
	stage_states();
	for (i = 0; i < count_of(subjects); i++)
		if (argc == 4 || strcmp(argv[4], subjects[i].word) == 0)
			whole_subject(&subjects[i], ++number, t.each > 0);
	printf("1..%d\n", number);
	return 0;
}
#endif
