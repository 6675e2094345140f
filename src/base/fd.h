/* base/fd.h - descriptors and whole files: owned, bounded, never inherited by accident. */
#ifndef BASE_FD_H
#define BASE_FD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* Close *fd unless it is -1, and leave -1 behind. Fits scoped(fd). */
void fd_close(int *fd);

/* Hand a descriptor on: returns *fd and leaves -1. */
int fd_take(int *fd) must_use;

static inline void leave_fd(int *fd)
{
	fd_close(fd);
}

/*
 * The whole of a regular file, as a new NUL-terminated buffer the caller frees. `most` is the
 * largest size accepted, in bytes. Refuses what is no regular file (FIFOs would block us).
 */
int fd_read_file(char **out, size_t *size, const char *path, size_t most, struct err *e) must_use;
int fd_read_all(char **out, size_t *size, int fd, size_t most, struct err *e) must_use;

/* Write every byte, through EINTR and short writes. */
int fd_write_all(int fd, const void *bytes, size_t size, struct err *e) must_use;

/* replace.c: a file in this folder, new or in place of the one there: whole or not at all, and durable. */
int fd_replace_file(const char *dir, const char *name, mode_t mode, const void *bytes, size_t size, struct err *e) must_use;

/* The path that stands for what a descriptor is of, O_PATH or not, whatever its name is by now. Returns `out`. */
enum { FD_NAME = 32 };
const char *fd_name(char out[FD_NAME], int fd);

/* chmod(2) of that, so that no link is followed. */
int fd_chmod(int fd, mode_t mode) must_use;	/* -1 and errno */

/* remove.c: a folder and all in it, however deep, whatever its modes. */
int fd_remove_all(int parent, const char *name, struct err *e) must_use;

/* A sealed, read-only, in-memory file that holds these bytes; offset 0. Returns it in *out. */
int fd_of_bytes(int *out, const char *name, const void *bytes, size_t size, struct err *e) must_use;

/* mkdir -p with `mode` for what is created. An existing directory is left as it is. */
int fd_make_dirs(const char *path, unsigned mode, struct err *e) must_use;

#endif
