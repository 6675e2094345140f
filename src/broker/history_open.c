/* The file of a history: is it one, and which time is it by its clock? */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "broker/cells.h"

static uint64_t ms_of(clockid_t clock)
{
	struct timespec t = { 0 };

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

struct history_time history_now(void)
{
	return (struct history_time){ ms_of(CLOCK_BOOTTIME), ms_of(CLOCK_REALTIME) };
}

bool history_distrust(struct history *h, const char *why)
{
	if (!h->doubt[0])
		snprintf(h->doubt, sizeof(h->doubt), "%s", why);
	return false;
}

const char *history_doubt(const struct history *h)
{
	return h->doubt[0] ? h->doubt : NULL;
}

static bool map(struct history *h, int fd)
{
	struct stat st;
	void *memory;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return history_distrust(h, "it is no file");
	if (st.st_size != HISTORY_SIZE)
		return history_distrust(h, "it is not as long as it was made");
	memory = mmap(NULL, HISTORY_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return history_distrust(h, "it cannot be mapped");
	h->memory = memory;
	h->mapped = true;
	(void)madvise(memory, HISTORY_SIZE, MADV_RANDOM);	/* what is read ahead would count as written */
	return true;
}

/*
 * From *to on, what has ever been written: all else is zeros, which are not read, because each page of them would cost
 * every run a fault and its memory. Where the filesystem does not tell, it is all of it.
 */
static bool next_written(int fd, size_t *from, size_t *to)
{
	off_t data = lseek(fd, (off_t)*to, SEEK_DATA), hole;

	if (data < 0 && errno == ENXIO)
		return false;
	hole = data < 0 ? -1 : lseek(fd, data, SEEK_HOLE);
	*from = data < 0 ? *to : (size_t)data;
	*to = hole > data && hole < HISTORY_SIZE ? (size_t)hole : HISTORY_SIZE;
	return *from < HISTORY_SIZE;
}

/* Apart from the end, which is marked before the beginning. */
static bool is_empty(const struct history *h, int fd)
{
	size_t i, from, to = 0, end = HISTORY_SIZE / sizeof(word) - 1;
	word *at = h->memory;

	while (next_written(fd, &from, &to))
		for (i = from / sizeof(*at); i < to / sizeof(*at) && i < end; i++)
			if (atomic_load(&at[i]))
				return false;
	return true;
}

/* Another run may be doing the same. */
static bool begin(struct history *h, int fd)
{
	word *end = &h->cells[CELLS - 1].mark;
	uint64_t none = 0;

	if (atomic_load(&h->head->magic) == 0 && is_empty(h, fd)) {
		atomic_compare_exchange_strong(end, &none, MAGIC);
		none = 0;
		atomic_compare_exchange_strong(&h->head->magic, &none, MAGIC);
	}
	if (atomic_load(&h->head->magic) != MAGIC)
		return history_distrust(h, "it does not begin as one");
	return atomic_load(end) == MAGIC || history_distrust(h, "its end is missing");
}

/* Two different boots without an id are not the same one. */
static bool knows_boot(uint64_t *shift, uint64_t read, uint64_t id)
{
	return read && id != MAGIC && checked(shift, read, TIME_BITS, id);
}

/* The first run of a boot says how far its clock is from ours. */
static bool set_clock(struct history *h, const char *boot, struct history_time now)
{
	uint64_t id = MAGIC, read = atomic_load(&h->head->latest), latest = 0, from, known;

	for (; *boot; boot++)
		id = mix(id, (unsigned char)*boot);
	if (read && !checked(&latest, read, TIME_BITS, MAGIC))
		return history_distrust(h, "its beginning is damaged");
	from = latest > now.wall_ms ? latest : now.wall_ms;
	h->shift = from > now.boot_ms ? from - now.boot_ms : 0;
	read = atomic_load(&h->head->shift);
	if (knows_boot(&known, read, id) ||
	    (!atomic_compare_exchange_strong(&h->head->shift, &read, check(h->shift, TIME_BITS, id)) &&
	     knows_boot(&known, read, id)))
		h->shift = known;
	return true;
}

bool cell_read(struct history *h, struct cell *c, uint64_t key, uint64_t *amount, uint64_t *until)
{
	bool good = checked(amount, atomic_load(&c->amount), AMOUNT_BITS, key) &&
		    checked(until, atomic_load(&c->until), TIME_BITS, key);

	if (good)
		return true;
	*amount = *until = 0;
	return atomic_load(&c->key) != key || history_distrust(h, "a counter in it is damaged");
}

static bool look_between(struct history *h, size_t i, size_t end)
{
	uint64_t key, amount, until;

	for (; i < end && i < CELLS; i++) {
		key = atomic_load(&h->cells[i].key);
		if (key > TAKEN && !cell_read(h, &h->cells[i], key, &amount, &until))
			return false;
	}
	return true;
}

static bool look_through(struct history *h, int fd)
{
	size_t from, to = HEAD;

	while (next_written(fd, &from, &to))
		if (!look_between(h, (from - HEAD) / sizeof(struct cell), (to - HEAD) / sizeof(struct cell)))
			return false;
	return true;
}

static struct history *make(void *memory)
{
	struct history *h = calloc(1, sizeof(*h));

	if (h)
		h->memory = memory;
	return h;
}

static void lay_out(struct history *h)
{
	h->head = h->memory;
	h->cells = (struct cell *)(void *)((char *)h->memory + HEAD);
}

int history_open(struct history **out, int fd, const char *boot, struct history_time now, struct err *e)
{
	struct history *h = make(NULL);

	if (!h)
		return err_sys(e, "memory for a history");
	*out = h;
	if (!map(h, fd))
		return 0;
	lay_out(h);
	if (begin(h, fd) && set_clock(h, boot, now))
		look_through(h, fd);
	return 0;
}

/* Most of it is never touched, and so is not there. */
int history_new(struct history **out, struct err *e)
{
	void *memory = calloc(1, HISTORY_SIZE);
	struct history *h = memory ? make(memory) : NULL;

	if (!h) {
		free(memory);
		return err_sys(e, "memory for what a run has done");
	}
	lay_out(h);
	*out = h;
	return 0;
}

void history_free(struct history *h)
{
	if (h && h->mapped)
		munmap(h->memory, HISTORY_SIZE);
	else if (h)
		free(h->memory);
	free(h);
}
