/* audit/ocsf.h - a record as an event of the Open Cybersecurity Schema Framework. */
#ifndef AUDIT_OCSF_H
#define AUDIT_OCSF_H

#include "audit/ask.h"
#include "json/json.h"

#define OCSF_VERSION "1.9.0"

/* A line of canonical JSON. false: no memory, or a record that names no ledger. */
bool ocsf_put(struct buf *line, const struct joined *j);

/* ocsf_value.c: new references. */
json_t *ocsf_value(enum field f, const struct field_value *v);
json_t *ocsf_fingerprint(const void *bytes, size_t size);	/* SHA-256 */
bool ocsf_time(json_int_t *out, const struct record *r);	/* milliseconds since 1970; false: none that can be read */

#endif
