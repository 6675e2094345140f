/*
 * The ledger is read twice more: once for all hashes, once for the bytes of the records that are wanted. Both end at
 * the checkpoint that was proved, so a ledger that grows meanwhile changes nothing.
 */
#include "audit/evidence.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

void evidence_free(struct evidence *v)
{
	handovers_end(&v->handed);
	fd_close(&v->dir);
	leaves_free(v->leaves);
	free(v->proof);
	if (v->lines)
		fclose(v->lines);
}

int evidence_put(const struct evidence *v, const char *name, const void *bytes, size_t size, struct err *e)
{
	scoped(fd) int fd = openat(v->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd < 0)
		return err_sys(e, "%s/%s", v->folder, name);
	if (fd_write_all(fd, bytes, size, e) < 0)
		return err_in(e, "%s/%s", v->folder, name);
	return 0;
}

static int add_leaf(void *of, const struct frame *f, struct err *e)
{
	struct evidence *v = of;
	uint8_t leaf[SEAL_HASH];

	if (f->kind == FRAME_COMMIT) {
		v->proof->note_size = f->size;
		memcpy(v->proof->note, f->body, f->size);
		return handovers_check(&v->handed, f, &v->tree, e);
	}
	if (handovers_take(&v->handed, f, &v->tree, e) < 0)
		return -1;
	sum_prefixed(leaf, TREE_LEAF, f->body, f->size, "", 0);
	tree_add_hash(&v->tree, leaf);
	leaves_add(v->leaves, leaf);
	return 0;
}

/* Each proof is tried before it is written: what does not lead to the signed root is not handed out. */
static int put_record(void *of, const struct frame *f, struct err *e)
{
	scoped(buf) struct buf text = BUF(PROOF_MOST);
	struct evidence *v = of;
	char name[40];

	if (f->kind == FRAME_COMMIT || !leaves_wanted(v->leaves, f->index))
		return 0;
	v->proof->index = f->index;
	v->proof->record_size = f->size;
	memcpy(v->proof->record, f->body, f->size);
	leaves_beside(v->proof, v->leaves);
	if (proof_holds(v->proof, e) < 0)
		return -1;
	snprintf(name, sizeof(name), "proofs/%" PRIu64, f->index);
	if (!proof_write(&text, v->proof))
		return err_set(e, ERR_SYSTEM, "no memory for a proof");
	if (fwrite(f->body, 1, f->size, v->lines) != f->size || fputc('\n', v->lines) == EOF)
		return err_sys(e, "%s/records.jsonl", v->folder);
	return evidence_put(v, name, text.data, text.size, e);
}

static int open_lines(struct evidence *v, struct err *e)
{
	scoped(fd) int fd = openat(v->dir, "records.jsonl", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

	v->lines = fd < 0 ? NULL : fdopen(fd, "w");
	if (!v->lines || fd_take(&fd) < 0 || mkdirat(v->dir, "proofs", 0755) < 0)
		return err_sys(e, "%s", v->folder);
	return 0;
}

static int put_epochs(struct evidence *v, struct err *e)
{
	char name[VIEW_PATH];
	size_t i;

	if (v->handed.count > 0 && mkdirat(v->dir, "epochs", 0755) < 0)
		return err_sys(e, "%s/epochs", v->folder);
	for (i = 0; i < v->handed.count; i++) {
		epoch_name(name, i + 1);
		if (evidence_put(v, name, v->handed.proofs[i].data, v->handed.proofs[i].size, e) < 0)
			return -1;
	}
	return 0;
}

int evidence_prove(struct evidence *v, const char *ledger, struct err *e)
{
	scoped(journal) struct journal *j = NULL;

	v->tree.hash = sum_prefixed;
	if (handovers_begin(&v->handed, v->v, e) < 0 || journal_open(&j, ledger, e) < 0 ||
	    each_frame(j, v->records, add_leaf, v, e) < 0)
		return -1;
	if (epochs_open(&v->proof->head, &v->handed.epochs, v->proof->note, v->proof->note_size, e) < 0)
		return -1;
	if (v->proof->head.size != v->records)
		return err_set(e, ERR_INPUT, "the journal changed while it was read; try again");
	if (put_epochs(v, e) < 0 || open_lines(v, e) < 0 || each_frame(j, v->records, put_record, v, e) < 0 ||
	    evidence_put(v, "checkpoint", v->proof->note, v->proof->note_size, e) < 0)
		return -1;
	if (fflush(v->lines) != 0)
		return err_sys(e, "%s/records.jsonl", v->folder);
	return 0;
}
