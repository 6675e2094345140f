/*
 * reeve signs nothing itself: ssh-keygen does, with a key file, ssh's agent or a key that has to be touched. What
 * comes back is verified here before anybody else sees it, so that a wrong key is told from a wrong statement.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/review.h"
#include "cli/review_run.h"
#include "seal/ssh.h"

enum { ARMOR_MOST = 8192 };

static int take_armor(struct buf *base64, const char *text, size_t size, const struct buf *statement,
		      const struct signing *s, struct err *e)
{
	uint8_t bytes[SSH_SIGNATURE];
	struct ssh_signature by;
	size_t count;

	if (ssh_armor_read(bytes, &count, text, size, e) < 0 ||
	    ssh_verify(&by, bytes, count, STATEMENT_NAMESPACE, statement->data, statement->size, e) < 0)
		return -1;
	if (s && s->blob_size > 0 && (by.key_size != s->blob_size || memcmp(by.key, s->blob, by.key_size) != 0))
		return err_set(e, ERR_SYSTEM, "ssh-keygen signed with another key than the one it was given");
	return seal_base64_add(base64, bytes, count) && buf_text(base64) ? 0 : err_set(e, ERR_LIMIT, "too long a signature");
}

int sign_read(struct buf *base64, const char *path, const struct buf *statement, struct err *e)
{
	scoped(mem) char *text = NULL;
	size_t size;

	if (fd_read_file(&text, &size, path, ARMOR_MOST, e) < 0)
		return -1;
	if (take_armor(base64, text, size, statement, NULL, e) < 0) {
		e->kind = ERR_INPUT;
		return err_in(e, "%.120s: it does not sign this decision on this call", path);
	}
	return 0;
}

static int sign_with(struct buf *base64, const struct signing *s, const char *path, const struct buf *statement,
		     struct err *e)
{
	const char *const argv[] = { "ssh-keygen", "-q", "-Y", "sign", "-n", STATEMENT_NAMESPACE, "-f", path, NULL };
	scoped(buf) struct buf armor = BUF(ARMOR_MOST);
	scoped(fd) int in = -1;

	if (fd_of_bytes(&in, "statement", statement->data, statement->size, e) < 0)
		return -1;
	if (run_quietly(&armor, argv, in, RUN_TALKS, SIGN_SECONDS, e) < 0)
		return err_in(e, "not signed");
	return take_armor(base64, armor.data, armor.size, statement, s, e) < 0 ? err_in(e, "ssh-keygen's signature") : 0;
}

/* ssh-keygen takes a key by a file's name; of one that only the agent has, that is a file with its public half. */
int sign_statement(struct buf *base64, const struct signing *s, const struct buf *statement, struct err *e)
{
	char folder[] = "/tmp/reeve-review-XXXXXX", path[sizeof(folder) + 16];
	FILE *out;
	int done;

	if (s->path[0])
		return sign_with(base64, s, s->path, statement, e);
	if (!mkdtemp(folder))
		return err_sys(e, "make a folder in /tmp");
	snprintf(path, sizeof(path), "%s/key.pub", folder);
	out = fopen(path, "wxe");
	done = out && fprintf(out, "%s\n", s->line) > 0 ? 0 : err_sys(e, "%s", path);
	if (out && fclose(out) != 0)
		done = err_sys(e, "%s", path);
	if (done == 0)
		done = sign_with(base64, s, path, statement, e);
	unlink(path);
	rmdir(folder);
	return done;
}
