/* json/json.h - the strict reader and the writers. The one door to jansson. */
#ifndef JSON_JSON_H
#define JSON_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/scope.h"

enum { JSON_DEPTH = 64, JSON_VALUES = 100000 };

SCOPED(json, json_t *, json_decref)

/* Where something stands in a text: both count from 1; columns in bytes. 0: unknown. */
struct json_place {
	size_t line, column;
};

/*
 * One JSON value (RFC 8259), strictly: UTF-8, no duplicate keys (compared after unescaping), no NUL in strings,
 * no lone surrogates, integers within +-(2^53 - 1), reals finite, at most JSON_DEPTH deep, nothing
 * after it but white space. `place`, if not NULL, is set on failure. The error says what was expected and found.
 */
int json_read(json_t **out, const char *bytes, size_t size, struct json_place *place,
	      struct err *e) must_use;

/* The same for a stranger's message: at most JSON_VALUES values, since each takes far more memory than text. */
int json_read_message(json_t **out, const char *bytes, size_t size, struct err *e) must_use;

/* How many values, itself included. */
size_t json_values(const json_t *value);

/* Compact, members in the order they were read (or set); never fails but for room (`over`). */
bool json_write(struct buf *out, const json_t *value);

/*
 * RFC 8785 restricted to what records hold: objects, arrays, strings, integers; members sorted.
 * false: it does not fit, or the value holds null, true, false or a real.
 */
bool json_canonical(struct buf *out, const json_t *value);

/* The same for any value: reeve-catalogue(5), Canonical form, says how numbers are written. */
bool json_canonical_any(struct buf *out, const json_t *value);

/* A member's text; "" where there is none, or none that is text. */
static inline const char *json_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* RFC 6901: the value a pointer names, or NULL. "" is the whole. Linear in the pointer. */
json_t *json_at(json_t *root, const char *pointer);

/*
 * Where in the bytes (already read without error) the value at this RFC 6901 pointer begins; with
 * `key`, where its member name begins. Used to say file:line:column of a semantic error.
 */
struct json_place json_find(const char *bytes, size_t size, const char *pointer, bool key);

/*
 * An operator's file while it is checked: errors name it with line and column. Returns -1 always,
 * so: return json_wrong(file, "/rules/0/then", false, e, "...").
 */
struct json_file {
	const char *name, *bytes;
	size_t size;
	json_t *root;	/* owned */
	char *loaded;	/* owned: the bytes, if json_file_load() read them */
};

int json_file_load(struct json_file *out, const char *path, size_t most, struct err *e) must_use;
int json_file_parse(struct json_file *out, const char *name, const char *bytes, size_t size,
		    struct err *e) must_use;	/* borrows name and bytes */
void json_file_free(struct json_file *f);	/* also frees what json_file_load() read */
int json_wrong(const struct json_file *f, const char *pointer, bool at_key, struct err *e,
	       const char *fmt, ...) printf_like(5, 6);

/*
 * Check an object against a table of the members it may have; unknown key, missing key and wrong
 * type become json_wrong(). `pointer` names the object. Ends with a row whose key is NULL. As types,
 * JSON_TRUE stands for a boolean, JSON_REAL for any number, JSON_NULL for anything.
 */
enum json_needs { JSON_MAY, JSON_MUST };

struct json_member {
	const char *key;
	json_type type;
	enum json_needs needs;
};

int json_members(const struct json_file *f, const char *pointer, const struct json_member *table,
		 struct err *e) must_use;

#endif
