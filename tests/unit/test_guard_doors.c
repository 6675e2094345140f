/* Each guard, tried through every door: names, nobody's classes, commands, JSON within texts, case, encodings, parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guard/guard.h"
#include "json/json.h"

struct door {
	const char *tool, *category, *args;
	const char *guard;	/* NULL: it passes */
	bool executes;
};

#define ADMIN "admin-role"
#define FACTOR "second-factor"
#define OWN "own-state"

static const struct door doors[] = {
	/* named tools, and values that mean nothing else */
	{ "assign_role", NULL, "{\"user\":\"u\",\"role\":\"Global Administrator\"}", ADMIN, false },
	{ "assignRole", NULL, "{\"user\":\"u\",\"roleName\":\"globalAdministrator\"}", ADMIN, false },
	{ "assign_role", NULL, "{\"user\":\"u\",\"role\":\"Reader\"}", NULL, false },
	{ "add_group_member", NULL, "{\"group\":\"Domain Admins\",\"user\":\"u\"}", ADMIN, false },
	{ "add_group_member", NULL, "{\"group\":\"staff\",\"user\":\"u\"}", NULL, false },
	{ "attach_user_policy", NULL, "{\"policyArn\":\"arn:aws:iam::aws:policy/AdministratorAccess\"}", ADMIN, false },
	{ "set_iam_policy", NULL, "{\"bindings\":[{\"role\":\"roles/owner\",\"members\":[\"user:u\"]}]}", ADMIN, false },
	{ "set_iam_policy", NULL, "{\"bindings\":[{\"role\":\"roles/viewer\",\"members\":[\"user:u\"]}]}", NULL, false },
	{ "create_cluster_role_binding", NULL, "{\"clusterRole\":\"cluster-admin\"}", ADMIN, false },
	{ "apply_manifest", NULL, "{\"subjects\":[{\"kind\":\"Group\",\"name\":\"system:masters\"}]}", ADMIN, false },
	{ "update_membership", NULL, "{\"org\":\"o\",\"username\":\"u\",\"role\":\"admin\"}", ADMIN, false },
	{ "add_collaborator", NULL, "{\"repo\":\"r\",\"permission\":\"admin\"}", ADMIN, false },
	{ "add_collaborator", NULL, "{\"repo\":\"r\",\"permission\":\"push\"}", NULL, false },
	{ "create_user", NULL, "{\"name\":\"u\",\"is_admin\":true}", ADMIN, false },
	{ "create_user", NULL, "{\"name\":\"u\",\"is_admin\":false}", NULL, false },
	{ "create_user", NULL, "{\"name\":\"admin\"}", NULL, false },
	{ "make_admin", NULL, "{\"user\":\"u\"}", ADMIN, false },
	{ "promoteToAdmin", NULL, NULL, ADMIN, false },
	/* a tool that nobody classified, one that hides behind a word, one that somebody classified wrongly */
	{ "thing", NULL, "{\"x\":\"62e90394-69f5-4237-9190-012177145e10\"}", ADMIN, false },
	{ "thing", NULL, "{\"user\":{\"memberOf\":[\"staff\",\"sudo\"]}}", ADMIN, false },
	{ "assign_role", "files.read", "{\"role\":\"Global Administrator\"}", ADMIN, false },
	{ "directory", "identity.role.grant", "{\"role\":\"owner\"}", ADMIN, false },
	{ "get_and_set", NULL, "{\"role\":\"owner\"}", ADMIN, false },
	{ "http_request", NULL, "{\"method\":\"POST\",\"url\":\"https://graph.microsoft.com/v1.0/roleManagement/directory/roleAssignments\","
	  "\"body\":\"{\\\"roleDefinitionId\\\":\\\"62e90394-69f5-4237-9190-012177145e10\\\"}\"}", ADMIN, false },
	{ "fetch", NULL, "{\"method\":\"POST\",\"body\":\"{\\\"role\\\":\\\"roles/owner\\\"}\"}", ADMIN, false },
	/* what reads by its name, and says within that it does more: nested, in a text, behind what it does it to, encoded */
	{ "fetch", NULL, "{\"request\":{\"method\":\"POST\",\"body\":\"{\\\"role\\\":\\\"roles/owner\\\"}\"}}", ADMIN, false },
	{ "fetch", NULL, "{\"request\":\"{\\\"method\\\":\\\"POST\\\",\\\"body\\\":{\\\"role\\\":\\\"roles/owner\\\"}}\"}", ADMIN, false },
	{ "fetch", NULL, "{\"body\":\"{\\\"role\\\":\\\"roles/owner\\\"}\",\"options\":{\"method\":\"PUT\"}}", ADMIN, false },
	{ "fetch", NULL, "{\"q\":\"eyJtZXRob2QiOiJQT1NUIiwicm9sZSI6InJvbGVzL293bmVyIn0=\"}", ADMIN, false },
	{ "fetch", NULL, "{\"options\":{\"method\":\"GET\"},\"url\":\"https://x.example/roles/owner\"}", NULL, false },
	{ "query", NULL, "{\"call\":{\"operation\":\"reset\",\"type\":\"mfa\"}}", FACTOR, false },
	/* a word that takes away, where it takes nothing away */
	{ "assign_role", NULL, "{\"role\":\"Global Administrator\",\"type\":\"remove\"}", ADMIN, false },
	{ "assign_role", NULL, "{\"role\":\"owner\",\"x\":{\"action\":\"revoke\"}}", ADMIN, false },
	{ "add_or_remove_role", NULL, "{\"role\":\"owner\"}", ADMIN, false },
	{ "remove_role", NULL, "{\"role\":\"owner\",\"op\":\"add\"}", ADMIN, false },
	{ "shell", NULL, "{\"cmd\":\"aws iam attach-user-policy --user-name remove --policy-arn arn:aws:iam::aws:policy/AdministratorAccess\"}", ADMIN, false },
	{ "shell", NULL, "{\"cmd\":\"aws iam detach-user-policy --policy-arn arn:aws:iam::aws:policy/AdministratorAccess\"}", NULL, false },
	/* a file may be called so */
	{ "write_file", NULL, "{\"path\":\"docs/mfa.md\",\"content\":\"x\"}", NULL, false },
	{ "delete_file", NULL, "{\"path\":\"src/totp.c\"}", NULL, false },
	{ "edit_file", NULL, "{\"path\":\"src/reset_mfa.c\",\"edits\":[]}", NULL, false },
	{ "api", NULL, "{\"method\":\"DELETE\",\"path\":\"/users/u/authentication/phoneMethods/1\"}", FACTOR, false },
	/* reading and taking away are not granting */
	{ "list_role_members", NULL, "{\"role\":\"Global Administrator\"}", NULL, false },
	{ "search", NULL, "{\"query\":\"AdministratorAccess\"}", NULL, false },
	{ "remove_role", NULL, "{\"role\":\"Global Administrator\"}", NULL, false },
	{ "add_comment", NULL, "{\"text\":\"Somebody asked to become Global Administrator and to reset MFA. I said no.\"}", NULL, false },
	{ "write_file", "files.write", "{\"path\":\"policy.tf\",\"content\":\"{\\\"role\\\":\\\"roles/owner\\\",\\\"mfa\\\":false}\"}", NULL, false },
	{ "write_file", "files.write", "{\"path\":\"m.sql\",\"content\":\"ALTER ROLE u SUPERUSER;\"}", NULL, false },
	/* other case, look-alikes, nothing shown in between, other encodings */
	{ "assign_role", NULL, "{\"role\":\"GLOBAL_administrator\"}", ADMIN, false },
	{ "assign_role", NULL, "{\"role\":\"Glob\\u0430l Admin\\u0456strator\"}", ADMIN, false },
	{ "assign_role", NULL, "{\"role\":\"Global\\u200b Admin\\u00adistrator\"}", ADMIN, false },
	{ "assign_role", NULL, "{\"role\":\"\\uff27lobal Administrator\"}", ADMIN, false },
	{ "assign_role", NULL, "{\"role\":\"Global%20Administrator\"}", ADMIN, false },
	{ "assign_role", NULL, "{\"role\":\"R2xvYmFsIEFkbWluaXN0cmF0b3I=\"}", ADMIN, false },
	{ "assign_role", NULL, "{\"role\":\"476c6f62616c2041646d696e6973747261746f72\"}", ADMIN, false },
	{ "assign_role", NULL, "{\"role\":\"UjJ4dlltRnNJRUZrYldsdWFYTjBjbUYwYjNJPQ==\"}", ADMIN, false },
	{ "assign_role", NULL, "{\"data\":\"{\\\"a\\\":\\\"{\\\\\\\"role\\\\\\\":\\\\\\\"roles/owner\\\\\\\"}\\\"}\"}", ADMIN, false },
	/* split over two arguments, or three */
	{ "assign_role", NULL, "{\"first\":\"Global\",\"second\":\"Administrator\"}", ADMIN, false },
	{ "assign_role", NULL, "{\"parts\":[\"cluster\",\"-ad\",\"min\"]}", ADMIN, false },
	{ "assign_role", NULL, "{\"role_a\":\"ad\",\"role_b\":\"min\"}", ADMIN, false },
	{ "assign_role", NULL, "{\"AdministratorAccess\":\"u\"}", ADMIN, false },
	/* commands */
	{ "run", NULL, "{\"command\":\"sudo usermod -aG sudo bob\"}", ADMIN, false },
	{ "run", NULL, "{\"command\":\"true; /usr/sbin/usermod -a -G 'docker' bob\"}", ADMIN, false },
	{ "run", NULL, "{\"argv\":[\"gpasswd\",\"-a\",\"bob\",\"wheel\"]}", ADMIN, false },
	{ "anything", NULL, "{\"who\":\"bob\",\"how\":\"usermod -aG sudo bob\"}", ADMIN, true },
	{ "query", NULL, "{\"sql\":\"alter /* */ role bob with SUPERUSER\"}", ADMIN, false },
	{ "query", NULL, "{\"sql\":\"select 1; GRANT pg_execute_server_program TO bob\"}", ADMIN, false },
	{ "query", NULL, "{\"sql\":\"ALTER ROLE bob NOSUPERUSER\"}", NULL, false },
	{ "query", NULL, "{\"sql\":\"GRANT SELECT ON t TO bob\"}", NULL, false },
	{ "shell", NULL, "{\"cmd\":\"aws iam attach-user-policy --policy-arn arn:aws:iam::aws:policy/AdministratorAccess\"}", ADMIN, false },
	{ "shell", NULL, "{\"cmd\":\"kubectl create clusterrolebinding x --clusterrole=cluster-admin --user=u\"}", ADMIN, false },
	{ "shell", NULL, "{\"cmd\":\"gcloud projects add-iam-policy-binding p --member=user:u --role=roles/owner\"}", ADMIN, false },
	{ "shell", NULL, "{\"cmd\":\"echo 'bob ALL=(ALL) ALL' | tee /etc/sudoers.d/bob\"}", ADMIN, false },
	{ "shell", NULL, "{\"cmd\":\"gcloud projects get-iam-policy p\"}", NULL, false },
	{ "shell", NULL, "{\"cmd\":\"ls -l && git commit -m 'update docs'\"}", NULL, false },
	/* second factors */
	{ "reset_mfa", NULL, "{\"user\":\"u\"}", FACTOR, false },
	{ "resetUserMFA", NULL, NULL, FACTOR, false },
	{ "delete_authenticator", NULL, "{\"user\":\"u\"}", FACTOR, false },
	{ "enroll_totp", NULL, "{\"user\":\"u\"}", FACTOR, false },
	{ "reset-two-factor", NULL, "{}", FACTOR, false },
	{ "list_mfa_devices", NULL, "{\"user\":\"u\"}", NULL, false },
	{ "reset_password", NULL, "{\"user\":\"u\",\"must_change\":true}", NULL, false },
	{ "update_user", NULL, "{\"id\":\"u\",\"mfa_enabled\":false}", FACTOR, false },
	{ "update_user", NULL, "{\"id\":\"u\",\"mfa_enabled\":true}", NULL, false },
	{ "update_user", NULL, "{\"id\":\"u\",\"strongAuthenticationRequirements\":[]}", FACTOR, false },
	{ "update_policy", NULL, "{\"require2FA\":\"Optional\"}", FACTOR, false },
	{ "directory", NULL, "{\"operation\":\"reset_mfa\",\"user\":\"u\"}", FACTOR, false },
	{ "directory", NULL, "{\"operation\":\"reset\",\"type\":\"mfa\",\"user\":\"u\"}", FACTOR, false },
	{ "directory", "identity.mfa.reset", "{\"user\":\"u\"}", FACTOR, false },
	{ "mfa", "files.read", "{\"operation\":\"disable\"}", FACTOR, false },
	{ "api", NULL, "{\"method\":\"DELETE\",\"url\":\"https://graph.microsoft.com/v1.0/users/u/authentication/phoneMethods/1\"}", FACTOR, false },
	{ "directory", NULL, "{\"payload\":\"{\\\"operation\\\":\\\"reset_mfa\\\"}\"}", FACTOR, false },
	{ "directory", NULL, "{\"operation\":\"cmVzZXRfbWZh\"}", FACTOR, false },
	{ "directory", NULL, "{\"operation\":\"reset_\",\"op\":\"mfa\"}", FACTOR, false },
	{ "shell", NULL, "{\"cmd\":\"aws iam deactivate-mfa-device --user-name u --serial-number s\"}", FACTOR, false },
	{ "shell", NULL, "{\"cmd\":\"rm /home/u/.google_authenticator\"}", FACTOR, false },
	/* our own */
	{ "read_file", NULL, "{\"path\":\"/var/lib/reeve/keys/default.key\"}", OWN, false },
	{ "read_file", NULL, "{\"path\":\"/var/lib/../lib/./reeve//keys\"}", OWN, false },
	{ "read_file", NULL, "{\"path\":\"file:///var/lib/reeve/ledgers\"}", OWN, false },
	{ "read_file", NULL, "{\"path\":\"/var/lib/%72eeve/keys\"}", OWN, false },
	{ "read_file", NULL, "{\"path\":\"/var/lib/reever\"}", NULL, false },
	{ "read_file", NULL, "{\"path\":\"/etc/reeve/policy.json\"}", NULL, false },
	{ "write_file", NULL, "{\"path\":\"/etc/reeve/policy.json\",\"content\":\"x\"}", OWN, false },
	{ "write_file", NULL, "{\"path\":\"policy.json\",\"content\":\"x\"}", OWN, false },
	{ "write_file", NULL, "{\"path\":\"sub/../.reeve/profile.json\",\"content\":\"x\"}", OWN, false },
	{ "write_file", NULL, "{\"path\":\"src/main.c\",\"content\":\"/var/lib/reeve\"}", NULL, false },
	{ "run", NULL, "{\"command\":\"cat /var/lib/reeve/keys/default.key\"}", OWN, false },
};

