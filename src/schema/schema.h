/* schema/schema.h - does this value fit that JSON Schema? Bounded, and nothing is ever fetched. */
#ifndef SCHEMA_SCHEMA_H
#define SCHEMA_SCHEMA_H

#include "json/json.h"

enum {
	SCHEMA_DEPTH = 192,		/* schemas within schemas, references counted */
	SCHEMA_WORK = 4 << 20,		/* steps of one check: keywords looked at, characters matched */
	SCHEMA_PARTS = 20000,		/* schemas that one schema may be made of */
	SCHEMA_PATTERN = 1024,		/* bytes of a regular expression */
};

/*
 * 0: it fits. -1: the error says where in the value and what is wrong; ERR_LIMIT: too much work to tell,
 * which callers must treat as not fitting. A value that is NULL is checked as an empty object.
 */
int schema_check(const json_t *schema, const json_t *value, struct err *e) must_use;

/*
 * Can it be enforced: every reference local and to something that is there, every pattern one that we
 * match in linear time, every keyword's value of its shape? The error says where in the schema.
 */
int schema_usable(const json_t *schema, struct err *e) must_use;

/* Names each member of the schema that we neither enforce nor know to say nothing; how many. */
size_t schema_unknown(const json_t *schema, void (*say)(void *to, const char *at, const char *keyword),
		      void *to);

/* Put in what the schema's own "properties" declare as "default" where nothing was given. */
void schema_fill(const json_t *schema, json_t *arguments);

#endif
