/*
 * tests/unit/test_schema_check.c - which values fit which schemas. What the rows say of keywords are facts
 * that JSON-Schema-Test-Suite (json-schema.org, draft 2020-12 and 7) states too; the words are ours.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "schema/schema.h"

static const struct {
	const char *schema, *value;
	bool fits;
} rows[] = {
	/* type */
	{ "{}", "null", true },
	{ "true", "1", true },
	{ "false", "1", false },
	{ "{'type':'integer'}", "1", true },
	{ "{'type':'integer'}", "1.0", true },
	{ "{'type':'integer'}", "1.1", false },
	{ "{'type':'integer'}", "1e300", true },
	{ "{'type':'integer'}", "'1'", false },
	{ "{'type':'number'}", "1", true },
	{ "{'type':'number'}", "true", false },
	{ "{'type':'boolean'}", "0", false },
	{ "{'type':'null'}", "null", true },
	{ "{'type':'null'}", "''", false },
	{ "{'type':'array'}", "{}", false },
	{ "{'type':'object'}", "[]", false },
	{ "{'type':['string','null']}", "null", true },
	{ "{'type':['string','null']}", "1", false },
	{ "{'type':'file'}", "1", false },
	{ "{'type':[]}", "1", false },
	/* enum, const */
	{ "{'enum':[1,'a',{'x':[1]}]}", "{'x':[1.0]}", true },
	{ "{'enum':[1,'a']}", "'b'", false },
	{ "{'enum':[false]}", "0", false },
	{ "{'enum':[0]}", "false", false },
	{ "{'const':{'a':1,'b':2}}", "{'b':2,'a':1}", true },
	{ "{'const':{'a':1}}", "{'a':1,'b':2}", false },
	{ "{'const':[]}", "{}", false },
	{ "{'const':-2.0}", "-2", true },
	/* numbers */
	{ "{'minimum':1.1}", "1.1", true },
	{ "{'minimum':1.1}", "1", false },
	{ "{'minimum':1.1}", "'x'", true },
	{ "{'maximum':3}", "3.00001", false },
	{ "{'exclusiveMinimum':3}", "3", false },
	{ "{'exclusiveMinimum':3}", "4", true },
	{ "{'exclusiveMaximum':3}", "3.0", false },
	{ "{'multipleOf':2}", "10", true },
	{ "{'multipleOf':2}", "7", false },
	{ "{'multipleOf':1.5}", "4.5", true },
	{ "{'multipleOf':1.5}", "35", false },
	{ "{'multipleOf':0.0001}", "0.0075", true },
	{ "{'multipleOf':0.0001}", "0.00751", false },
	{ "{'multipleOf':0.01}", "19.99", true },
	{ "{'multipleOf':0.123456789}", "1e308", false },
	{ "{'multipleOf':0}", "0", false },
	/* strings: by code points */
	{ "{'minLength':2}", "'f'", false },
	{ "{'maxLength':2}", "'\\uD83D\\uDCA9\\uD83D\\uDCA9'", true },
	{ "{'minLength':2}", "'\\uD83D\\uDCA9'", false },
	{ "{'maxLength':2.0}", "'foo'", false },
	{ "{'maxLength':2}", "100", true },
	{ "{'pattern':'a+'}", "'xxaayy'", true },
	{ "{'pattern':'^a*$'}", "'aab'", false },
	{ "{'pattern':'^a*$'}", "true", true },
	{ "{'pattern':'('}", "'('", false },
	/* arrays */
	{ "{'items':{'type':'integer'}}", "[1,2,3]", true },
	{ "{'items':{'type':'integer'}}", "[1,'x']", false },
	{ "{'items':{'type':'integer'}}", "{'0':'x'}", true },
	{ "{'items':false}", "[]", true },
	{ "{'items':false}", "[1]", false },
	{ "{'prefixItems':[{'type':'integer'},{'type':'string'}]}", "[1,'a',true]", true },
	{ "{'prefixItems':[{'type':'integer'},{'type':'string'}]}", "['a',1]", false },
	{ "{'prefixItems':[{}],'items':{'type':'integer'}}", "['x',1]", true },
	{ "{'prefixItems':[{}],'items':{'type':'integer'}}", "['x','y']", false },
	{ "{'items':[{'type':'integer'}],'additionalItems':false}", "[1]", true },
	{ "{'items':[{'type':'integer'}],'additionalItems':false}", "[1,2]", false },
	{ "{'items':[{'type':'integer'}]}", "['x']", false },
	{ "{'additionalItems':false}", "[1,2]", true },
	{ "{'minItems':1}", "[]", false },
	{ "{'maxItems':2}", "[1,2,3]", false },
	{ "{'uniqueItems':true}", "[1,2]", true },
	{ "{'uniqueItems':true}", "[1,1.0]", false },
	{ "{'uniqueItems':true}", "[1,true]", true },
	{ "{'uniqueItems':true}", "[{'a':1,'b':2},{'b':2,'a':1}]", false },
	{ "{'uniqueItems':false}", "[1,1]", true },
	{ "{'contains':{'minimum':5}}", "[3,5]", true },
	{ "{'contains':{'minimum':5}}", "[3]", false },
	{ "{'contains':{'minimum':5}}", "[]", false },
	{ "{'contains':true,'minContains':0}", "[]", true },
	{ "{'contains':{'const':1},'maxContains':1}", "[1,1]", false },
	{ "{'contains':{'const':1},'minContains':2}", "[1,2]", false },
	/* objects */
	{ "{'properties':{'a':{'type':'integer'}}}", "{'a':'x'}", false },
	{ "{'properties':{'a':{'type':'integer'}}}", "{'b':'x'}", true },
	{ "{'properties':{'a':false}}", "{'a':1}", false },
	{ "{'required':['a']}", "{'b':1}", false },
	{ "{'required':['a']}", "[]", true },
	{ "{'additionalProperties':false}", "{'a':1}", false },
	{ "{'properties':{'a':{}},'additionalProperties':false}", "{'a':1}", true },
	{ "{'properties':{'a':{}},'patternProperties':{'^v':{}},'additionalProperties':false}", "{'a':1,'vroom':2}", true },
	{ "{'properties':{'a':{}},'patternProperties':{'^v':{}},'additionalProperties':false}", "{'b':2}", false },
	{ "{'properties':{'a':{}},'additionalProperties':{'type':'boolean'}}", "{'b':1}", false },
	{ "{'patternProperties':{'f.*o':{'type':'integer'}}}", "{'foo':1,'bar':'x'}", true },
	{ "{'patternProperties':{'f.*o':{'type':'integer'}}}", "{'fooo':'x'}", false },
	{ "{'patternProperties':{'(':{}},'additionalProperties':false}", "{'b':2}", false },
	{ "{'propertyNames':{'maxLength':3}}", "{'abc':1}", true },
	{ "{'propertyNames':{'maxLength':3}}", "{'abcd':1}", false },
	{ "{'minProperties':1}", "{}", false },
	{ "{'maxProperties':1}", "{'a':1,'b':2}", false },
	{ "{'dependentRequired':{'a':['b']}}", "{'a':1}", false },
	{ "{'dependentRequired':{'a':['b']}}", "{'b':1}", true },
	{ "{'dependentSchemas':{'a':{'required':['c']}}}", "{'a':1}", false },
	{ "{'dependencies':{'a':['b'],'c':{'minProperties':2}}}", "{'c':1}", false },
	{ "{'dependencies':{'a':['b'],'c':{'minProperties':2}}}", "{'a':1,'b':2}", true },
	/* several */
	{ "{'allOf':[{'minimum':1},{'maximum':3}]}", "2", true },
	{ "{'allOf':[{'minimum':1},{'maximum':3}]}", "4", false },
	{ "{'anyOf':[{'type':'integer'},{'minimum':2}]}", "2.5", true },
	{ "{'anyOf':[{'type':'integer'},{'minimum':2}]}", "1.5", false },
	{ "{'anyOf':[]}", "1", false },
	{ "{'oneOf':[{'type':'integer'},{'minimum':2}]}", "3", false },
	{ "{'oneOf':[{'type':'integer'},{'minimum':2}]}", "1", true },
	{ "{'oneOf':[{'type':'integer'},{'minimum':2}]}", "1.5", false },
	{ "{'not':{'type':'integer'}}", "1", false },
	{ "{'not':{'not':{}}}", "1", true },
	{ "{'if':{'exclusiveMaximum':0},'then':{'minimum':-10},'else':{'multipleOf':2}}", "-1", true },
	{ "{'if':{'exclusiveMaximum':0},'then':{'minimum':-10},'else':{'multipleOf':2}}", "-100", false },
	{ "{'if':{'exclusiveMaximum':0},'then':{'minimum':-10},'else':{'multipleOf':2}}", "3", false },
	{ "{'then':{'const':0}}", "1", true },
	/* references */
	{ "{'$ref':'#/$defs/a','$defs':{'a':{'type':'integer'}}}", "1", true },
	{ "{'$ref':'#/$defs/a','$defs':{'a':{'type':'integer'}}}", "'x'", false },
	{ "{'$ref':'#/$defs/a','maxItems':2,'$defs':{'a':{'type':'array'}}}", "[1,2,3]", false },
	{ "{'$ref':'#/definitions/a~1b%25c','definitions':{'a/b%c':{'const':1}}}", "1", true },
	{ "{'properties':{'next':{'$ref':'#'}},'additionalProperties':false}", "{'next':{'next':{}}}", true },
	{ "{'properties':{'next':{'$ref':'#'}},'additionalProperties':false}", "{'next':{'other':{}}}", false },
	{ "{'$ref':'#/nowhere'}", "1", false },
	{ "{'$ref':'http://localhost/x'}", "1", false },
	/* what says nothing, and what is malformed */
	{ "{'format':'email'}", "'no'", true },
	{ "{'x-other':{'type':'integer'},'default':1,'examples':[1]}", "'x'", true },
	{ "{'minLength':-1}", "'x'", false },
	{ "{'required':[1]}", "{}", false },
	{ "{'properties':[]}", "{}", false },
	{ "{'type':5}", "5", false },
	{ "[]", "1", false },
};

