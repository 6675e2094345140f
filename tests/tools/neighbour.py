#!/usr/bin/env python3
"""tests/tools/neighbour.py - a tool server that holds a secret, or looks for its neighbour's; and how it lives and dies.

It speaks MCP on stdin and stdout. Tools:
  hold {}       leaves SECRET wherever a program leaves things: files, shared memory, sockets, its own memory
  look {}       looks for "VICTIM" everywhere it can think of; the text says where it was found, or "nothing"
  env, cwd, pid, limits {}     what it is           sums {}     SHA-256 of each variable: what may not be said is known by it
  connect {"port"}, bind {"port"}, abstract {"name"}     "ok", or why not
  say {"size"}  that much on standard error     die {}     ends without an answer
How it lives, by LIFE: "broken" ends at once; "mute" never answers; "deaf" ignores the end of its input and SIGTERM.
When its input ends it appends "bye" to the file BYE.
"""
import ctypes, glob, hashlib, json, os, resource, signal, socket, stat, sys, time

KEEP = []
TAG = os.environ.get("TAG", "1")
KEY, SIZE, NAME = 0x5EC40000 + int(TAG) % 65536, 4096, "neighbour-secret-" + TAG
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p


def write(path, text):
    try:
        with open(path, "w") as f:
            f.write(text)
    except OSError:
        pass


def hold():
    secret = os.environ.get("SECRET", "?")
    for folder in ("/tmp", "/var/tmp", "/dev/shm", os.environ.get("HOME", "/nonexistent")):
        write(folder + "/" + NAME, secret)
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.bind("\0" + NAME)
    s.listen(1)
    t = socket.socket()
    t.bind(("127.0.0.1", int(os.environ.get("PORT", "45731"))))
    t.listen(1)
    at = libc.shmget(KEY, SIZE, 0o1666)
    if at >= 0:
        where = libc.shmat(at, None, 0)
        ctypes.memmove(where, secret.encode(), len(secret))
    r, w = os.pipe()
    os.write(w, secret.encode())
    f = os.memfd_create(NAME)
    os.write(f, secret.encode())
    KEEP.extend([s, t, r, w, f, secret])
    return "held"


def has(path):
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return False
        with open(path, "rb") as f:
            return b"VICTIM" in f.read(1 << 20)
    except OSError:
        return False


def own(path):
    return path.startswith("/proc/%d/" % os.getpid()) or path.startswith("/proc/self/") or path.startswith("/proc/thread-self/")


def memory(pid):
    try:
        with open("/proc/%s/cmdline" % pid, "rb") as f:
            if b"neighbour" not in f.read() + (b"neighbour" if pid == "1" and len(glob.glob("/proc/[0-9]*")) < 9 else b""):
                return False
        with open("/proc/%s/maps" % pid) as maps, open("/proc/%s/mem" % pid, "rb") as mem:
            for line in maps:
                span, mode = line.split()[:2]
                if "rw" not in mode or "[v" in line:
                    continue
                low, high = (int(x, 16) for x in span.split("-"))
                mem.seek(low)
                if b"VICTIM" in mem.read(min(high - low, 1 << 24)):
                    return True
    except (OSError, ValueError, OverflowError):
        pass
    return False


