/* tests/unit/ssh_stage.h - ssh-keygen at work in a folder of its own, and an authenticator that is a pair of keys. */
#ifndef TESTS_UNIT_SSH_STAGE_H
#define TESTS_UNIT_SSH_STAGE_H

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "seal/ssh.h"

static char stage[64];	/* the folder; "" where there is no ssh-keygen */

static inline void put(const char *name, const void *bytes, size_t size)
{
	struct err e = { 0 };
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", stage, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	must(fd >= 0 && fd_write_all(fd, bytes, size, &e) == 0);
	close(fd);
}

static inline size_t get(char *out, size_t room, const char *name)
{
	scoped(mem) char *bytes = NULL;
	struct err e = { 0 };
	char path[128];
	size_t size;

	snprintf(path, sizeof(path), "%s/%s", stage, name);
	must(fd_read_file(&bytes, &size, path, room - 1, &e) == 0);
	memcpy(out, bytes, size);
	out[size] = '\0';
	return size;
}

/* In the folder, from `in` to "out": its exit code. */
static inline int keygen(const char *in, const char *const *args)
{
	const char *argv[32] = { "ssh-keygen" };
	char room[64][64];
	int status, out, from;
	size_t i;
	pid_t child = fork();

	if (child == 0) {
		for (i = 0; args[i]; i++) {
			snprintf(room[i], sizeof(room[i]), "%s", args[i]);
			argv[i + 1] = room[i];
		}
		if (chdir(stage) < 0 || (from = open(in, O_RDONLY)) < 0 ||
		    (out = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0600)) < 0)
			_exit(126);
		dup2(from, 0);
		dup2(out, 1);
		dup2(open("/dev/null", O_WRONLY), 2);
		execvp("ssh-keygen", (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	must(child > 0 && waitpid(child, &status, 0) == child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

#define KEYGEN(in, ...) keygen(in, (const char *const[]){ __VA_ARGS__, NULL })

static inline int stage_open(void **state)
{
	(void)state;
	snprintf(stage, sizeof(stage), "/tmp/reeve-ssh-XXXXXX");
	if (!mkdtemp(stage))
		return -1;
	if (KEYGEN("/dev/null", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", "key") == 0 &&
	    KEYGEN("/dev/null", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", "other") == 0)
		return 0;
	rmdir(stage);
	stage[0] = '\0';
	return 0;
}

static inline int stage_close(void **state)
{
	static const char *const names[] = { "key", "key.pub", "other", "other.pub", "message", "out", "sig", "signers" };
	char path[128];
	size_t i;

	(void)state;
	for (i = 0; stage[0] && i < count_of(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", stage, names[i]);
		unlink(path);
	}
	return stage[0] ? rmdir(stage) : 0;
}

#define NEEDS_KEYGEN do { if (!stage[0]) { print_message("# skip: no ssh-keygen (openssh-client)\n"); skip(); } } while (0)

/* `key` signs the message: the blob of the signature. */
static inline size_t sign_as(uint8_t blob[SSH_SIGNATURE], const char *key, const char *namespace, const char *hash,
			     const void *message, size_t size)
{
	struct err e = { 0 };
	char text[4096];
	size_t got;

	put("message", message, size);
	must(KEYGEN("message", "-q", "-Y", "sign", "-f", key, "-n", namespace, "-O", hash) == 0);
	size = get(text, sizeof(text), "out");
	must(ssh_armor_read(blob, &got, text, size, &e) == 0);
	return got;
}

/* --- an authenticator --- */

struct token {
	uint8_t open[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];
	const char *application;
};

static inline void add_text(struct buf *b, const void *bytes, size_t size)
{
	const uint8_t length[4] = { 0, 0, (uint8_t)(size >> 8), (uint8_t)size };

	buf_add(b, length, 4);
	buf_add(b, bytes, size);
}

static inline void token_key(struct buf *out, const struct token *t)
{
	static const char kind[] = "sk-ssh-ed25519@openssh.com";

	add_text(out, kind, sizeof(kind) - 1);
	add_text(out, t->open, sizeof(t->open));
	add_text(out, t->application, strlen(t->application));
}

/* As PROTOCOL.sshsig and PROTOCOL.u2f say; sha512. */
static inline void token_sign(struct buf *out, const struct token *t, uint8_t flags, const char *namespace,
			      const void *message, size_t size)
{
	static const char kind[] = "sk-ssh-ed25519@openssh.com";
	struct buf given = BUF(1024), key = BUF(1024), signature = BUF(1024);
	uint8_t said[32 + 5 + 32] = { 0 }, digest[64], s[64];

	crypto_hash_sha512(digest, message, size);
	buf_add(&given, "SSHSIG", 6);
	add_text(&given, namespace, strlen(namespace));
	add_text(&given, "", 0);
	add_text(&given, "sha512", 6);
	add_text(&given, digest, sizeof(digest));
	crypto_hash_sha256(said, (const uint8_t *)t->application, strlen(t->application));
	said[32] = flags;
	said[36] = 7;	/* the counter */
	crypto_hash_sha256(said + 37, (const uint8_t *)given.data, given.size);
	crypto_sign_detached(s, NULL, said, sizeof(said), t->secret);
	add_text(&signature, kind, sizeof(kind) - 1);
	add_text(&signature, s, sizeof(s));
	buf_add(&signature, said + 32, 5);
	token_key(&key, t);
	buf_add(out, "SSHSIG\0\0\0\1", 10);
	add_text(out, key.data, key.size);
	add_text(out, namespace, strlen(namespace));
	add_text(out, "", 0);
	add_text(out, "sha512", 6);
	add_text(out, signature.data, signature.size);
	buf_free(&given);
	buf_free(&key);
	buf_free(&signature);
}

#endif