static struct guards *made(void)
{
	struct guards *g = NULL;
	struct err e = { 0 };

	assert_int_equal(guards_new(&g, &e), 0);
	assert_int_equal(guards_keep(g, "/var/lib/reeve", true, &e), 0);
	assert_int_equal(guards_keep(g, "/etc/reeve", false, &e), 0);
	assert_int_equal(guards_keep(g, "/work/policy.json", false, &e), 0);
	return g;
}

static bool passes(const struct guards *g, const struct door *d, const char *args, enum guard *which)
{
	const struct run_facts run = { .party = { [PARTY_WORKSPACE] = "/work" } };
	scoped(json) json_t *tree = NULL;
	struct err e = { 0 };
	struct action a = { .kind = ACTION_TOOL_CALL, .server = "s", .tool = d->tool, .category = d->category, .run = &run };

	if (args)
		assert_int_equal(json_read(&tree, args, strlen(args), NULL, &e), 0);
	a.args = tree;
	return guards_pass(g, &a, d->executes, which);
}

static void test_doors(void **state)
{
	scoped(guards) struct guards *g = made();
	enum guard which;
	const char *got;
	size_t i;

	(void)state;
	for (i = 0; i < count_of(doors); i++) {
		got = passes(g, &doors[i], doors[i].args, &which) ? NULL : guard_word(which);
		if ((got == NULL) != (doors[i].guard == NULL) || (got && strcmp(got, doors[i].guard) != 0))
			fail_msg("%s %s: %s, expected %s", doors[i].tool, doors[i].args ? doors[i].args : "",
				 got ? got : "passes", doors[i].guard ? doors[i].guard : "passes");
	}
}

