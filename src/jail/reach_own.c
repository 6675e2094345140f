/* Sockets that init bound for the program: a ring, because a program binds few and nobody says when one is closed. */
#include "base/scope.h"
#include "jail/reaching.h"

void own_remember(struct reach *r, const struct own *one)
{
	r->own[r->own_next++ % count_of(r->own)] = *one;
}

const struct own *own_socket(const struct reach *r, ino_t socket)
{
	size_t i;

	for (i = 0; i < count_of(r->own); i++)
		if (socket != 0 && r->own[i].socket == socket)
			return &r->own[i];
	return NULL;
}

bool own_port(const struct reach *r, uint16_t port)
{
	size_t i;

	for (i = 0; i < count_of(r->own); i++)
		if (port != 0 && r->own[i].port == port)
			return true;
	return false;
}

bool own_file(const struct reach *r, dev_t dev, ino_t file)
{
	size_t i;

	for (i = 0; i < count_of(r->own); i++)
		if (r->own[i].file == file && r->own[i].dev == dev && file != 0)
			return true;
	return false;
}
