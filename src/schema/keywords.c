/* Every keyword we know: what its value must be, what stands below it, and how it is asked. */
#include <string.h>

#include "schema/check.h"

static const struct keyword keywords[] = {
	{ "$anchor", SHAPE_TEXT, BELOW_NOTHING, NULL },
	{ "$comment", SHAPE_ANY, BELOW_NOTHING, NULL },
	{ "$defs", SHAPE_MAP, BELOW_MAP, NULL },
	{ "$id", SHAPE_TEXT, BELOW_NOTHING, NULL },
	{ "$ref", SHAPE_TEXT, BELOW_NOTHING, holds_ref },
	{ "$schema", SHAPE_TEXT, BELOW_NOTHING, NULL },
	{ "additionalItems", SHAPE_SCHEMA, BELOW_ONE, holds_additional_items },
	{ "additionalProperties", SHAPE_SCHEMA, BELOW_ONE, holds_additional },
	{ "allOf", SHAPE_LIST, BELOW_LIST, holds_all },
	{ "anyOf", SHAPE_LIST, BELOW_LIST, holds_any },
	{ "const", SHAPE_ANY, BELOW_NOTHING, holds_const },
	{ "contains", SHAPE_SCHEMA, BELOW_ONE, holds_contains },
	{ "contentEncoding", SHAPE_TEXT, BELOW_NOTHING, NULL },
	{ "contentMediaType", SHAPE_TEXT, BELOW_NOTHING, NULL },
	{ "contentSchema", SHAPE_SCHEMA, BELOW_ONE, NULL },
	{ "default", SHAPE_ANY, BELOW_NOTHING, NULL },
	{ "definitions", SHAPE_MAP, BELOW_MAP, NULL },
	{ "dependencies", SHAPE_MAP, BELOW_NOTHING, holds_dependencies },
	{ "dependentRequired", SHAPE_MAP, BELOW_NOTHING, holds_dependent },
	{ "dependentSchemas", SHAPE_MAP, BELOW_MAP, holds_schemas },
	{ "deprecated", SHAPE_ANY, BELOW_NOTHING, NULL },
	{ "description", SHAPE_ANY, BELOW_NOTHING, NULL },
	{ "else", SHAPE_SCHEMA, BELOW_ONE, NULL },
	{ "enum", SHAPE_LIST, BELOW_NOTHING, holds_enum },
	{ "examples", SHAPE_ANY, BELOW_NOTHING, NULL },
	{ "exclusiveMaximum", SHAPE_NUMBER, BELOW_NOTHING, holds_below },
	{ "exclusiveMinimum", SHAPE_NUMBER, BELOW_NOTHING, holds_above },
	{ "format", SHAPE_TEXT, BELOW_NOTHING, NULL },
	{ "if", SHAPE_SCHEMA, BELOW_ONE, holds_if },
	{ "items", SHAPE_SCHEMA | SHAPE_LIST, BELOW_EITHER, holds_items },
	{ "maxContains", SHAPE_COUNT, BELOW_NOTHING, NULL },
	{ "maxItems", SHAPE_COUNT, BELOW_NOTHING, holds_max_items },
	{ "maxLength", SHAPE_COUNT, BELOW_NOTHING, holds_max_length },
	{ "maxProperties", SHAPE_COUNT, BELOW_NOTHING, holds_max_members },
	{ "maximum", SHAPE_NUMBER, BELOW_NOTHING, holds_most },
	{ "minContains", SHAPE_COUNT, BELOW_NOTHING, NULL },
	{ "minItems", SHAPE_COUNT, BELOW_NOTHING, holds_min_items },
	{ "minLength", SHAPE_COUNT, BELOW_NOTHING, holds_min_length },
	{ "minProperties", SHAPE_COUNT, BELOW_NOTHING, holds_min_members },
	{ "minimum", SHAPE_NUMBER, BELOW_NOTHING, holds_least },
	{ "multipleOf", SHAPE_NUMBER, BELOW_NOTHING, holds_multiple },
	{ "not", SHAPE_SCHEMA, BELOW_ONE, holds_not },
	{ "oneOf", SHAPE_LIST, BELOW_LIST, holds_one },
	{ "pattern", SHAPE_TEXT, BELOW_NOTHING, holds_pattern },
	{ "patternProperties", SHAPE_MAP, BELOW_MAP, holds_patterns },
	{ "prefixItems", SHAPE_LIST, BELOW_LIST, holds_prefix },
	{ "properties", SHAPE_MAP, BELOW_MAP, holds_properties },
	{ "propertyNames", SHAPE_SCHEMA, BELOW_ONE, holds_names },
	{ "readOnly", SHAPE_ANY, BELOW_NOTHING, NULL },
	{ "required", SHAPE_LIST, BELOW_NOTHING, holds_required },
	{ "then", SHAPE_SCHEMA, BELOW_ONE, NULL },
	{ "title", SHAPE_ANY, BELOW_NOTHING, NULL },
	{ "type", SHAPE_TEXT | SHAPE_LIST, BELOW_NOTHING, holds_type },
	{ "uniqueItems", SHAPE_BOOL, BELOW_NOTHING, holds_unique },
	{ "writeOnly", SHAPE_ANY, BELOW_NOTHING, NULL },
};

static int by_name(const void *name, const void *keyword)
{
	return strcmp(name, ((const struct keyword *)keyword)->name);
}

const struct keyword *keyword_named(const char *name)
{
	return bsearch(name, keywords, count_of(keywords), sizeof(keywords[0]), by_name);
}

bool keyword_shaped(const struct keyword *k, const json_t *its)
{
	unsigned shape = 0;

	if (k->shapes == SHAPE_ANY)
		return true;
	if (json_is_boolean(its))
		shape = SHAPE_BOOL;
	else if (json_is_number(its))
		shape = SHAPE_NUMBER |
			(is_whole(its) && json_number_value(its) >= 0 ? SHAPE_COUNT : 0);
	else if (json_is_string(its))
		shape = SHAPE_TEXT;
	else if (json_is_array(its))
		shape = SHAPE_LIST;
	else if (json_is_object(its))
		shape = SHAPE_MAP;
	return (shape & k->shapes) != 0;
}
