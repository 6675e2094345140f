/* schema/check.h - one check on its way, and the keywords; private to schema. */
#ifndef SCHEMA_CHECK_H
#define SCHEMA_CHECK_H

#include <stdint.h>

#include "schema/schema.h"

enum { WHERE_MOST = 512 };

struct check {
	const json_t *root;	/* what "#" means */
	size_t work;		/* left */
	unsigned depth, quiet;	/* quiet: within what may fail without the whole failing */
	char where[WHERE_MOST];	/* pointer into the value; cut when too deep to tell */
	size_t at;
	struct err *e;
};

/* One keyword of a schema about one value. `its` is the keyword's own value. */
struct look {
	const json_t *schema, *its, *value;
};

/* What stands below a keyword. */
enum below { BELOW_NOTHING, BELOW_ONE, BELOW_LIST, BELOW_MAP, BELOW_EITHER };

/* The shapes its value may have, as bits. */
enum {
	SHAPE_BOOL = 1, SHAPE_NUMBER = 2, SHAPE_COUNT = 4, SHAPE_TEXT = 8, SHAPE_LIST = 16, SHAPE_MAP = 32,
	SHAPE_SCHEMA = SHAPE_BOOL | SHAPE_MAP, SHAPE_ANY = 63,
};

struct keyword {
	const char *name;
	unsigned shapes;
	enum below below;
	bool (*holds)(struct check *c, const struct look *l);	/* NULL: an annotation */
};

/* jansson's iterators want a pointer that is not const, though they change nothing. */
static inline json_t *to_read(const json_t *value)
{
	return (json_t *)(uintptr_t)value;
}

const struct keyword *keyword_named(const char *name);
bool keyword_shaped(const struct keyword *k, const json_t *its);

/* Against a whole schema; false: it does not fit, or c->work is spent. */
bool check_schema(struct check *c, const json_t *schema, const json_t *value);
/* The same, of a part of the value. */
bool check_member(struct check *c, const json_t *schema, const json_t *value, const char *key);
bool check_item(struct check *c, const json_t *schema, const json_t *value, size_t index);
/* Does it fit, if nobody needs to know why not? */
bool check_quietly(struct check *c, const json_t *schema, const json_t *value);

/* Says why it does not fit, unless that is nobody's matter. Always false. */
bool does_not_fit(struct check *c, const char *fmt, ...) printf_like(2, 3);
bool spend(struct check *c, size_t work);

/* A local reference's schema; NULL: there is none. */
const json_t *ref_target(const json_t *root, const char *ref);

/* As JSON Schema has it: 1 is 1.0, and the order of members is nothing. */
bool same_value(struct check *c, const json_t *a, const json_t *b);
bool is_whole(const json_t *value);

/* assert.c */
bool holds_type(struct check *c, const struct look *l);
bool holds_enum(struct check *c, const struct look *l);
bool holds_const(struct check *c, const struct look *l);
bool holds_pattern(struct check *c, const struct look *l);
bool holds_required(struct check *c, const struct look *l);
bool holds_unique(struct check *c, const struct look *l);
bool holds_multiple(struct check *c, const struct look *l);
bool holds_least(struct check *c, const struct look *l);
bool holds_most(struct check *c, const struct look *l);
bool holds_above(struct check *c, const struct look *l);
bool holds_below(struct check *c, const struct look *l);
bool holds_min_length(struct check *c, const struct look *l);
bool holds_max_length(struct check *c, const struct look *l);
bool holds_min_items(struct check *c, const struct look *l);
bool holds_max_items(struct check *c, const struct look *l);
bool holds_min_members(struct check *c, const struct look *l);
bool holds_max_members(struct check *c, const struct look *l);
bool holds_dependent(struct check *c, const struct look *l);

/* apply.c */
bool holds_ref(struct check *c, const struct look *l);
bool holds_all(struct check *c, const struct look *l);
bool holds_any(struct check *c, const struct look *l);
bool holds_one(struct check *c, const struct look *l);
bool holds_not(struct check *c, const struct look *l);
bool holds_if(struct check *c, const struct look *l);
bool holds_properties(struct check *c, const struct look *l);
bool holds_patterns(struct check *c, const struct look *l);
bool holds_additional(struct check *c, const struct look *l);
bool holds_names(struct check *c, const struct look *l);
bool holds_dependencies(struct check *c, const struct look *l);
bool holds_schemas(struct check *c, const struct look *l);
bool holds_prefix(struct check *c, const struct look *l);
bool holds_items(struct check *c, const struct look *l);
bool holds_additional_items(struct check *c, const struct look *l);
bool holds_contains(struct check *c, const struct look *l);

#endif
