/* audit/sightings.h - what others have seen of a ledger, and what it says of who could not be told. */
#ifndef AUDIT_SIGHTINGS_H
#define AUDIT_SIGHTINGS_H

#include "audit/audit.h"
#include "ledger/epochs.h"
#include "ledger/sighting.h"

enum { SIGHTINGS_FILE = 256 << 20 };

/* What a line says of a handover besides; that its record is the last of the signed tree is proved, who signed that is not. */
struct link {
	struct seal_verifier key;
	uint64_t epoch, former, size;	/* former: index of the record of the epoch before; 0: it was the root's */
	uint64_t until;			/* of the next handover by this key's epoch; UINT64_MAX: none is known */
	bool by_root;
	bool revoked;			/* it comes, without the root, from a key that the ledger says is revoked */
};

struct seen {
	struct checkpoint at;
	uint64_t where;		/* line of the file, or record of the spine */
	char *note;		/* owned; NULL: who tells us is believed */
	struct link *link;	/* owned; NULL: it is no handover */
	bool held;		/* the ledger has this root there */
};

struct sightings {
	const char *from, *unit;	/* borrowed: "FILE", "line" */
	struct seen *all;		/* owned; ascending by size once sorted */
	size_t count, room, next;
	struct link **links;		/* owned, what is in it borrowed: those that whoever had to has signed, ascending by size */
	size_t link_count;
};

int sightings_add(struct sightings *s, const struct checkpoint *at, uint64_t where, const char *note, size_t size,
		  struct err *e) must_use;
/* Every checkpoint of this origin, in whatever form of log its lines stand. */
int sightings_read(struct sightings *s, const char *path, const char *origin, struct err *e) must_use;
/* links.c: its handover, if the line has one. */
int link_read(struct link **out, const char *origin, const char *line, size_t size, struct err *e) must_use;
/* Sorted: who follows from whom, from the root and the ledger's own epochs on. */
void links_join(struct sightings *s, const struct epochs *by);
/* By the key of which of them it is signed; NULL: of none. */
const struct link *links_sign(const struct sightings *s, const struct seen *one);
void sightings_sort(struct sightings *s);
void sightings_pass(struct sightings *s, const struct tree *t);		/* a record was taken */
void sightings_judge(struct findings *f, struct sightings *s, const struct epochs *by);
void sightings_free(struct sightings *s);

static inline void leave_sightings(struct sightings *s)
{
	sightings_free(s);
}

/* Who keeps a second record, by the ledger's own anchors and gaps. */
enum { SECONDS = 24 };

struct seconds {
	struct second {
		char name[SEAL_NAME];
		uint64_t upto, gap, since, outages;	/* gap: the record of one that is not over; 0: none */
	} at[SECONDS];
	size_t count;
};

void seconds_take(struct seconds *s, const struct record *r);
void seconds_judge(struct finding *f, const struct seconds *s);

#endif
