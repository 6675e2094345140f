/* audit/view.h - a published ledger: a folder in the layout of C2SP tlog-tiles. reeve-ledger(5), PUBLISHED VIEW. */
#ifndef AUDIT_VIEW_H
#define AUDIT_VIEW_H

#include "audit/audit.h"

enum {
	TILE_WIDTH = 256,		/* hashes in a full tile, records in a full bundle */
	TILE_LEVELS = 8,
	TILE_ENTRIES = -1,		/* in place of a level: a bundle of records */
	TILE_MOST = TILE_WIDTH * (2 + RECORD_MOST),
	VIEW_PATH = 64,
	VIEW_BATCH = 256,		/* files that share a flush */
};

struct tile {
	int level;		/* or TILE_ENTRIES */
	uint64_t n;
	unsigned width;		/* TILE_WIDTH: full */
};

struct view {
	const char *path;	/* borrowed: the folder, as the operator named it */
	int dir;		/* owned */
	size_t epochs;		/* of the ledger, but for the root: each has its handover here */
	uint64_t published;	/* what the checkpoint that lies there says; 0: there is none */
	struct tile batch[VIEW_BATCH];	/* written under another name, not yet on disk */
	size_t waiting;
	uint64_t made, kept;
};

/* --- names: tile/<L>/<N>[.p/<W>] and tile/entries/<N>[.p/<W>] (view_name.c) --- */

void tile_name(char out[VIEW_PATH], const struct tile *t);
bool tile_parse(struct tile *out, const char *path);
/* Hashes at its level (or records) in a tree of `size`. */
uint64_t tile_hashes(const struct tile *t, uint64_t size);
/* How many of them this tile holds in that tree: 0 to TILE_WIDTH. */
unsigned tile_width(const struct tile *t, uint64_t size);
/* Bytes of the first `width` hashes or records; 0 if there are not that many. */
size_t tile_prefix(const struct tile *t, const char *bytes, size_t size, unsigned width);

/* "epochs/7": the handover to epoch 7. */
void epoch_name(char out[VIEW_PATH], size_t number);
bool epoch_parse(size_t *out, const char *path);

/* --- the folder. Where what lies there is not what should, the error is ERR_INPUT and names it. --- */

/* `make`: for writing; made if it is not there, and nobody else writes meanwhile. */
int view_open(struct view *out, const char *path, bool make, struct err *e) must_use;
void view_close(struct view *v);

static inline void leave_view(struct view *v)
{
	view_close(v);
}

/* Never over a link. Returns whether it was there. */
int view_file(int *out, const struct view *v, const char *name, struct err *e) must_use;
int view_read(bool *there, char **out, size_t *size, const struct view *v, const char *name, size_t most,
	      struct err *e) must_use;

/* Nothing is there that does not belong to a ledger of this size, and of v->epochs; what an interrupted publish left goes (view_scan.c). */
int view_scan(const struct view *v, uint64_t size, struct err *e) must_use;

/* This tile, these bytes: kept if it is there and the same, else made. With it go its shorter forms, once it is full. */
int view_put(struct view *v, const struct tile *t, const char *bytes, size_t size, struct err *e) must_use;
/* The handover to epoch `number`, as tiles are put; it never changes. */
int view_put_epoch(struct view *v, size_t number, const char *proof, size_t size, struct err *e) must_use;
/* All that was put is on disk under its name; then the checkpoint, last. */
int view_seal(struct view *v, const char *checkpoint, size_t size, struct err *e) must_use;

#endif
