/*
 * A key that systemd has laid into the folder of a service's credentials (LoadCredential=, LoadCredentialEncrypted=).
 * The file is root's or ours, and nobody writes there. Where it is root's, an access list has one user more who reads
 * it, us; of such a file the bits of the group are the list's mask, and say nothing of a group.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "seal/note.h"
#include "seal/secret.h"

/* The kernel's form of an access list: a version, then entries, little-endian. */
enum { ACL_HEAD = 4, ACL_ENTRY = 8, ACL_MOST = ACL_HEAD + 16 * ACL_ENTRY, ACL_USER = 0x02, ACL_GROUP_OBJ = 0x04, ACL_GROUP = 0x08, ACL_OTHER = 0x20 };

static uint32_t number(const uint8_t *at, size_t size)
{
	uint32_t n = 0;

	while (size-- > 0)
		n = n << 8 | at[size];
	return n;
}

/* May this entry be there? Named users: we alone. Groups and others: nothing. */
static bool is_narrow(const uint8_t *entry)
{
	uint32_t tag = number(entry, 2), may = number(entry + 2, 2);

	if (tag == ACL_USER)
		return may == 0 || number(entry + 4, 4) == geteuid();
	return may == 0 || (tag != ACL_GROUP_OBJ && tag != ACL_GROUP && tag != ACL_OTHER);
}

/* A list that gives nobody but the owner and us anything. */
static bool is_listed(int fd)
{
	uint8_t list[ACL_MOST];
	ssize_t size = fgetxattr(fd, "system.posix_acl_access", list, sizeof(list)), at;

	if (size < ACL_HEAD || (size - ACL_HEAD) % ACL_ENTRY != 0 || number(list, ACL_HEAD) != 2)
		return false;
	for (at = ACL_HEAD; at < size; at += ACL_ENTRY)
		if (!is_narrow(list + at))
			return false;
	return true;
}

int secret_check_credential(int fd, const char *what, size_t most, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "%s", what);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INPUT, "%s: not a regular file", what);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return err_set(e, ERR_INPUT, "%s: belongs to uid %u, not to root or to us", what, (unsigned)st.st_uid);
	if ((st.st_mode & 07777) != 0400 && ((st.st_mode & 07777) != 0440 || !is_listed(fd)))
		return err_set(e, ERR_INPUT, "%s: mode %04o, must be 0400, as systemd makes it; if others could read it, it is burnt", what,
			       (unsigned)(st.st_mode & 07777));
	if (st.st_size <= 0 || (uint64_t)st.st_size >= most)
		return err_set(e, ERR_INPUT, "%s: not a key file of reeve", what);
	return 0;
}

/* Who can write there can lay another key into it. */
static int open_folder(int *out, struct err *e)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	struct stat st;

	if (!dir || *dir != '/')
		return err_set(e, ERR_INPUT, "systemd gave no credentials (CREDENTIALS_DIRECTORY): the unit needs a line LoadCredential= or LoadCredentialEncrypted=");
	*out = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*out < 0 || fstat(*out, &st) < 0)
		return err_sys(e, "credentials %s", dir);
	if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & 022))
		return err_set(e, ERR_INPUT, "credentials %s: others could write there; it must be the folder that systemd made", dir);
	return 0;
}

bool seal_credential_fits(const char *name)
{
	return *name && *name != '.' && strlen(name) < SEAL_NAME && !strchr(name, '/');
}

int seal_key_credential(struct seal_key **out, const char *name, struct err *e)
{
	scoped(fd) int dir = -1, fd = -1;
	char what[SEAL_NAME + 16];

	must(seal_credential_fits(name));
	snprintf(what, sizeof(what), "credential %s", name);
	if (open_folder(&dir, e) < 0)
		return -1;
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "%s", what);
	if (secret_check_credential(fd, what, NOTE_FILE_MOST, e) < 0)
		return -1;
	return note_key_read(out, fd, NOTE_ED25519, e) < 0 ? err_in(e, "%s", what) : 0;
}
