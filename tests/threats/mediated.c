/*
 * One answers for everybody who makes or changes a name: whatever they do to each other meanwhile, each is answered,
 * once, and as the kernel would have. THREATS 6, 24.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "threat.h"

enum { TURNS = 800 };

static void nothing(int sig)
{
	(void)sig;
}

/* As Go's runtime does: signals all the time. Each call is done once, and says so. */
static int under_signals(const char *on)
{
	const struct sigaction plain = { .sa_handler = nothing, .sa_flags = SA_RESTART };
	const struct itimerval often = { { 0, 50 }, { 0, 50 } };
	char name[64];
	int i;

	(void)on;
	sigaction(SIGALRM, &plain, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (i = 0; i < TURNS; i++) {
		snprintf(name, sizeof(name), "s%d", i % 7);
		if (mkdir(name, 0700) < 0 || rmdir(name) < 0)
			return errno;
		if (close(open(name, O_CREAT | O_EXCL | O_WRONLY, 0600)) < 0 || unlink(name) < 0)
			return errno;
	}
	return WORKED;
}

static void *asks_much(void *at)
{
	char name[64], other[64];
	long i, wrong = 0;

	for (i = 0; i < TURNS / 4; i++) {
		snprintf(name, sizeof(name), "p%ld", (long)(size_t)at);
		snprintf(other, sizeof(other), "q%ld", (long)(size_t)at);
		wrong += close(open(name, O_CREAT | O_EXCL | O_WRONLY, 0600)) < 0;
		wrong += rename(name, other) < 0;
		wrong += open(".mcp.json", O_CREAT | O_WRONLY, 0600) >= 0;
		wrong += unlink(other) < 0;
	}
	return (void *)(size_t)wrong;
}

static int eight_at_once(const char *on)
{
	pthread_t all[8];
	void *wrong;
	size_t i;
	int met = WORKED;

	(void)on;
	for (i = 0; i < count_of(all); i++)
		if (pthread_create(&all[i], NULL, asks_much, (void *)i) != 0)
			return BROKEN;
	for (i = 0; i < count_of(all); i++)
		if (pthread_join(all[i], &wrong) != 0 || wrong)
			met = OUT;
	return met;
}

/* Killed in the middle of a question, or become another program: who answers goes on. */
static int killed_while_asking(const char *on)
{
	char *again[] = { "mediated", "nothing", NULL };
	pid_t child;
	int i;

	(void)on;
	for (i = 0; i < 300; i++) {
		child = fork();
		if (child == 0) {
			pthread_t other;

			pthread_create(&other, NULL, asks_much, (void *)9);
			if (i % 3 == 0)
				execv("./mediated", again);
			asks_much((void *)10);
			_exit(0);
		}
		sched_yield();
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	unlink("p9"), unlink("q9"), unlink("p10"), unlink("q10");
	return told(close(open("after", O_CREAT | O_WRONLY, 0600)));
}

/* Who opens a file that is leased waits for the lease, 45 seconds: not so who answers everybody. */
static int leased(const char *on)
{
	int fd, i;
	pid_t child;

	close(open(on, O_CREAT | O_WRONLY, 0600));
	fd = open(on, O_RDONLY);
	for (i = 0; fcntl(fd, F_SETLEASE, F_RDLCK) < 0; i++)
		if (i == 5000 || errno != EAGAIN)
			return LACKING;
		else
			usleep(1000); /* whoever has it open for writing still */
	sigaction(SIGIO, &(struct sigaction){ .sa_handler = nothing }, NULL);
	child = fork();
	if (child == 0) {
		close(fd); /* or the lease would outlive who took it */
		_exit(told(open(on, O_WRONLY)));
	}
	alarm(5);
	usleep(100000);	/* so that it has asked; too early proves less, and fails nothing */
	i = mkdir("beside", 0700) < 0 || rmdir("beside") < 0;
	kill(child, SIGKILL);
	return i ? errno : WORKED;
}

/* Written, closed and executed at once: nobody else may still hold it open for writing. */
static int executed_at_once(const char *on)
{
	static const char script[] = "#!/bin/sh\nexit 0\n";
	pid_t child;
	int i, fd, status;

	for (i = 0; i < 200; i++) {
		unlink(on);
		fd = open(on, O_CREAT | O_WRONLY, 0700);
		if (write(fd, script, sizeof(script) - 1) < 0 || close(fd) < 0)
			return BROKEN;
		child = vfork();
		if (child == 0) {
			execl(on, on, NULL);
			_exit(errno);
		}
		if (waitpid(child, &status, 0) != child || status != 0)
			return WEXITSTATUS(status);
	}
	return WORKED;
}

/* The descriptor is the lowest that is free, and closes on execve if that was asked. */
static int as_usual(const char *on)
{
	int first = open(on, O_CREAT | O_WRONLY | O_CLOEXEC, 0640), second = open(on, O_RDWR);
	struct stat st;

	if (first < 0 || second != first + 1 || fcntl(first, F_GETFD) != FD_CLOEXEC || fcntl(second, F_GETFD) != 0)
		return OUT;
	umask(027);
	close(open("masked", O_CREAT | O_WRONLY, 0666));
	return stat("masked", &st) == 0 && (st.st_mode & 0777) == 0640 ? WORKED : OUT;
}

static const struct attempt attempts[] = {
	{ "signals all the time: each call once", under_signals, NULL, WORKED, 0, NULL, NULL },
	{ "eight threads at once", eight_at_once, NULL, WORKED, 0, "openat EPERM", NULL },
	{ "killed while asking: others are answered", killed_while_asking, NULL, WORKED, 0, NULL, NULL },
	{ "a lease holds up only who asked", leased, "mine", WORKED, 0, NULL, NULL },
	{ "written and executed at once", executed_at_once, "./script", WORKED, 0, NULL, NULL },
	{ "descriptors and modes as usual", as_usual, "usual", WORKED, 0, NULL, NULL },
};

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "nothing") == 0) /* killed_while_asking() */
		return 0;
	return threat_main(attempts, count_of(attempts), argc, argv);
}
