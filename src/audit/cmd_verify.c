#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/audit.h"
#include "audit/sightings.h"
#include "audit/witnesses.h"
#include "base/fd.h"
#include "base/text.h"
#include "json/json.h"
#include "seal/ssh.h"

/* From a file, or the key itself on the command line: only a key holds a plus before any slash fails. */
int key_read(struct seal_verifier *out, const char *given, struct err *e)
{
	scoped(mem) char *text = NULL;
	size_t size;

	if (access(given, F_OK) < 0 && strchr(given, '+'))
		return seal_verifier_read(out, given, strlen(given), e);
	if (fd_read_file(&text, &size, given, SEAL_VERIFIER_TEXT, e) < 0)
		return err_in(e, "--key");
	if (seal_verifier_read(out, text, size, e) < 0)
		return err_in(e, "--key %s", given);
	return 0;
}

static int read_head(struct known_head *out, const char *text, struct err *e)
{
	char *end;

	out->size = strtoull(text, &end, 10);
	if (end == text || text[0] < '0' || text[0] > '9' || (*end && *end != ':'))
		return err_set(e, ERR_INPUT, "--head %s: expected SIZE or SIZE:ROOT", text);
	out->given = true;
	out->has_root = *end == ':';
	if (out->has_root && !seal_hash_read(out->root, end + 1, strlen(end + 1)))
		return err_set(e, ERR_INPUT, "--head %s: the root must be 64 hexadecimal digits or base64", text);
	return 0;
}

int known_checkpoint(struct known_head *out, const struct seal_verifier *root, const char *note, size_t size, struct err *e)
{
	struct checkpoint c;

	if (size > sizeof(out->note) || !checkpoint_seems(&c, root, note, size))
		return checkpoint_open(&c, root, note, size, e);	/* says what is wrong */
	out->given = out->has_root = true;
	out->size = c.size;
	memcpy(out->root, c.root, sizeof(c.root));
	memcpy(out->note, note, size);
	out->note_size = size;
	return 0;
}

/* It may be cosigned by many; what the log itself says on it is what counts here. */
static int read_checkpoint(struct known_head *out, struct cosigned *by, const char *path, const struct seal_verifier *v, struct err *e)
{
	scoped(buf) struct buf note = BUF(SEAL_NOTE_MOST);
	scoped(mem) char *text = NULL;
	size_t size;

	if (fd_read_file(&text, &size, path, SEAL_COSIGNED_MOST, e) < 0)
		return -1;
	if (cosigned_read(by, &note, out->trust, v->name, text, size, e) < 0 || known_checkpoint(out, v, note.data, note.size, e) < 0)
		return err_in(e, "--checkpoint %s", path);
	out->cosigned = by;
	return 0;
}

struct line {
	const char *what, *good;
	const struct finding *f;
};

enum { LINES = 10 };	/* the last three only where they are about something */

static size_t lines_of(struct line out[LINES], const struct findings *f)
{
	size_t count = LINES - 3;

	out[0] = (struct line){ "integrity", "ok", &f->integrity };
	out[1] = (struct line){ "signatures", "ok", &f->signatures };
	out[2] = (struct line){ "completeness", f->completeness_known ? "ok" : "unknown", &f->completeness };
	out[3] = (struct line){ "open intents", "ok", &f->open };
	out[4] = (struct line){ "tail", f->tail_known ? "clean" : "unknown", &f->tail };
	out[5] = (struct line){ "payloads", f->payloads_known ? "ok" : "unknown", &f->payloads };
	out[6] = (struct line){ "keys", f->keys_known ? "ok" : "unknown", &f->keys };
	if (f->decisions_there)
		out[count++] = (struct line){ "held calls", "ok", &f->decisions };
	if (f->witnesses_asked)
		out[count++] = (struct line){ "witnesses", "ok", &f->witnesses };
	if (f->second_there)
		out[count++] = (struct line){ "second record", f->second_gap ? "gap" : "ok", &f->second };
	return count;
}

/* On a terminal what is long goes on below itself, word by word; elsewhere it is one line, for grep. */
static void put_finding(struct buf *out, const char *said, bool wraps)
{
	enum { BEFORE = 22, WIDTH = 79 };
	scoped(buf) struct buf text = BUF(8192);
	size_t column = BEFORE, n;
	const char *at;

	buf_puts(&text, " ");
	text_visible(&text, said, strlen(said));
	for (at = buf_text(&text); at && *at; at += n) {
		n = 1 + strcspn(at + 1, " ");
		if (wraps && column > BEFORE && column + n > WIDTH) {
			buf_printf(out, "\n%*s", BEFORE, "");
			column = BEFORE;
		}
		buf_add(out, at, n);
		column += n;
	}
	buf_puts(out, "\n");
}