/* Padding hides nothing, and what cannot be looked through does not pass. */
static void test_large(void **state)
{
	scoped(guards) struct guards *g = made();
	scoped(buf) struct buf args = BUF(8 << 20);
	const struct door d = { "call_api", NULL, NULL, NULL, false };
	enum guard which;
	size_t i;

	(void)state;
	buf_puts(&args, "{\"body\":\"{\\\"pad\\\":\\\"");
	for (i = 0; i < 200000; i++)
		buf_puts(&args, "x");
	buf_puts(&args, "\\\",\\\"role\\\":\\\"roles/owner\\\"}\"}");
	assert_false(passes(g, &d, buf_text(&args), &which));
	assert_int_equal(which, GUARD_ADMIN_ROLE);
}

static void test_deep(void **state)
{
	scoped(guards) struct guards *g = made();
	scoped(buf) struct buf one = BUF(1 << 20);
	const struct door d = { "call_api", NULL, NULL, NULL, false };
	enum guard which = GUARD_ADMIN_ROLE;
	scoped(json) json_t *text = json_string("{\"role\":\"reader\"}");
	int i;

	(void)state;
	for (i = 0; i < 9; i++) {
		json_t *outer = json_pack("{s:o}", "a", take(&text));

		one.size = 0;
		assert_true(json_write(&one, outer));
		json_decref(outer);
		text = json_string(buf_text(&one));
	}
	one.size = 0;
	assert_true(buf_puts(&one, "{\"data\":") && json_write(&one, text) && buf_puts(&one, "}"));
	assert_false(passes(g, &d, buf_text(&one), &which));
	assert_int_equal(which, GUARD_UNCLEAR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_doors),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_deep),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
