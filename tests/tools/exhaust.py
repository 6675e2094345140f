"""exhaust.py WHAT - inside a jail: take all there is of one thing, and say how much it was and how that ended."""
import errno
import os
import resource
import sys


def until_refused(step, most=100000):
    for count in range(most):
        try:
            step(count)
        except MemoryError:
            return f"{count} then MemoryError"
        except OSError as e:
            return f"{count} then {errno.errorcode[e.errno]}"
    return f"{count + 1} and more"


def processes(most=1000):
    """Each waits for our end; the pipe's other end is ours alone."""
    read, write = os.pipe()

    def one(_):
        if os.fork() == 0:
            os.close(write)
            os.read(read, 1)
            os._exit(0)
    said = until_refused(one, most)
    print("full", flush=True)
    sys.stdin.readline()
    return said


def bomb():
    """Deaf to refusals: only the end of the run ends it."""
    while True:
        try:
            os.fork()
        except OSError:
            pass


def files(where):
    return until_refused(lambda n: os.close(os.open(f"{where}/{n}", os.O_CREAT | os.O_WRONLY)))


def write(path, most):
    fd = os.open(path, os.O_CREAT | os.O_WRONLY)
    return until_refused(lambda _: os.write(fd, bytes(65536)), most)


def memory(most):
    kept = []
    return until_refused(lambda _: kept.append(bytearray(1 << 20)), most)


def memory_of_many(count):
    """No process has much; together it is more than there may be."""
    for _ in range(count):
        if os.fork() == 0:
            kept = bytearray(b"x") * (32 << 20)
            os.write(1, b"x")
            sys.stdin.readline()
            os._exit(len(kept) == 0)
    while os.wait()[0]:
        pass


print({
    "processes": processes,
    "files": lambda: files("/tmp"),
    "descriptors": lambda: until_refused(lambda _: os.dup(0)),
    "shm": lambda: write("/dev/shm/full", 1000),
    "tmp": lambda: write("/tmp/full", 1000),
    "home": lambda: write(os.environ["HOME"] + "/full", 1000),
    "file": lambda: write("full", 1000),
    "memory": lambda: memory(2048),
    "bomb": bomb,
    "together": lambda: memory_of_many(64),
}[sys.argv[1]](), flush=True)
