/*
 * SSHSIG, as OpenSSH's PROTOCOL.sshsig and PROTOCOL.u2f have it. What the signature covers is built here from what
 * the caller expects, never from what the blob says of itself; and one signature has one form, so that bytes that
 * verify are the bytes that were made.
 */
#include <sodium.h>
#include <string.h>

#include "seal/ssh_parts.h"

static const char MAGIC[] = { 'S', 'S', 'H', 'S', 'I', 'G' };

enum { VERSION = 1, PRESENT = 0x01, SIGNATURE = crypto_sign_BYTES, DIGEST_MOST = crypto_hash_sha512_BYTES, NAMESPACE_MOST = 255 };

static void sha512(uint8_t *out, const void *bytes, size_t size)
{
	crypto_hash_sha512(out, bytes, size);
}

static void sha256(uint8_t *out, const void *bytes, size_t size)
{
	seal_hash(out, bytes, size);
}

static const struct hash {
	const char *name;
	void (*of)(uint8_t *out, const void *bytes, size_t size);
	size_t size;
} hashes[] = {
	{ "sha256", sha256, crypto_hash_sha256_BYTES },
	{ "sha512", sha512, crypto_hash_sha512_BYTES },
};

/* The parts of a blob, all of them borrowed from it. */
struct parts {
	struct ssh_bytes key, namespace, reserved, hash, signature;
};

static int parts_read(struct parts *p, const uint8_t *bytes, size_t size, struct err *e)
{
	struct ssh_bytes from = { bytes, size };
	uint32_t version;

	if (size < sizeof(MAGIC) || memcmp(bytes, MAGIC, sizeof(MAGIC)) != 0)
		return err_set(e, ERR_INPUT, "not an SSH signature");
	from.at += sizeof(MAGIC);
	from.left -= sizeof(MAGIC);
	if (!ssh_take_number(&version, &from) || version != VERSION)
		return err_set(e, ERR_INPUT, "an SSH signature of a version other than %d", VERSION);
	if (!ssh_take_string(&p->key, &from) || !ssh_take_string(&p->namespace, &from) ||
	    !ssh_take_string(&p->reserved, &from) || !ssh_take_string(&p->hash, &from) ||
	    !ssh_take_string(&p->signature, &from) || from.left != 0)
		return err_set(e, ERR_INPUT, "a broken SSH signature: it is cut off, or something follows it");
	/* Not covered by the signature: anybody could write something here. */
	if (p->reserved.left != 0)
		return err_set(e, ERR_INPUT, "an SSH signature with something in its reserved part");
	return 0;
}

static const struct hash *hash_named(const struct ssh_bytes *name)
{
	size_t i;

	for (i = 0; i < count_of(hashes); i++)
		if (ssh_is(name, hashes[i].name))
			return &hashes[i];
	return NULL;
}

static void add_string(struct buf *out, const void *bytes, size_t size)
{
	const uint8_t length[4] = { (uint8_t)(size >> 24), (uint8_t)(size >> 16), (uint8_t)(size >> 8), (uint8_t)size };

	buf_add(out, length, sizeof(length));
	buf_add(out, bytes, size);
}

/* What was signed, or what the authenticator was given to sign. */
static bool covered(struct buf *out, const char *namespace, const struct hash *h, const void *message, size_t size)
{
	uint8_t digest[DIGEST_MOST];

	h->of(digest, message, size);
	buf_add(out, MAGIC, sizeof(MAGIC));
	add_string(out, namespace, strlen(namespace));
	add_string(out, "", 0);
	add_string(out, h->name, strlen(h->name));
	add_string(out, digest, h->size);
	return !out->over;
}

/* An authenticator signs the hash of what it was given, for whom, how often it has signed, and what it has seen. */
static bool attested(struct buf *out, const struct ssh_key *k, const uint8_t seen[5], const struct buf *given)
{
	uint8_t application[SEAL_HASH], digest[SEAL_HASH];

	seal_hash(application, k->application.at, k->application.left);
	seal_hash(digest, given->data, given->size);
	buf_add(out, application, sizeof(application));
	buf_add(out, seen, 5);	/* one byte of flags, four of counter */
	buf_add(out, digest, sizeof(digest));
	return !out->over;
}

static int signature_good(const struct ssh_key *k, struct ssh_bytes from, const struct buf *given, struct err *e)
{
	scoped(buf) struct buf said = BUF(256);
	struct ssh_bytes kind, s;
	const struct buf *text = given;

	if (!ssh_take_string(&kind, &from) || !ssh_is(&kind, k->kind) || !ssh_take_string(&s, &from) ||
	    s.left != SIGNATURE || from.left != (k->hardware ? 5 : 0))
		return err_set(e, ERR_INPUT, "a broken SSH signature: not one of its %s key", k->kind);
	if (k->hardware) {
		if (!attested(&said, k, from.at, given))
			return err_set(e, ERR_SYSTEM, "memory for a signature");
		text = &said;
	}
	if (crypto_sign_verify_detached(s.at, (const uint8_t *)text->data, text->size, k->point) != 0)
		return err_set(e, ERR_INPUT, "the signature is not one of this text by this key");
	if (k->hardware && !(from.at[0] & PRESENT))
		return err_set(e, ERR_INPUT, "the security key signed without being touched; it must ask for a touch");
	return 0;
}

static void signature_by(struct ssh_signature *out, const struct ssh_key *k, const struct ssh_bytes *key)
{
	static const char mark[] = "SHA256:";
	uint8_t hash[SEAL_HASH];

	*out = (struct ssh_signature){ .hardware = k->hardware, .key_size = key->left };
	memcpy(out->key, key->at, key->left);
	seal_hash(hash, key->at, key->left);
	memcpy(out->fingerprint, mark, sizeof(mark) - 1);
	sodium_bin2base64(out->fingerprint + sizeof(mark) - 1, sizeof(out->fingerprint) - sizeof(mark) + 1, hash,
			  sizeof(hash), sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

int ssh_verify(struct ssh_signature *out, const uint8_t *bytes, size_t size, const char *namespace,
	       const void *message, size_t message_size, struct err *e)
{
	scoped(buf) struct buf given = BUF(SSH_SIGNATURE);
	const struct hash *h;
	struct ssh_key k;
	struct parts p = { .reserved = { .left = 0 } };

	must(namespace[0] && strlen(namespace) <= NAMESPACE_MOST);
	if (parts_read(&p, bytes, size, e) < 0)
		return -1;
	if (!ssh_is(&p.namespace, namespace))
		return err_set(e, ERR_INPUT, "a signature for another use: it must be made with ssh-keygen -Y sign -n %s", namespace);
	h = hash_named(&p.hash);
	if (!h)
		return err_set(e, ERR_INPUT, "a signature over a hash other than sha256 or sha512");
	if (!p.key.at || p.key.left > sizeof(out->key))
		return err_set(e, ERR_INPUT, "a signature by a key of more than %zu bytes", sizeof(out->key));
	if (ssh_key_read(&k, p.key.at, p.key.left, e) < 0)
		return -1;
	if (!covered(&given, namespace, h, message, message_size))
		return err_set(e, ERR_SYSTEM, "memory for a signature");
	if (signature_good(&k, p.signature, &given, e) < 0)
		return -1;
	signature_by(out, &k, &p.key);
	return 0;
}
