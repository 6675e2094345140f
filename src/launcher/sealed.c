/*
 * The first process of a jail is a fork of the launcher, so its /proc/PID/exe, and for the moment
 * of an exec the program's own, names the file reeve was started from: where that file can be
 * written by this user, whoever gets hold of it inside would be executed by the operator's next run
 * (CVE-2019-5736). So a run works from a copy in memory that the kernel lets nobody write, root
 * included; unless this user could not write the file anyhow, as with a system's package run by an
 * ordinary user. Only `run` needs it: broker and recorder are never in a jail with anybody else.
 *
 * The copy must still find the programs that lie beside the original. It carries that place as its
 * last bytes, sealed with the rest, so neither arguments nor environment are asked.
 */
#include "launcher/sealed.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/scope.h"

#define SELF "/proc/self/exe"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010u
#endif

enum { SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE, HEADERS = 64 };

bool sealed_origin(char *out, size_t room)
{
	scoped(fd) int fd = open(SELF, O_RDONLY | O_CLOEXEC);
	char place[PATH_MAX];
	off_t end;

	if (fd < 0 || fcntl(fd, F_GET_SEALS) != SEALS)
		return false;
	end = lseek(fd, 0, SEEK_END);
	if (end < PATH_MAX || pread(fd, place, PATH_MAX, end - PATH_MAX) != PATH_MAX ||
	    place[0] != '/' || strnlen(place, PATH_MAX) >= room)
		return false;
	memcpy(out, place, strlen(place) + 1);
	return true;
}

/* Neither by this user nor by what has only this user's id: then the file needs no copy. */
static bool is_beyond_us(int fd)
{
	struct stat st;

	return geteuid() != 0 && fstat(fd, &st) == 0 && st.st_uid != geteuid() &&
	       faccessat(AT_FDCWD, SELF, W_OK, AT_EACCESS) < 0;
}

/* Where the part that is loaded ends: what follows is for debuggers, and need not be copied. */
static int loaded_size(off_t *out, int fd, struct err *e)
{
	Elf64_Phdr parts[HEADERS];
	Elf64_Ehdr head;
	off_t end = 0;
	size_t i, size;

	if (pread(fd, &head, sizeof(head), 0) != sizeof(head) || head.e_phnum > HEADERS ||
	    head.e_phentsize != sizeof(parts[0]))
		return err_set(e, ERR_SYSTEM, SELF " is no program this reeve understands");
	size = head.e_phnum * sizeof(parts[0]);
	if (pread(fd, parts, size, (off_t)head.e_phoff) != (ssize_t)size)
		return err_sys(e, SELF);
	for (i = 0; i < head.e_phnum; i++)
		if (parts[i].p_type == PT_LOAD &&
		    (off_t)(parts[i].p_offset + parts[i].p_filesz) > end)
			end = (off_t)(parts[i].p_offset + parts[i].p_filesz);
	*out = end;
	return 0;
}

/* Kernels before 6.3 do not know MFD_EXEC; later ones may be set to want it. */
static int make_memory(struct err *e)
{
	int fd = memfd_create("reeve", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("reeve", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0 && errno == EACCES)
		return err_sys(e,
			       "memory that can be executed (sysctl vm.memfd_noexec=1 allows it)");
	return fd < 0 ? err_sys(e, "memory for a copy") : fd;
}

static int copy(int to, int from, struct err *e)
{
	char place[PATH_MAX] = { 0 };
	off_t end = 0;
	void *bytes;

	if (loaded_size(&end, from, e) < 0)
		return -1;
	bytes = mmap(NULL, (size_t)end, PROT_READ, MAP_PRIVATE | MAP_POPULATE, from, 0);
	if (bytes == MAP_FAILED)
		return err_sys(e, SELF);
	if (fd_write_all(to, bytes, (size_t)end, e) < 0)
		return -1;
	if (readlink(SELF, place, sizeof(place) - 1) < 0)
		return err_sys(e, SELF);
	if (fd_write_all(to, place, sizeof(place), e) < 0)
		return -1;
	return fcntl(to, F_ADD_SEALS, SEALS) < 0 ? err_sys(e, "seal") : 0;
}

int sealed_enter(char **argv, struct err *e)
{
	char ignored[PATH_MAX];
	scoped(fd) int from = -1;
	scoped(fd) int to = -1;

	/* Its name would otherwise be that of a descriptor: pgrep(1) and ps(1) show it. */
	if (sealed_origin(ignored, sizeof(ignored)))
		return prctl(PR_SET_NAME, "reeve") < 0 ? err_sys(e, "name") : 0;
	from = open(SELF, O_RDONLY | O_CLOEXEC);
	if (from < 0)
		return err_sys(e, SELF " (is /proc mounted?)");
	if (is_beyond_us(from))
		return 0;
	to = make_memory(e);
	if (to < 0 || copy(to, from, e) < 0)
		return err_in(e, "sealed copy of reeve");
	syscall(SYS_execveat, to, "", argv, environ, AT_EMPTY_PATH);
	return err_sys(e, "sealed copy of reeve");
}
