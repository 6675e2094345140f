/*
 * What looks like a credential, and what only seems to. The credentials are made here and are
 * nobody's; their prefixes are kept apart from the rest so that no scanner of sources takes them for one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "inspect/inspect.h"
#include "json/json.h"

#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
#define HEX "0123456789abcdef"
#define BASE64 ALNUM "+/"
#define WORD ALNUM "_-"

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static void add_random(struct buf *out, const char *alphabet, size_t count, uint32_t *state)
{
	while (count-- > 0)
		buf_add(out, &alphabet[next_random(state) % strlen(alphabet)], 1);
}

/* As GitHub and npm do: the checksum of the rest, of base 62, six digits. */
static void add_checksum(struct buf *out, size_t from)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	uint32_t crc = UINT32_MAX;
	char six[7] = "";
	size_t i;
	int bit;

	for (i = from; i < out->size; i++)
		for (crc ^= (uint8_t)out->data[i], bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	crc = ~crc;
	for (i = 6; i-- > 0; crc /= 62)
		six[i] = digits[crc % 62];
	buf_puts(out, six);
}

static void a_checksum_is_as_its_issuer_makes_it(void **state)
{
	struct buf b = BUF(64);

	(void)state; /* a token its issuer has published as an example, revoked */
	buf_puts(&b, "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ");
	add_checksum(&b, 0);
	assert_string_equal(buf_text(&b) + 30, "0mLq17");
	buf_free(&b);
}

static const struct {
	const char *word, *prefix, *alphabet;
	size_t size;
	const char *behind;
	bool checksum;
} credentials[] = {
	{ "aws-key", "AK" "IA", UPPER, 16, "", false },
	{ "aws-secret", "aws_secret_access" "_key = ", BASE64, 40, "", false },
	{ "aws-secret", "\"SecretAccess" "Key\": \"", BASE64, 40, "\"", false },
	{ "github", "gh" "p_", ALNUM, 30, "", true },
	{ "github", "gh" "s_", ALNUM, 30, "", true },
	{ "github", "github" "_pat_11", ALNUM, 80, "", false },
	{ "npm", "np" "m_", ALNUM, 30, "", true },
	{ "gitlab", "gl" "pat-", WORD, 20, "", false },
	{ "slack", "xo" "xb-123456789012-", ALNUM, 24, "", false },
	{ "slack-hook", "https://hooks.slack" ".com/services/T0AB1CD2E/B0AB1CD2F/", ALNUM, 24, "", false },
	{ "google", "AI" "za", WORD, 35, "", false },
	{ "anthropic", "sk-" "ant-api03-", WORD, 93, "AA", false },
	{ "openai", "sk-" "proj-", WORD, 120, "", false },
	{ "openai", "sk" "-", ALNUM, 48, "", false },
	{ "stripe", "sk_" "live_", ALNUM, 24, "", false },
	{ "pypi", "py" "pi-AgEIcHlwaS5vcmc", WORD, 120, "", false },
	{ "huggingface", "h" "f_", LETTERS, 34, "", false },
	{ "digitalocean", "dop_" "v1_", HEX, 64, "", false },
	{ "azure", "DefaultEndpointsProtocol=https;AccountName=x;Account" "Key=", BASE64, 86, "==", false },
	{ "age", "AGE-SECRET" "-KEY-1", "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58, "", false },
	{ "jwt", "ey" "JhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.ey" "JzdWIiOiIxIn0.", WORD, 43, "", false },
	{ "private-key", "-----BEGIN OPENSSH " "PRIVATE KEY-----\n", BASE64, 70, "\n", false },
	{ "private-key", "-----BEGIN RSA " "PRIVATE KEY-----\\n", BASE64, 64, "\\n", false },
	{ "private-key", "-----BEGIN PGP " "PRIVATE KEY BLOCK-----\n\n", BASE64, 64, "\n", false },
	{ "password-in-url", "postgres://app:", ALNUM, 12, "@db.internal:5432/x", false },
	{ "password-in-url", "redis://:", ALNUM, 20, "@10.0.0.1", false },
};

static void add_credential(struct buf *out, size_t row, uint32_t *state)
{
	size_t from;

	buf_puts(out, credentials[row].prefix);
	from = out->size;
	add_random(out, credentials[row].alphabet, credentials[row].size, state);
	if (credentials[row].checksum)
		add_checksum(out, from);
	buf_puts(out, credentials[row].behind);
}

static void credentials_are_told(void **state)
{
	static const char *const before[] = { "", "export TOKEN=", "{\"a\": \"", "curl -H 'x: ", "see\n", "X_" };
	static const char *const after[] = { "", "\nnext", "\"}", "' https://x/", " end", ", and" };
	struct buf b = BUF(4096);
	uint32_t seed = 7;
	const char *word;
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(credentials) / sizeof(credentials[0]); i++)
		for (j = 0; j < 50 * 6; j++) {
			b.size = 0;
			buf_puts(&b, before[j % 6]);
			add_credential(&b, i, &seed);
			buf_puts(&b, after[j % 6]);
			word = inspect_text_shape(b.data, b.size);
			if (!word || strcmp(word, credentials[i].word) != 0)
				fail_msg("%s: %s", word ? word : "nothing", buf_text(&b));
		}
	buf_free(&b);
}