def look():
    found = []
    for number in range(3, 64):
        name = real("/proc/self/fd/%d" % number)
        if name:
            found.append("descriptor %d: %s" % (number, name))
    for pattern in ("/proc/[0-9]*/environ", "/proc/[0-9]*/cmdline", "/proc/[0-9]*/task/*/environ", "/tmp/*", "/var/tmp/*",
                    "/dev/shm/*", os.environ.get("HOME", "/x") + "/*", "/run/*", "/run/user/*/*", os.getcwd() + "/*",
                    "/proc/[0-9]*/fd/*", "/proc/[0-9]*/root/tmp/*", "/proc/[0-9]*/cwd/*"):
        if ("root" in pattern or "cwd" in pattern) and len(glob.glob("/proc/[0-9]*")) > 50:
            continue  # outside: that takes long, and shows nothing new
        found += [p for p in glob.glob(pattern) if not own(p) and "pipe:" not in real(p) and has(p)]
    for p in glob.glob("/proc/[0-9]*"):
        if int(p[6:]) != os.getpid() and memory(p[6:]):
            found.append(p + "/mem")
    at = libc.shmget(KEY, SIZE, 0)
    if at >= 0:
        found.append("sysv shared memory")
    for name, family, where in (("abstract socket", socket.AF_UNIX, "\0" + NAME),
                                ("loopback port", socket.AF_INET, ("127.0.0.1", int(os.environ.get("PORT", "45731"))))):
        s = socket.socket(family, socket.SOCK_STREAM)
        s.settimeout(2)
        if s.connect_ex(where) == 0:
            found.append(name)
    if any("VICTIM" in v for v in os.environ.values()):
        found.append("own environment")
    return "found: " + ", ".join(found) if found else "nothing"


def real(path):
    try:
        return os.readlink(path)
    except OSError:
        return ""


def tried(act):
    try:
        act()
        return "ok"
    except OSError as e:
        return e.strerror


def connect(args):
    s = socket.socket()
    s.settimeout(5)
    return tried(lambda: s.connect(("127.0.0.1", args["port"])))


def bind(args):
    s = socket.socket()
    return tried(lambda: s.bind(("127.0.0.1", args["port"])))


def abstract(args):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    return tried(lambda: s.connect("\0" + args["name"]))


def say(args):
    line = "\x1b[31mred\x1b[0m \u202eturned " + "x" * 60 + "\n"
    for i in range(args["size"] // len(line)):
        sys.stderr.write("%d " % i + line)
    sys.stderr.write("the last line\n")
    sys.stderr.flush()
    return "said"


TOOLS = {
    "hold": lambda a: hold(), "look": lambda a: look(), "env": lambda a: json.dumps(dict(os.environ)),
    "sums": lambda a: json.dumps({n: hashlib.sha256(v.encode()).hexdigest() for n, v in os.environ.items()}),
    "cwd": lambda a: os.getcwd(), "pid": lambda a: str(time.monotonic_ns()), "connect": connect, "bind": bind,
    "abstract": abstract, "say": say, "die": lambda a: os._exit(7), "read": lambda a: "read",
    "limits": lambda a: "%d %d" % (resource.getrlimit(resource.RLIMIT_NOFILE)[0], resource.getrlimit(resource.RLIMIT_FSIZE)[0]),
}


def serve():
    for line in sys.stdin:
        m = json.loads(line)
        if "id" not in m or "method" not in m:
            continue
        result = None
        if m["method"] == "initialize":
            result = {"protocolVersion": m["params"]["protocolVersion"], "capabilities": {"tools": {}},
                      "serverInfo": {"name": "neighbour", "version": "1"}}
        elif m["method"] == "tools/list":
            result = {"tools": [{"name": t, "description": t, "inputSchema": {"type": "object"}} for t in TOOLS]}
        elif m["method"] == "tools/call":
            text = TOOLS[m["params"]["name"]](m["params"].get("arguments", {}))
            result = {"content": [{"type": "text", "text": text}]}
        answer = {"jsonrpc": "2.0", "id": m["id"]}
        answer.update({"result": result} if result else {"error": {"code": -32601, "message": "no such method"}})
        print(json.dumps(answer), flush=True)


life = os.environ.get("LIFE", "")
if life == "broken":
    sys.stderr.write("I am broken\n")
    sys.exit(3)
if life == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if life == "mute":
    for line in sys.stdin:
        pass
if len(sys.argv) > 1:  # outside any jail: neighbour.py hold|look
    print(TOOLS[sys.argv[1]]({}), flush=True)
    sys.stdin.read()
    sys.exit(0)
serve()
if os.environ.get("BYE"):
    with open(os.environ["BYE"], "a") as f:
        f.write("bye\n")
while life == "deaf":
    time.sleep(1)
