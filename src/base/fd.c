#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/scope.h"

void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int fd_take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

const char *fd_name(char out[FD_NAME], int fd)
{
	snprintf(out, FD_NAME, "/proc/self/fd/%d", fd);
	return out;
}

/* One read through EINTR; 0 at the end of the file. */
static ssize_t read_some(int fd, char *into, size_t room)
{
	ssize_t got;

	do
		got = read(fd, into, room);
	while (got < 0 && errno == EINTR);
	return got;
}

/* Grows as the file does. One that fits the first piece is never moved: a secret leaves no copies behind. */
int fd_read_all(char **out, size_t *size, int fd, size_t most, struct err *e)
{
	enum { PIECE = 64 << 10 };
	scoped(buf) struct buf all = BUF(most + 1);
	ssize_t got = 1;

	while (got > 0 && all.size <= most) {
		if (!buf_reserve(&all, all.size ? 1 : most < PIECE ? most + 1 : PIECE))
			return err_sys(e, "memory for a file");
		got = read_some(fd, all.data + all.size, all.room - all.size);
		all.size += got > 0 ? (size_t)got : 0;
	}
	if (got < 0)
		return err_sys(e, "read");
	if (all.size > most)
		return err_set(e, ERR_LIMIT, "larger than %zu bytes", most);
	if (!buf_text(&all))
		return err_sys(e, "memory for a file");
	*size = all.size;
	*out = take(&all.data);
	return 0;
}

int fd_write_all(int fd, const void *bytes, size_t size, struct err *e)
{
	const char *at = bytes;
	ssize_t done;

	while (size > 0) {
		done = write(fd, at, size);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return err_sys(e, "write");
		at += done;
		size -= (size_t)done;
	}
	return 0;
}

int fd_of_bytes(int *out, const char *name, const void *bytes, size_t size, struct err *e)
{
	scoped(fd) int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return err_sys(e, "memory file %s", name);
	if (fd_write_all(fd, bytes, size, e) < 0)
		return err_in(e, "memory file %s", name);
	if (lseek(fd, 0, SEEK_SET) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		return err_sys(e, "seal memory file %s", name);
	*out = fd_take(&fd);
	return 0;
}
