/*
 * A root key that an ssh-agent holds. A signature of ssh-ed25519 is over the bytes themselves, so it is a note's. The
 * agent is believed nothing: what it answers is bounded and read strictly, and a signature counts when it is good.
 */
#include "seal/agent.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "seal/ssh_parts.h"

/* Listing takes no time; to a signature a person may have to say yes. */
enum { LIST_SECONDS = 5, SIGN_SECONDS = 60, LIST = 11, LISTED = 12, SIGN = 13, SIGNED = 14, BLOB = 51 };

static const uint8_t KIND[] = "\0\0\0\013ssh-ed25519\0\0\0\040";	/* and then a key of 32 bytes */

struct agent {
	int fd;				/* borrowed */
	uint8_t key[32];
	struct err why;
};

static void number(uint8_t out[4], size_t n)
{
	out[0] = (uint8_t)(n >> 24);
	out[1] = (uint8_t)(n >> 16);
	out[2] = (uint8_t)(n >> 8);
	out[3] = (uint8_t)n;
}

static int wait_for(int fd, short what, uint64_t deadline, struct err *e)
{
	struct pollfd p = { .fd = fd, .events = what };

	int got;

	while (clock_left_ms(deadline) > 0) {
		got = poll(&p, 1, clock_left_ms(deadline));
		if (got > 0)
			return 0;
		if (got < 0 && errno != EINTR)
			return err_sys(e, "ssh-agent");
	}
	return err_set(e, ERR_PEER, "the ssh-agent does not answer");
}

