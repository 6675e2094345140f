/*
 * Where a ledger may be written. A lock is worth nothing where two machines have the same folder, and a copy of a ledger
 * that is written with the key of the first is a second history: both are refused before anything is written.
 */
#include "ledger/place.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/scope.h"

enum { FUSE = 0x65735546, INFO_MOST = 4 << 20, PLACE_MOST = 128 };

/* By the numbers that statfs(2) gives: filesystems that more than one machine may write to. */
static const struct {
	uint32_t type;
	const char *name;
} shared[] = {
	{ 0x6969, "NFS" },	   { 0xff534d42, "CIFS" },     { 0xfe534d42, "SMB 2" },	  { 0x517b, "SMB" },
	{ 0x5346414f, "AFS" },	   { 0x6b414653, "AFS" },      { 0x01021997, "9P" },	  { 0x00c36400, "Ceph" },
	{ 0x0bd00bd0, "Lustre" },  { 0x73757245, "Coda" },     { 0x564c, "NCP" },	  { 0x01161970, "GFS2" },
	{ 0x7461636f, "OCFS2" },   { 0x47504653, "GPFS" },     { 0x19830326, "BeeGFS" },  { 0x20030528, "OrangeFS" },
	{ 0xaad7aaea, "PanFS" },   { 0x013661, "shared" },
};

/* Of all that a program may make of FUSE, what is known to have its bytes on this machine. */
static const char *const local_fuse[] = { "fuseblk", "fuse.fuse-overlayfs", "fuse.bindfs", "fuse.ntfs-3g", "fuse.gocryptfs",
					  "fuse.encfs", "fuse.cryfs", "fuse.ext4", "fuse.fuse2fs" };

int place_judge(uint32_t type, const char *kind, struct err *e)
{
	size_t i;

	for (i = 0; i < count_of(shared); i++)
		if (shared[i].type == type)
			return err_set(e, ERR_INPUT, "on a network file system, %s, where a lock does not keep a second recorder of another machine away; move the ledger to a local disk",
				       shared[i].name);
	for (i = 0; type == FUSE && i < count_of(local_fuse); i++)
		if (strcmp(kind, local_fuse[i]) == 0)
			return 0;
	return type != FUSE ? 0 : err_set(e, ERR_INPUT, "on a file system of FUSE (%s) that may be another machine's; move the ledger to a local disk",
					  *kind ? kind : "of unknown kind");
}

/* The kind that stands in mountinfo(5) behind " - " in the line of this mount. */
static void kind_of(char *out, size_t room, uint64_t mount, const char *info)
{
	const char *line, *kind;
	uint64_t id;

	*out = '\0';
	for (line = info; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		kind = sscanf(line, "%" SCNu64, &id) == 1 && id == mount ? strstr(line, " - ") : NULL;
		if (kind)
			snprintf(out, room, "%.*s", (int)strcspn(kind + 3, " \n"), kind + 3);
	}
}

int place_check(int dir, struct err *e)
{
	scoped(mem) char *info = NULL;
	struct err none = { .kind = ERR_NONE };
	struct statx st = { .stx_mnt_id = 0 };
	scoped(fd) int fd = -1;
	char kind[64] = "";
	struct statfs fs;
	size_t size;

	if (fstatfs(dir, &fs) < 0)
		return err_sys(e, "what file system the ledger is on");
	if ((uint32_t)fs.f_type == FUSE && statx(dir, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) == 0 && st.stx_mask & STATX_MNT_ID) {
		fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && fd_read_all(&info, &size, fd, INFO_MOST, &none) == 0)
			kind_of(kind, sizeof(kind), st.stx_mnt_id, info);
	}
	return place_judge((uint32_t)fs.f_type, kind, e);
}

/* --- which one was written last --- */

/* What a copy has not: the same file, made in the same moment. Not its device: that may be numbered anew at each start. */
static int identity(char out[PLACE_MOST], const char *ledger, struct err *e)
{
	struct statx st = { .stx_ino = 0 };
	char journal[PATH_MAX];

	if (snprintf(journal, sizeof(journal), "%s/journal", ledger) >= PATH_MAX)
		return err_set(e, ERR_INPUT, "%s: name too long", ledger);
	if (statx(AT_FDCWD, journal, AT_SYMLINK_NOFOLLOW, STATX_INO | STATX_BTIME, &st) < 0)
		return errno == ENOENT ? err_set(e, ERR_INPUT, "%.130s is gone, and its key is there: bring the ledger back from a backup", journal)
				       : err_sys(e, "%s", journal);
	if (!(st.stx_mask & STATX_BTIME))
		st.stx_btime = (struct statx_timestamp){ 0 };
	snprintf(out, PLACE_MOST, "reeve-place/1 %" PRIu64 " %lld.%09u\n", (uint64_t)st.stx_ino, (long long)st.stx_btime.tv_sec,
		 st.stx_btime.tv_nsec);
	return 0;
}

/* The folder's name, with its slash, and the file's in it. */
static int name_of(char dir[PATH_MAX], char name[NAME_MAX], char path[PATH_MAX], const char *key_path, struct err *e)
{
	const char *slash = strrchr(key_path, '/');
	size_t stem = strlen(slash ? slash + 1 : key_path);

	stem -= stem > 4 && strcmp(key_path + strlen(key_path) - 4, ".key") == 0 ? 4 : 0;
	if (snprintf(dir, PATH_MAX, "%.*s", slash ? (int)(slash - key_path) + 1 : 2, slash ? key_path : "./") >= PATH_MAX ||
	    snprintf(name, NAME_MAX, "%.*s.place", (int)stem, slash ? slash + 1 : key_path) >= NAME_MAX ||
	    snprintf(path, PATH_MAX, "%s%s", dir, name) >= PATH_MAX)
		return err_set(e, ERR_INPUT, "%s: name too long", key_path);
	return 0;
}

int place_claim(const char *ledger, const char *key_path, struct err *e)
{
	char dir[PATH_MAX], name[NAME_MAX], path[PATH_MAX], own[PLACE_MOST];
	struct err none = { .kind = ERR_NONE };
	scoped(mem) char *was = NULL;
	size_t size;

	if (name_of(dir, name, path, key_path, e) < 0 || identity(own, ledger, e) < 0)
		return -1;
	if (fd_read_file(&was, &size, path, PLACE_MOST, &none) < 0)
		return access(path, F_OK) == 0 ? err_sys(e, "%s", path) : fd_replace_file(dir, name, 0600, own, strlen(own), e);
	if (strcmp(was, own) == 0)
		return 0;
	return err_set(e, ERR_INPUT, "it is a copy or a backup of the ledger that this key wrote last, and two that go on are two histories; if the other is gone for good, remove %.110s",
		       path);
}

int place_forget(const char *key_path, struct err *e)
{
	char dir[PATH_MAX], name[NAME_MAX], path[PATH_MAX];

	if (name_of(dir, name, path, key_path, e) < 0)
		return -1;
	return unlink(path) < 0 && errno != ENOENT ? err_sys(e, "%s", path) : 0;
}
