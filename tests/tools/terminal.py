"""terminal.py SCENARIO REEVE [ARG...] - a person at a terminal: types, looks, kills; prints what was seen."""
import array
import fcntl
import os
import re
import select
import signal
import struct
import sys
import termios

PATIENCE = 20


class Seat:
    """A pty on which a command runs as the leader of a session, and its modes from outside."""

    def __init__(self, argv, rows=24, columns=80, redirect=None):
        self.master, self.slave = os.openpty()
        self.resize(rows, columns)
        self.before = self.modes()
        self.seen = b""
        self.all = b""
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2((redirect or {}).get(fd, self.slave), fd)
            os.closerange(3, 256)
            for number in (signal.SIGPIPE, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            os.execvp(argv[0], argv)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def modes(self):
        return termios.tcgetattr(self.slave)

    def is_raw(self):
        return not self.modes()[3] & (termios.ICANON | termios.ECHO | termios.ISIG)

    def restored(self):
        return "restored" if self.modes() == self.before else "changed"

    def unread(self):
        count = array.array("i", [0])
        fcntl.ioctl(self.slave, termios.FIONREAD, count)
        return count[0]

    def type(self, text):
        os.write(self.master, text.encode())

    def more(self, patience=PATIENCE):
        if not select.select([self.master], [], [], patience)[0]:
            return False
        got = os.read(self.master, 65536)
        self.seen += got
        self.all += got
        return True

    def expect(self, pattern):
        while not (found := re.search(pattern.encode(), self.seen)):
            if not self.more():
                sys.exit(f"never saw {pattern!r}, but: {self.seen!r}")
        self.seen = self.seen[found.end():]
        return found.group(0).decode()

    def ended(self):
        """Its status as a shell has it, having shown all it said."""
        watch = os.pidfd_open(self.pid)
        while True:
            ready = select.select([self.master, watch], [], [], PATIENCE)[0]
            if not ready:
                os.kill(self.pid, signal.SIGKILL)
                sys.exit(f"does not end; said: {self.seen!r}")
            if self.master in ready:
                self.more()
            elif watch in ready:
                break
        while self.more(0):
            pass
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return 128 - status if status < 0 else status

    def children(self):
        """Pid, and in how many pid namespaces it is, of each child of the command."""
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                text = open(f"/proc/{name}/status").read()
            except OSError:
                continue
            if f"\nPPid:\t{self.pid}\n" in text:
                yield int(name), re.search(r"^Name:\t(.*)$", text, re.M)[1], len(
                    re.search(r"^NSpid:(.*)$", text, re.M)[1].split())

    def relay(self):
        """Forked from it, and so of its name; and no process 1 of a jail."""
        own = open(f"/proc/{self.pid}/comm").read().strip()
        return [pid for pid, name, spaces in self.children() if name == own and spaces == 1]


def run(*words):
    return [reeve, "run", *options, "--", *words]


def shell():
    seat = Seat(["bash", "--norc", "--noprofile", "--noediting", "-i"])
    seat.type("PS1='prompt''> '; unset PROMPT_COMMAND\n")
    seat.expect("prompt> $")
    return seat


def line(*words):
    return " ".join(["'" + word.replace("'", "'\\''") + "'" for word in run(*words)])


def size():
    seat = Seat(run("stty", "size"), 41, 132)
    return seat.expect("[0-9]+ [0-9]+"), seat.ended()


def resize():
    seat = Seat(run("python3", "-c", "import os, signal\n"
                    "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGWINCH})\n"
                    "print('ready', flush=True)\n"
                    "signal.sigwait({signal.SIGWINCH})\n"
                    "print(os.get_terminal_size(0))"))
    seat.expect("ready")
    seat.resize(50, 100)
    return seat.expect(r"columns=\d+, lines=\d+"), seat.ended()


def interrupt():
    seat = Seat(run("sed", "-u", "s/^/got-/"))
    seat.type("zero\n")
    seat.expect("got-zero")
    raw = seat.is_raw()
    seat.type("\x03")
    return f"raw {raw}", seat.ended(), seat.restored()


def stop():
    """^Z twice, each time the shell's own terminal between, and what is typed arrives."""
    seat = shell()
    # Not stopped while sh starts sed: a vfork(2) does not return from a child that is stopped.
    seat.type("stty -a | md5sum; " + line("sh", "-c", "sed -u s/^/got-/; exit 0") + "\n")
    modes = seat.expect("[0-9a-f]{32}")
    seat.expect("reeve: [^\n]*\n")
    seat.type("zero\n")
    seat.expect("got-zero")
    said = []
    for word in ("one", "two"):
        seat.type("\x1a")
        seat.expect("Stopped")
        seat.expect("prompt> ")
        seat.type("stty -a | md5sum\n")
        said.append("same" if seat.expect("[0-9a-f]{32}") == modes else "other")
        seat.expect("prompt> ")
        seat.type("fg\n")
        seat.expect("reeve")
        seat.type(word + "\n")
        seat.expect("got-" + word)
    seat.type("\x04")
    seat.expect("prompt> ")
    seat.type("echo status=$?; stty -a | md5sum\n")
    said.append(seat.expect("status=[0-9]+"))
    said.append("same" if seat.expect("[0-9a-f]{32}") == modes else "other")
    seat.expect("prompt> ")
    seat.type("exit\n")
    seat.ended()
    return said


def orphaned():
    """No shell could continue us: ^Z must not be the end of everything."""
    seat = Seat(run("sed", "-u", "s/^/got-/"))
    seat.type("zero\n")
    seat.expect("got-zero")
    seat.type("\x1a")
    seat.type("typed\n")
    seat.expect("got-typed")
    seat.type("\x04")
    return seat.ended(), seat.restored()


def stopped_often():
    """An agent that stops itself over and over stops the job once, and fg goes on with it."""
    seat = shell()
    seat.type(line("sh", "-c", "(for i in $(seq 30); do kill -STOP $$; sleep 0.02; kill -CONT $$; sleep 0.02; done; : >flooded) &"
                   " wait; echo rea''dy; sed -u s/^/got-/") + "\n")
    stops = 0
    while seat.expect("Stopped|ready\r") == "Stopped":
        stops += 1
        seat.expect("prompt> ")
        while not os.path.exists("flooded"):
            seat.more(0.1)
        seat.type("fg\n")
        seat.expect("reeve")
    seat.type("now\n")
    seat.expect("got-now")
    seat.type("\x04")
    seat.expect("prompt> ")
    seat.type("exit\n")
    seat.ended()
    return f"{stops} stops"


def stopped_late():
    """An agent that stops itself does not stop the time it was given."""
    options[:] = ["--timeout", "1"]
    seat = shell()
    seat.type(line("sh", "-c", "kill -STOP $$; sleep 1000") + "\n")
    seat.expect("Stopped")
    job = [pid for pid, name, spaces in seat.children()]
    watch = os.pidfd_open(job[0])
    if not select.select([watch], [], [], PATIENCE)[0]:
        os.kill(job[0], signal.SIGKILL)
        return "stopped for ever"
    seat.expect("prompt> ")
    seat.type("\n")
    said = seat.expect("Exit [0-9]+")
    seat.type("exit\n")
    seat.ended()
    return said


def background():
    seat = shell()
    seat.type("stty -a | md5sum; " + line("sh", "-c", "echo from-''behind") + " & wait $!; echo status=$?\n")
    modes = seat.expect("[0-9a-f]{32}")
    seat.expect("from-behind")
    said = [seat.expect("status=[0-9]+")]
    seat.expect("prompt> ")
    seat.type(line("sh", "-c", "echo rea''dy; sed -u s/^/got-/") + " &\n")
    seat.expect("ready")
    seat.type("stty -a | md5sum\n")
    said.append("same" if seat.expect("[0-9a-f]{32}") == modes else "other")
    seat.type("fg\n")
    seat.expect("reeve")
    seat.type("now\n")
    seat.expect("got-now")
    seat.type("\x04")
    seat.expect("prompt> ")
    seat.type("exit\n")
    seat.ended()
    return said


def modes_after():
    """What a program inside does to its terminal stays inside."""
    seat = Seat(run("sh", "-c", "stty -echo raw; stty -a | grep -o -e '-echo ' -e '-icanon'; exit 3"))
    seat.expect("-icanon")
    return seat.ended(), seat.restored()


def timeout():
    options[:] = ["--timeout", "1"]
    seat = Seat(run("sh", "-c", "echo ready; cat"))
    seat.expect("ready")
    return f"raw {seat.is_raw()}", seat.ended(), seat.restored()


def killed(signals):
    seat = Seat(run("sh", "-c", "echo ready; cat"))
    seat.expect("ready")
    raw, relay = seat.is_raw(), seat.relay()
    signals(seat, relay)
    status = seat.ended()
    for pid in relay:  # after the launcher's own end it may still be at it
        while os.path.exists(f"/proc/{pid}") and " Z " not in open(f"/proc/{pid}/stat").read():
            pass
    return f"raw {raw}", f"{len(relay)} relay", status, seat.restored()


def kill_term():
    return killed(lambda seat, relay: os.kill(seat.pid, signal.SIGTERM))


def kill_launcher():
    return killed(lambda seat, relay: os.kill(seat.pid, signal.SIGKILL))


def kill_relay():
    return killed(lambda seat, relay: os.kill(relay[0], signal.SIGKILL))


def kill_recorder():
    def all_recorders(seat, relay):
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                words = open(f"/proc/{name}/cmdline").read()
            except OSError:
                continue
            if words.startswith("reeve-recorder") and os.environ["HOME"] in words:
                os.kill(int(name), signal.SIGKILL)
    return killed(all_recorders)


def staircase():
    """What the launcher itself says while the terminal is raw ends with a return."""
    seat = Seat(run("sh", "-c", "reeve-call tool broken/any '{}' </dev/null >/dev/null 2>&1; cat"))
    seat.expect("tool server broken ended with status [0-9]+: [^\r\n]*\r\n")
    raw = seat.is_raw()
    seat.type("\x04")
    return f"raw {raw}", seat.ended()


def hangup():
    seat = Seat(run("sh", "-c", "trap 'echo hangup >heard; exit' HUP; echo ready; while :; do read x || :; done"))
    seat.expect("ready")
    os.close(seat.slave)
    os.close(seat.master)
    watch = os.pidfd_open(seat.pid)
    if not select.select([watch], [], [], PATIENCE)[0]:
        os.kill(seat.pid, signal.SIGKILL)
        return "does not end"
    os.waitpid(seat.pid, 0)
    return open("heard").read().strip()


def flood():
    with open("flood", "wb") as out:
        out.write(b"0123456789abcdef" * 65536)
    seat = Seat(run("cat", "flood"))
    status = seat.ended()
    return status, "intact" if open("flood", "rb").read() in seat.all else f"{len(seat.all)} bytes"


def typed_flood():
    """More than any buffer holds, typed into a program that is slow to read."""
    seat = Seat(run("sh", "-c", "stty raw -echo; echo ready; head -c 300000 | md5sum >sum"))
    seat.expect("ready")
    text, sent = b"abcdefghij" * 30000, 0
    while sent < len(text):
        if select.select([seat.master], [seat.master], [], PATIENCE)[1]:
            sent += os.write(seat.master, text[sent:sent + 1000])
    status = seat.ended()
    import hashlib
    return status, "intact" if hashlib.md5(text).hexdigest() in open("sum").read() else "not intact"


def descriptors():
    """For each way to redirect 0, 1, 2: which are terminals inside."""
    said = []
    for bits in range(8):
        redirect, ends = {}, []
        for fd in range(3):
            if bits & 1 << fd:
                read, write = os.pipe()
                redirect[fd] = read if fd == 0 else write
                ends += [read, write]
        seat = Seat(run("sh", "-c", "exec 4>seen; for i in 0 1 2; do if [ -t $i ]; then printf t >&4; else printf p >&4; fi; done"),
                    redirect=redirect)
        for fd in ends:
            os.close(fd)
        seat.ended()
        want = "".join("p" if bits & 1 << fd else "t" for fd in range(3))
        got = open("seen").read()
        said.append(got if got == want else f"{got}, not {want}")
        if seat.restored() != "restored":
            said.append("modes changed")
    return said


def to_file():
    """stdin is a terminal, stdout a file: byte by byte what was written."""
    out = os.open("out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    seat = Seat(run("printf", "a\\nb\\n"), redirect={1: out})
    status = seat.ended()
    return status, repr(open("out", "rb").read())


def line_ends():
    """Only stdout is a terminal: line ends are treated once."""
    read, write = os.pipe()
    os.close(write)
    seat = Seat(run("printf", "first\\nsecond"), redirect={0: read})
    status = seat.ended()
    return status, seat.expect("first\\s+second").replace("\r", "R").replace("\n", "N")


INJECT = """
import fcntl, os, struct, sys, termios
def attempt(name, what, *words):
    try:
        what(*words)
        print(name, 'DONE')
    except OSError as e:
        print(name, os.strerror(e.errno))
def inject(fd, request):
    fcntl.ioctl(fd, request, b'x')
for request in (termios.TIOCSTI, 0x541C, termios.TIOCSTI | 1 << 32):
    attempt('inject', inject, 0, request & 0xffffffff)
mine = os.ttyname(0)
if os.fork() == 0:
    os.setsid()
    attempt('tty', os.open, '/dev/tty', os.O_RDWR)
    fd = os.open(mine, os.O_RDWR)
    attempt('inject', inject, fd, termios.TIOCSTI)
    sys.stdout.flush()
    os._exit(0)
os.wait()
print('mine', mine, 'there', sorted(os.listdir('/dev/pts')))
print('same', os.fstat(0).st_rdev == os.fstat(os.open('/dev/pts/0', os.O_RDWR | os.O_NOCTTY)).st_rdev, 'end', flush=True)
"""


def inject():
    seat = Seat(run("python3", "-c", INJECT))
    status = seat.ended()
    text = seat.all.decode()
    return (status, f"{len(re.findall('inject Operation not permitted', text))} refused",
            "DONE" if "DONE" in text else "none done", "no tty" if "tty No such device" in text else text,
            re.search(r"there \[.*\]", text)[0], f"{seat.unread()} typed", seat.restored())


def no_terminal():
    """Only the session has a terminal, no descriptor: there is none inside."""
    read, write = os.pipe()
    out = os.open("out", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    seat = Seat(run("sh", "-c", "if (: </dev/tty) 2>/dev/null; then echo a terminal; else echo none; fi"),
                redirect={0: read, 1: out, 2: out})
    seat.ended()
    return open("out").read().splitlines()[-1]


def view():
    """A person before the view: what an agent wrote acts on nothing; resized, killed, left, the terminal is as before."""
    seat = Seat([reeve, "review"], 24, 80)
    seat.expect("reeve review: 1 held")
    seat.expect("What would be done")
    raw = seat.is_raw()
    seat.type("\r")
    seat.expect("look-alike|another script")
    seat.resize(40, 100)
    seat.expect("202e")  # there is room for it now
    seat.type("?")
    seat.expect("any of them goes back")
    seat.type("\x1b[Z")
    seat.type("q")
    status = seat.ended()
    text = seat.all
    acts = [name for name, bytes_ in (("title", b"\x1b]0;"), ("clear", b"\x1b[2J"), ("bell", b"\x07"), ("turn", b"\xe2\x80\xae"))
            if bytes_ in text]
    if re.search(rb"[^\x1b\r\n]\x1b\[0m\x1b\[K", text):  # behind a full line this takes its last character
        acts.append("erase")
    return f"raw {raw}", status, seat.restored(), f"acts {acts}", "shown" if b"\\u{202e}" in text else "not shown"


def view_killed():
    """The view itself, and who minds it, by every signal."""
    said = []
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGKILL):
        for whom in ("view", "minder"):
            if (number, whom) == (signal.SIGKILL, "minder"):
                continue
            seat = Seat([reeve, "review"], 24, 80)
            seat.expect("What would be done")
            view_pid = [pid for pid, name, spaces in seat.children()][0]
            os.kill(view_pid if whom == "view" else seat.pid, number)
            seat.ended()
            said.append(seat.restored() + (" shown" if seat.all.rstrip().endswith(b"\x1b[?1049l") or b"\x1b[?1049l" in seat.all else " hidden"))
    return sorted(set(said))


def view_decides():
    """a: shown again, a reason, and the whole word yes; what was typed ahead is no answer."""
    seat = Seat([reeve, "review"], 24, 80)
    seat.expect("What would be done")
    seat.type("ayes\nyes\n")
    seat.expect("Reason, one line")
    seat.type("looked at it\n")
    seat.expect("Approve it")
    seat.type("y\n")
    seat.expect("nothing was decided")
    seat.type("\n")
    seat.expect("a approve")
    seat.type("d")
    seat.expect("Reason, one line")
    seat.type("no such thing\n")
    seat.expect("Deny it")
    seat.type("yes\n")
    seat.expect("denied, record")
    seat.type("\n")
    seat.expect("nothing is held")
    seat.type("q")
    return seat.ended(), seat.restored()


reeve = sys.argv[2]
options = sys.argv[3:]
answer = globals()[sys.argv[1]]()
print("|".join(map(str, answer)) if isinstance(answer, (tuple, list)) else answer)