static void they_are_told_wherever_they_stand(void **state)
{
	struct buf b = BUF(4096);
	uint32_t seed = 3;
	json_t *value;

	(void)state;
	add_credential(&b, 3, &seed);
	value = json_pack("{s:[{s:i, s:s}]}", "a", "b", 1, "c", buf_text(&b));
	assert_string_equal(inspect_shape(value), "github");
	json_decref(value);
	value = json_pack("{s:[{s:i}]}", "a", buf_text(&b), 1);
	assert_string_equal(inspect_shape(value), "github");
	json_decref(value);
	value = json_pack("{s:[{s:i}]}", "a", "b", 1);
	assert_null(inspect_shape(value));
	json_decref(value);
	assert_null(inspect_shape(NULL));
	buf_free(&b);
}

static const char *const innocent[] = {
	"", "a", "The quick brown fox jumps over the lazy dog.",
	"Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore.",
	"550e8400-e29b-41d4-a716-446655440000", "01ARZ3NDEKTSV4RRFFQ69G5FAV",
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"da39a3ee5e6b4b0d3255bfef95601890afd80709", "d41d8cd98f00b204e9800998ecf8427e",
	"sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
	"\"integrity\": \"sha512-Y1a8pYbTpzTs0D6b2vSVx0qwQyWRYk6AJsWR8k6l9kPVNZ0Y3rW5fUo8wJzlJ7Fjz1Pl2J9XQ9bq3ZC0Ls0c9w==\"",
	"go.sum h1:7kJ8mGc1Wq0zBfXvKQ5nZ4Yp2Xr9Lt6Vd3Hs1Ua0eGo=",
	"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
	"-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQGEwJJ\n",
	"-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAu1SU1LfVLPHCozMxH2Mo\n",
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ5K2k1c2VkMTIzNDU2Nzg5MGFiY2RlZmdoaWprbG1u me@host",
	"-----BEGIN " "PRIVATE KEY-----\n...\n-----END " "PRIVATE KEY-----",
	"a line that says -----BEGIN " "PRIVATE KEY----- is a secret", "AKIAIOSFODNN7EXAMPLE", "AKIA", "XAKIAABCDEFGHIJKLMNOP",
	"AKIAAAAAAAAAAAAAAAAA", "aws_secret_access_key = wrong", "aws_secret_access_key: ${AWS_SECRET}",
	"ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "ghp_ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", "ghp_short", "npm_config_cache",
	"npm_lifecycle_event=build npm_package_version=1.2.3", "sk-your-openai-api-key-goes-here-please-thank-you",
	"sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "sk_live_xxxxxxxxxxxxxxxxxxxxxxxx", "sk_test_123",
	"task-force disk-usage risk-assessment-of-the-year-2026-in-the-whole-country", "hf_hub_download", "xoxb-your-token",
	"glpat-xxxxxxxxxxxxxxxxxxxx", "AIzaSyXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX", "pypi-publish", "eyJ", "eyJhbGciOiJIUzI1NiJ9",
	"eyJhIjoxfQ.eyJiIjoyfQ.c2hvcnQ", "eyJub3QiOiJhIGp3dCJ9.eyJiIjoyfQ.abcdefghijklmnopqrstuvwxyz0123456789",
	"https://example.com/a:b@c", "https://user@example.com/x", "https://user:password@example.com/", "git@github.com:a/b.git",
	"https://example.com:8443/path?x=me@example.com", "ssh://git@host:22/x", "http://[::1]:80/@", "a://${USER}:${PASS}@host",
	"postgres://user:<password>@localhost/db", "http://user:***@host", "https://x:xxxx@host", "mailto:me@example.com",
	"https://%(user)s:%(password)s@host", "https://registry.npmjs.org/@types/node/-/node-20.11.5.tgz",
	"int main(int argc, char **argv) { return strcmp(argv[1], \"--help\") ? run(argc, argv) : usage(); }",
	"def sk_live_test(self): return self.client.get('/v1/sk_live_/x')", "SG.com and SG.org are domains",
	"commit 8c72ec0f1b2b0b822cd15d6c15b0f00a08aa55ff\nAuthor: A <a@b.c>", "dapiXXXX", "hvs.example", "whsec_...",
	"AccountKey=<key>", "token = os.environ['GITHUB_TOKEN']", "AGE-SECRET-KEY-1...", "ya29.a0", "PuTTY-User-Key-File-2",
	"const re = /^gh[pousr]_[A-Za-z0-9]{36}$/;", "@babel/plugin-syntax-optional-catch-binding@^7.8.3", "1.2.840.113549.1.1.11",
};