static json_t *read_text(const char *text)
{
	struct err e = { 0 };
	json_t *doc = NULL;
	char bytes[8192];
	size_t i;

	for (i = 0; text[i] && i + 1 < sizeof(bytes); i++)
		bytes[i] = (char)(text[i] == '\'' ? '"' : text[i]);
	if (json_read(&doc, bytes, i, NULL, &e) < 0)
		fail_msg("%s: %s", text, e.text);
	return doc;
}

static void values_fit_or_not(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < count_of(rows); i++) {
		scoped(json) json_t *schema = read_text(rows[i].schema), *value = read_text(rows[i].value);
		struct err e = { 0 };
		bool fits = schema_check(schema, value, &e) == 0;

		if (fits != rows[i].fits)
			fail_msg("%s against %s: %s %s", rows[i].value, rows[i].schema, fits ? "fits" : "does not fit",
				 e.text);
		if (fits == (e.text[0] != '\0'))
			fail_msg("%s against %s: \"%s\"", rows[i].value, rows[i].schema, e.text);
	}
}

/* Where in the value, and what. */
static const struct {
	const char *schema, *value, *says;
} sentences[] = {
	{ "{'properties':{'a':{'items':{'type':'string'}}}}", "{'a':['x',5]}", "/a/1: must be of type string, not an integer" },
	{ "{'required':['path']}", "{}", "path is missing" },
	{ "{'additionalProperties':false}", "{'pa\\u202eth':1}", "pa\\u{202e}th is not declared" },
	{ "{'properties':{'n':{'maximum':9}}}", "{'n':12}", "/n: must be at most 9" },
	{ "{'properties':{'a':{'anyOf':[{'type':'string'},{'type':'null'}]}}}", "{'a':5}", "/a: fits none of the 2 alternatives" },
	{ "{'properties':{'a':{'anyOf':[{'properties':{'x':{'type':'string'}}}]}}}", "{'a':{'x':1}}", "/a/x: must be of type string, not an integer" },
};

