/* Values of a record, as the schema's types have them. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "audit/ocsf.h"
#include "base/text.h"

enum { SHA_256 = 3 };

static json_t *list_of(const struct field_value *v)
{
	json_t *list = json_array();
	const char *at;

	for (at = v->text; at < v->text + v->size; at += strlen(at) + 1)
		json_array_append_new(list, json_string(at));
	return list;
}

json_t *ocsf_value(enum field f, const struct field_value *v)
{
	enum field_type type = field_info(f)->type;

	return type == FIELD_TYPE_NUMBER ? json_integer((json_int_t)v->number)
	       : type == FIELD_TYPE_LIST ? list_of(v) : json_stringn(v->text, v->size);
}

bool ocsf_time(json_int_t *out, const struct record *r)
{
	const struct field_value *v = &r->value[FIELD_TIME];
	char text[ASK_TIME + 8];
	struct tm tm = { 0 };
	const char *rest;

	if (!v->set || v->size >= sizeof(text))
		return false;
	memcpy(text, v->text, v->size);
	text[v->size] = '\0';
	rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!rest || rest[0] != '.' || strlen(rest) < 4)
		return false;
	*out = (json_int_t)timegm(&tm) * 1000 + (rest[1] - '0') * 100 + (rest[2] - '0') * 10 + (rest[3] - '0');
	return true;
}

json_t *ocsf_fingerprint(const void *bytes, size_t size)
{
	uint8_t hash[SEAL_HASH];
	char text[2 * SEAL_HASH + 1];

	seal_hash(hash, bytes, size);
	text_hex(text, hash, sizeof(hash));
	return json_pack("{s:i, s:s, s:s}", "algorithm_id", SHA_256, "algorithm", "SHA-256", "value", text);
}