static void what_only_seems_so_is_not(void **state)
{
	const char *word;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(innocent) / sizeof(innocent[0]); i++)
		if ((word = inspect_text_shape(innocent[i], strlen(innocent[i]))))
			fail_msg("%s: %s", word, innocent[i]);
}

/* A megabyte each of what holds no credential but by accident, always the same. */
static void chance_makes_none(void **state)
{
	static const char *const alphabets[] = { HEX, HEX "-", BASE64, WORD, ALNUM, "01 \n", BASE64 "\n", WORD " ./:@=" };
	struct buf b = BUF((1 << 20) + 1);
	const char *word;
	uint32_t seed = 42;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(alphabets) / sizeof(alphabets[0]); i++) {
		b.size = 0;
		add_random(&b, alphabets[i], 1 << 20, &seed);
		word = inspect_text_shape(b.data, b.size);
		if (word)
			fail_msg("%s in row %zu", word, i);
	}
	buf_free(&b);
}

/* Prefixes over and over: each start may cost no more than the next. Time is what would fail here. */
static void beginnings_cost_no_more_than_their_length(void **state)
{
	static const char *const starts[] = { "sk-", "eyJ", "://", "-----BEGIN ", "sk-ant-", "github_pat_", "eyJhbGciOiJI.eyJ",
					      "xoxb-sk-", "aws_secret_access_key" };
	struct buf b = BUF(5 << 20);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		for (b.size = 0; b.size < 4 << 20;)
			buf_puts(&b, starts[i]);
		assert_null(inspect_text_shape(b.data, b.size));
	}
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_checksum_is_as_its_issuer_makes_it),
		cmocka_unit_test(credentials_are_told),
		cmocka_unit_test(they_are_told_wherever_they_stand),
		cmocka_unit_test(what_only_seems_so_is_not),
		cmocka_unit_test(chance_makes_none),
		cmocka_unit_test(beginnings_cost_no_more_than_their_length),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