static void a_misfit_says_where_and_what(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < count_of(sentences); i++) {
		scoped(json) json_t *schema = read_text(sentences[i].schema),
				    *value = read_text(sentences[i].value);
		struct err e = { 0 };

		assert_int_equal(schema_check(schema, value, &e), -1);
		assert_int_equal(e.kind, ERR_INPUT);
		assert_string_equal(e.text, sentences[i].says);
	}
}

/* Whoever wrote the schema may not make us work without end. */
static const char *const bombs[] = {
	"{'$ref':'#'}",
	"{'not':{'$ref':'#'}}",
	"{'$ref':'#/$defs/a','$defs':{'a':{'$ref':'#/$defs/b'},'b':{'$ref':'#/$defs/a'}}}",
	"{'$defs':{'a':{'anyOf':[{'$ref':'#/$defs/b'},{'$ref':'#/$defs/b'}]},'b':{'anyOf':[{'$ref':'#/$defs/c'},{'$ref':'#/$defs/c'}]},"
	"'c':{'allOf':[{'$ref':'#/$defs/a'},{'$ref':'#/$defs/a'}]}},'not':{'$ref':'#/$defs/a'}}",
};

static void work_is_bounded(void **state)
{
	scoped(json) json_t *value = read_text("[1]");
	size_t i;

	(void)state;
	for (i = 0; i < count_of(bombs); i++) {
		scoped(json) json_t *schema = read_text(bombs[i]);
		struct err e = { 0 };

		assert_int_equal(schema_check(schema, value, &e), -1);
		assert_int_equal(e.kind, ERR_LIMIT);
	}
}

static void many_items_are_compared_within_the_bound(void **state)
{
	scoped(json) json_t *schema = read_text("{'uniqueItems':true}"), *value = json_array();
	struct err e = { 0 };
	int i;

	(void)state;
	for (i = 0; i < 20000; i++)
		json_array_append_new(value, json_integer(i));
	assert_int_equal(schema_check(schema, value, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
}

static void defaults_fill_what_is_missing(void **state)
{
	scoped(json) json_t *schema = read_text("{'properties':{'a':{'default':1},'b':{'default':[2]},'c':{}}}");
	scoped(json) json_t *value = read_text("{'a':5}"), *expected = read_text("{'a':5,'b':[2]}");

	(void)state;
	schema_fill(schema, value);
	assert_true(json_equal(value, expected));
	json_array_append_new(json_object_get(value, "b"), json_integer(3));
	assert_int_equal(json_array_size(json_at(schema, "/properties/b/default")), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_fit_or_not),
		cmocka_unit_test(a_misfit_says_where_and_what),
		cmocka_unit_test(work_is_bounded),
		cmocka_unit_test(many_items_are_compared_within_the_bound),
		cmocka_unit_test(defaults_fill_what_is_missing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
