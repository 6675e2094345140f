/* reeve policy sign|verify: reeve has no key of its own for this, and signs by ssh-keygen. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "catalogue/catalogue.h"
#include "cli/cli.h"
#include "cli/policy_signed.h"
#include "cli/review_run.h"
#include "launcher/launcher.h"
#include "policy/policy.h"

enum { SECONDS = 180, ARMOR_MOST = 4096 };	/* in which a passphrase is typed, or a key touched */

/* Nobody should put his name to what no run would take. */
static int check_readable(const struct policy_files *policies, const struct policy_files *catalogue, struct err *e)
{
	scoped(policy) struct policy *p = NULL;
	char server[CATALOGUE_SERVER];
	const struct policy_file *f;
	size_t i;

	if (policy_new(&p, e) < 0)
		return -1;
	for (i = 0; i < policies->count; i++) {
		f = &policies->at[i];
		if (policy_add_from(p, f->name, f->path, f->bytes, f->size, e) < 0)
			return -1;
	}
	for (i = 0; i < catalogue->count; i++) {
		f = &catalogue->at[i];
		if (catalogue_server(server, f->path, f->bytes, f->size, e) < 0)
			return -1;
	}
	return 0;
}

/* What it made is looked at as a run will, so that a kind of key that no run takes is told now. */
static int sign_text(struct buf *armor, struct ssh_signature *by, const struct buf *text, const char *key, struct err *e)
{
	const char *const argv[] = { "ssh-keygen", "-q", "-Y", "sign", "-n", POLICY_NAMESPACE, "-f", key, NULL };
	uint8_t blob[SSH_SIGNATURE];
	scoped(fd) int in = -1;
	size_t size;

	if (fd_of_bytes(&in, "manifest", text->data, text->size, e) < 0 ||
	    run_quietly(armor, argv, in, RUN_TALKS, SECONDS, e) < 0)
		return err_in(e, "not signed");
	if (ssh_armor_read(blob, &size, armor->data, armor->size, e) < 0 ||
	    ssh_verify(by, blob, size, POLICY_NAMESPACE, text->data, text->size, e) < 0)
		return err_in(e, "ssh-keygen's signature");
	return 0;
}

static int wrong(struct err *e)
{
	log_say("policy: %s", e->text);
	return EXIT_USAGE;
}

int policy_sign(const char *folder, const char *key, struct err *e)
{
	scoped(policy_files) struct policy_files policies = { 0 }, catalogue = { 0 };
	scoped(buf) struct buf text = BUF(MANIFEST_MOST), armor = BUF(ARMOR_MOST);
	const struct signed_folder f = { folder, &policies, &catalogue };
	struct ssh_signature by;

	if (!key) {
		err_set(e, ERR_INPUT, "sign: with which key? give --key FILE, as ssh-keygen -f takes it");
		return wrong(e);
	}
	if (signed_folder_load(&policies, &catalogue, folder, e) < 0 || check_readable(&policies, &catalogue, e) < 0 ||
	    signed_manifest(&text, &f, e) < 0)
		return wrong(e);
	if (seal_ready(e) < 0 || sign_text(&armor, &by, &text, key, e) < 0 ||
	    fd_replace_file(folder, POLICY_MANIFEST, 0644, text.data, text.size, e) < 0 ||
	    fd_replace_file(folder, POLICY_MANIFEST ".sig", 0644, armor.data, armor.size, e) < 0)
		return -1;
	fwrite(text.data, 1, text.size, stdout);
	printf("%s: %zu files, signed by %s\n", folder, policies.count + catalogue.count, by.fingerprint);
	return EXIT_DONE;
}

static int read_signers(struct ssh_signers **out, const char *path, struct err *e)
{
	scoped(mem) char *text = NULL;
	struct err why = { .kind = ERR_NONE };
	size_t size;

	if (fd_read_file(&text, &size, path, SSH_SIGNERS_MOST, e) < 0)
		return -1;
	if (ssh_signers_read(out, text, size, &why) < 0)
		return err_set(e, why.kind, "%s:%s", path, why.text);
	return 0;
}

/* A name that nobody has would never fit: it is a slip. */
static int check_names(const struct signed_by *by, const char *path, struct err *e)
{
	size_t i;

	for (i = 0; i < by->count; i++)
		if (!ssh_signers_has(by->signers, by->names[i]))
			return err_set(e, ERR_INPUT, "--by %.80s: %s has no key of that name", by->names[i], path);
	return 0;
}

int policy_verify(const char *folder, const char *signers, const char *const *names, size_t count, struct err *e)
{
	scoped(policy_files) struct policy_files policies = { 0 }, catalogue = { 0 };
	scoped(ssh_signers) struct ssh_signers *list = NULL;
	const struct signed_folder f = { folder, &policies, &catalogue };
	char config[LAUNCH_TEXT], usual[sizeof(config) + 32];
	struct signed_by by = { .names = names, .count = count };
	struct policy_signer who;

	if (seal_ready(e) < 0 || paths_config(config, e) < 0)
		return -1;
	snprintf(usual, sizeof(usual), "%s/allowed_signers", config);
	signers = signers ? signers : usual;
	if (signed_folder_load(&policies, &catalogue, folder, e) < 0 || read_signers(&list, signers, e) < 0)
		return wrong(e);
	by.signers = list;
	if (check_names(&by, signers, e) < 0)
		return wrong(e);
	if (signed_check(&who, &f, &by, e) < 0) {
		log_say("policy: %s", e->text);
		return EXIT_DIFFERS;
	}
	printf("%s: %zu files, signed by %s with %s%s\n", folder, policies.count + catalogue.count, who.name,
	       who.with.fingerprint, who.with.hardware ? ", which was touched" : "");
	return EXIT_DONE;
}
