/*
 * One end of TLS over a socket, by a BIO of our own: what the proxy read before comes first, and no write raises
 * SIGPIPE. It never waits: what it waits for is in `wants`.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "inspector/inspector.h"

enum { PIECE = 16 << 10 };

static int io_read(BIO *bio, char *out, size_t room, size_t *got)
{
	struct end *x = BIO_get_data(bio);
	ssize_t n;

	BIO_clear_retry_flags(bio);
	if (x->first.size) {
		*got = x->first.size < room ? x->first.size : room;
		memcpy(out, x->first.data, *got);
		buf_drop(&x->first, *got);
		return 1;
	}
	do
		n = recv(x->fd, out, room, 0);
	while (n < 0 && errno == EINTR);
	*got = n > 0 ? (size_t)n : 0;
	if (n < 0 && errno == EAGAIN)
		BIO_set_retry_read(bio);
	if (n == 0)
		x->gone = true;
	return n > 0;
}

static int io_write(BIO *bio, const char *bytes, size_t size, size_t *done)
{
	struct end *x = BIO_get_data(bio);
	ssize_t n;

	BIO_clear_retry_flags(bio);
	do
		n = send(x->fd, bytes, size, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	*done = n > 0 ? (size_t)n : 0;
	if (n < 0 && errno == EAGAIN)
		BIO_set_retry_write(bio);
	return n > 0;
}

static long io_control(BIO *bio, int what, long number, void *to)
{
	struct end *x = BIO_get_data(bio);

	(void)number;
	(void)to;
	if (what == BIO_CTRL_EOF)
		return x->gone;
	return what == BIO_CTRL_FLUSH;
}

BIO_METHOD *end_method(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");

	if (m && BIO_meth_set_read_ex(m, io_read) == 1 && BIO_meth_set_write_ex(m, io_write) == 1 &&
	    BIO_meth_set_ctrl(m, io_control) == 1)
		return m;
	BIO_meth_free(m);
	return NULL;
}

int end_begin(struct end *x, SSL_CTX *ctx, int *fd, const void *first, size_t size, bool server, struct err *e)
{
	BIO *bio = BIO_new(SSL_CTX_get_app_data(ctx));

	*x = (struct end){ .ssl = SSL_new(ctx), .fd = fd_take(fd) };
	x->first = BUF(TALK_FIRST);
	x->in = BUF(2 * (size_t)TALK_ROOM);
	x->out = BUF(16 * (size_t)TALK_ROOM); /* what replaces a secret may be ten times as long */
	if (!x->ssl || !bio || !buf_add(&x->first, first, size)) {
		BIO_free(bio);
		return err_set(e, ERR_SYSTEM, "memory for TLS");
	}
	BIO_set_data(bio, x);
	BIO_set_init(bio, 1);
	SSL_set_bio(x->ssl, bio, bio);
	if (server)
		SSL_set_accept_state(x->ssl);
	else
		SSL_set_connect_state(x->ssl);
	return fcntl(x->fd, F_SETFL, O_RDWR | O_NONBLOCK) < 0 ? err_sys(e, "a connection") : 0;
}

/* What a call that did nothing waits for, or why it never will do anything. */
static void look(struct end *x, int result)
{
	int how = SSL_get_error(x->ssl, result);

	if (how == SSL_ERROR_WANT_READ || how == SSL_ERROR_WANT_WRITE) {
		x->wants |= how == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
		return;
	}
	x->ended = true;
	x->clean = how == SSL_ERROR_ZERO_RETURN;
	x->broken = x->broken || (!x->clean && (!x->ready || !x->gone));
	tls_why(x->why, sizeof(x->why));
}

/* What was sent may have held a secret. */
static void sent(struct end *x, size_t count)
{
	explicit_bzero(x->out.data, count);
	buf_drop(&x->out, count);
	x->put += count;
}

static void pump_out(struct end *x)
{
	size_t done = 0;

	while (x->out.size && !x->broken) {
		ERR_clear_error();
		if (SSL_write_ex(x->ssl, x->out.data, x->out.size < PIECE ? x->out.size : PIECE, &done) != 1) {
			look(x, 0);
			return;
		}
		sent(x, done);
	}
}

static void pump_in(struct end *x)
{
	size_t done = 0;

	while (!x->ended && !x->broken && x->in.size < TALK_ROOM && buf_reserve(&x->in, PIECE)) {
		ERR_clear_error();
		if (SSL_read_ex(x->ssl, x->in.data + x->in.size, PIECE, &done) != 1) {
			look(x, 0);
			return;
		}
		x->in.size += done;
		x->got += done;
	}
}

void end_pump(struct end *x)
{
	int done;

	x->wants = 0;
	if (!x->ssl || x->broken)
		return;
	if (!x->ready) {
		ERR_clear_error();
		done = SSL_do_handshake(x->ssl);
		x->ready = done == 1;
		if (!x->ready) {
			look(x, done);
			return;
		}
	}
	pump_out(x);
	pump_in(x);
}

void end_leave(struct end *x)
{
	if (x->ssl && x->ready && !x->broken)
		(void)!SSL_shutdown(x->ssl);
	ERR_clear_error();
	shutdown(x->fd, SHUT_WR);
}

void end_free(struct end *x)
{
	SSL_free(x->ssl);
	fd_close(&x->fd);
	buf_free(&x->first);
	buf_free(&x->in);
	if (x->out.data)
		explicit_bzero(x->out.data, x->out.room);
	buf_free(&x->out);
	*x = (struct end){ .fd = -1 };
}