static int put_all(int fd, const uint8_t *at, size_t left, uint64_t deadline, struct err *e)
{
	ssize_t done;

	while (left > 0) {
		if (wait_for(fd, POLLOUT, deadline, e) < 0)
			return -1;
		done = send(fd, at, left, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (done < 0 && errno != EAGAIN && errno != EINTR)
			return err_sys(e, "ssh-agent");
		if (done > 0) {
			at += done;
			left -= (size_t)done;
		}
	}
	return 0;
}

static int get_all(uint8_t *at, size_t left, int fd, uint64_t deadline, struct err *e)
{
	ssize_t done;

	while (left > 0) {
		if (wait_for(fd, POLLIN, deadline, e) < 0)
			return -1;
		done = recv(fd, at, left, MSG_DONTWAIT);
		if (done == 0)
			return err_set(e, ERR_PEER, "the ssh-agent hung up");
		if (done < 0 && errno != EAGAIN && errno != EINTR)
			return err_sys(e, "ssh-agent");
		if (done > 0) {
			at += done;
			left -= (size_t)done;
		}
	}
	return 0;
}

/* One question and its answer, behind its type; the caller frees it. */
static int ask(char **out, size_t *size, int fd, const struct buf *question, uint8_t wanted, unsigned seconds, struct err *e)
{
	uint64_t deadline = clock_mono_ns() + seconds * UINT64_C(1000000000);
	scoped(mem) char *answer = NULL;
	uint8_t head[4];
	uint32_t length;
	struct ssh_bytes from = { head, sizeof(head) };

	if (question->over)
		return err_sys(e, "memory for the ssh-agent");
	number(head, question->size);
	if (put_all(fd, head, sizeof(head), deadline, e) < 0 ||
	    put_all(fd, (const uint8_t *)question->data, question->size, deadline, e) < 0 ||
	    get_all(head, sizeof(head), fd, deadline, e) < 0)
		return -1;
	if (!ssh_take_number(&length, &from) || length == 0 || length > AGENT_ANSWER_MOST)
		return err_set(e, ERR_PEER, "the ssh-agent answers %u bytes: no ssh-agent does", length);
	answer = malloc(length);
	if (!answer)
		return err_sys(e, "memory for the ssh-agent");
	if (get_all((uint8_t *)answer, length, fd, deadline, e) < 0)
		return -1;
	if ((uint8_t)answer[0] != wanted)
		return err_set(e, ERR_PEER, "the ssh-agent refuses: it is locked, the key has gone, or somebody said no");
	memmove(answer, answer + 1, length - 1);
	*size = length - 1;
	*out = take(&answer);
	return 0;
}

static void blob_of(uint8_t out[BLOB], const uint8_t key[32])
{
	memcpy(out, KIND, BLOB - 32);
	memcpy(out + BLOB - 32, key, 32);
}

void seal_print(char out[SEAL_PRINT], const uint8_t key[32])
{
	static const char kind[] = "SHA256:";
	uint8_t blob[BLOB], hash[SEAL_HASH];
	const size_t at = sizeof(kind) - 1;

	blob_of(blob, key);
	seal_hash(hash, blob, sizeof(blob));
	memcpy(out, kind, sizeof(kind));
	sodium_bin2base64(out + at, SEAL_PRINT - at, hash, sizeof(hash), sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

static bool is_named(const struct ssh_bytes *blob, const char *fingerprint)
{
	char text[SEAL_PRINT];

	seal_print(text, blob->at + BLOB - 32);
	return strcmp(text, fingerprint) == 0;
}

static bool is_ed25519(const struct ssh_bytes *blob)
{
	return blob->left == BLOB && memcmp(blob->at, KIND, BLOB - 32) == 0;
}

int agent_choose(uint8_t key[32], const uint8_t *answer, size_t size, const char *fingerprint, struct err *e)
{
	struct ssh_bytes from = { answer, size }, blob, comment;
	bool named = fingerprint && *fingerprint;
	uint32_t count, found = 0;

	if (!ssh_take_number(&count, &from) || count > AGENT_KEYS_MOST)
		return err_set(e, ERR_PEER, "the ssh-agent's list of keys cannot be read");
	for (; count > 0; count--) {
		if (!ssh_take_string(&blob, &from) || !ssh_take_string(&comment, &from))
			return err_set(e, ERR_PEER, "the ssh-agent's list of keys cannot be read");
		if (!is_ed25519(&blob) || (named && !is_named(&blob, fingerprint)))
			continue;
		memcpy(key, blob.at + BLOB - 32, 32);
		found++;
	}
	if (from.left)
		return err_set(e, ERR_PEER, "the ssh-agent's list of keys cannot be read");
	if (found == 0)
		return err_set(e, ERR_INPUT, "the ssh-agent has no ed25519 key%s%s (ssh-add -l): add it there, or unlock the agent", named ? " " : "",
			       named ? fingerprint : "");
	if (found > 1)
		return err_set(e, ERR_INPUT, "the ssh-agent has %u such keys: name one, ssh-agent:SHA256:FINGERPRINT (ssh-add -l)", found);
	return 0;
}

int agent_open(struct agent **out, uint8_t key[32], int fd, const char *fingerprint, struct err *e)
{
	scoped(buf) struct buf question = BUF(16);
	scoped(agent) struct agent *a = calloc(1, sizeof(*a));
	scoped(mem) char *answer = NULL;
	size_t size = 0;

	if (!a)
		return err_sys(e, "memory for the ssh-agent");
	a->fd = fd;
	buf_add(&question, &(uint8_t){ LIST }, 1);
	if (ask(&answer, &size, fd, &question, LISTED, LIST_SECONDS, e) < 0 ||
	    agent_choose(a->key, (const uint8_t *)answer, size, fingerprint, e) < 0)
		return -1;
	memcpy(key, a->key, sizeof(a->key));
	*out = take(&a);
	return 0;
}

void agent_free(struct agent *a)
{
	free(a);
}

const struct err *agent_why(const struct agent *a)
{
	return &a->why;
}

static void put_string(struct buf *b, const void *bytes, size_t size)
{
	uint8_t head[4];

	number(head, size);
	buf_add(b, head, sizeof(head));
	buf_add(b, bytes, size);
}

static void put_request(struct buf *b, const struct agent *a, const char *text, size_t size)
{
	uint8_t blob[BLOB];

	blob_of(blob, a->key);
	buf_add(b, &(uint8_t){ SIGN }, 1);
	put_string(b, blob, sizeof(blob));
	put_string(b, text, size);
	buf_add(b, "\0\0\0\0", 4);	/* flags: none */
}

/* A string that holds the kind and, in another, 64 bytes; nothing behind. */
static bool take_signature(uint8_t out[64], const char *answer, size_t size)
{
	struct ssh_bytes from = { (const uint8_t *)answer, size }, whole, kind, bytes;

	if (!ssh_take_string(&whole, &from) || from.left || !ssh_take_string(&kind, &whole) || !ssh_is(&kind, "ssh-ed25519") ||
	    !ssh_take_string(&bytes, &whole) || whole.left || bytes.left != 64)
		return false;
	memcpy(out, bytes.at, 64);
	return true;
}

bool agent_sign(uint8_t out[64], struct agent *a, const char *text, size_t size)
{
	scoped(buf) struct buf question = BUF(SEAL_NOTE_MOST);
	scoped(mem) char *answer = NULL;
	size_t answered = 0;

	put_request(&question, a, text, size);
	if (ask(&answer, &answered, a->fd, &question, SIGNED, SIGN_SECONDS, &a->why) < 0)
		return false;
	if (take_signature(out, answer, answered) && crypto_sign_verify_detached(out, (const uint8_t *)text, size, a->key) == 0)
		return true;
	err_set(&a->why, ERR_PEER, "what the ssh-agent answers is not the key's signature of the checkpoint");
	return false;
}