static void print_lines(const struct findings *f, bool color)
{
	scoped(buf) struct buf out = BUF(16384);
	struct line lines[LINES];
	const char *paint;
	size_t i, count = lines_of(lines, f);

	for (i = 0; i < count; i++) {
		paint = lines[i].f->bad ? "\033[1;31m" : strcmp(lines[i].good, "unknown") == 0 || strcmp(lines[i].good, "gap") == 0 ? "\033[33m" : "\033[32m";
		buf_printf(&out, "%-13s %s%-8s%s", lines[i].what, color ? paint : "",
			   lines[i].f->bad ? "FAILED" : lines[i].good, color ? "\033[0m" : "");
		put_finding(&out, lines[i].f->text, isatty(STDOUT_FILENO));
	}
	fwrite(out.data, 1, out.size, stdout);
}

static void print_json(const struct findings *f)
{
	scoped(json) json_t *all = json_object();
	scoped(buf) struct buf out = BUF(16384);
	struct line lines[LINES];
	json_t *one;
	size_t i, count = lines_of(lines, f);

	json_object_set_new(all, "ledger", json_string(f->origin));
	json_object_set_new(all, "records", json_integer((json_int_t)f->records));
	json_object_set_new(all, "exit", json_integer(verify_exit(f)));
	for (i = 0; i < count; i++) {
		one = json_object();
		json_object_set_new(one, "verdict", json_string(lines[i].f->bad ? "failed" : lines[i].good));
		json_object_set_new(one, "what", json_string(lines[i].f->text));
		json_object_set_new(all, lines[i].what, one);
	}
	json_write(&out, all);
	buf_puts(&out, "\n");
	fwrite(out.data, 1, out.size, stdout);
}

void verify_tell(const struct findings *f, const struct options *o)
{
	if (o->json)
		print_json(f);
	else
		print_lines(f, o->color && strcmp(o->color, "always") == 0);
}

static int known_of(struct known_head *out, struct cosigned *by, const struct trust *t, const struct options *o,
		    const struct seal_verifier *v, struct err *e)
{
	*out = (struct known_head){ .trust = t };
	if (o->head && o->checkpoint) {
		err_set(e, ERR_INPUT, "give --head or --checkpoint, not both");
		return EXIT_USAGE;
	}
	if (o->head && read_head(out, o->head, e) < 0)
		return EXIT_USAGE;
	return o->checkpoint ? read_checkpoint(out, by, o->checkpoint, v, e) : 0;
}

int head_known(struct known_head *out, const struct options *o, const struct seal_verifier *v, struct err *e)
{
	struct cosigned nobody;
	int status = known_of(out, &nobody, NULL, o, v, e);

	out->cosigned = NULL;
	return status;
}

static int read_signers(struct ssh_signers **out, const char *path, struct err *e)
{
	scoped(mem) char *text = NULL;
	size_t size;

	if (fd_read_file(&text, &size, path, SSH_SIGNERS_MOST, e) < 0)
		return err_in(e, "--signers");
	return ssh_signers_read(out, text, size, e) < 0 ? err_in(e, "--signers %s", path) : 0;
}

int cmd_verify(const char *ledger, const struct options *o, struct err *e)
{
	scoped(ssh_signers) struct ssh_signers *signers = NULL;
	scoped(trust) struct trust *trust = NULL;
	scoped(sightings) struct sightings sightings = { .count = 0 };
	struct known_head known;
	struct cosigned by;
	struct seal_verifier v;
	struct findings f;
	int status;

	if (!o->key && !o->trust) {
		err_set(e, ERR_INPUT, "verify needs --key or --trust: the ledger's own word on its key proves nothing");
		return EXIT_USAGE;
	}
	if ((o->trust && trust_file(&trust, o->trust, e) < 0) || key_settle(&v, o->key, trust, ledger, e) < 0)
		return -1;
	status = known_of(&known, &by, trust, o, &v, e);
	if (status != 0)
		return status;
	if (o->signers && read_signers(&signers, o->signers, e) < 0)
		return -1;
	if (o->sightings && sightings_read(&sightings, o->sightings, v.name, e) < 0)
		return -1;
	known.sightings = o->sightings ? &sightings : NULL;
	known.signers = signers;
	if (verify_ledger(&f, ledger, &v, &known, e) < 0)
		return -1;
	verify_tell(&f, o);
	return verify_exit(&f);
}
