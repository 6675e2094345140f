#!/usr/bin/env python3
"""activate.py UNITS TENANT [--put FROM=TO]... [--as NAME=ID]... [--word WORD]...: what systemd does with the units of
contrib/systemd, without systemd. Makes the sockets of the tenant as they say, waits until somebody connects, becomes the
service's user and executes its ExecStartPre and ExecStart word for word (FROM in them is TO), again whenever it has
ended. WORD goes behind ExecStart; --drop and --anchor FILE are drop-ins of the service and of the anchor that comes and
goes with it. On standard output: "listening", "started PID", "ended STATUS"."""
import argparse
import os
import resource
import select
import signal
import socket
import sys

p = argparse.ArgumentParser()
p.add_argument("units")
p.add_argument("tenant")
p.add_argument("--put", action="append", default=[])
p.add_argument("--as", dest="ids", action="append", default=[])
p.add_argument("--word", action="append", default=[])
p.add_argument("--drop", action="append", default=[])
p.add_argument("--anchor")
a = p.parse_args()
ids = dict(item.split("=") for item in a.ids)


def unit(name):
    """[(key, value)] of a unit, its specifiers and our places put in."""
    out = []
    with open(os.path.join(a.units, name), encoding="utf-8") as f:
        for line in f:
            key, is_one, value = line.strip().partition("=")
            if not is_one or key.startswith("#"):
                continue
            value = value.replace("%i", a.tenant)
            for put in a.put:
                value = value.replace(*put.split("="))
            out.append((key, value))
    return out


def one(of, key, otherwise=None):
    found = [value for name, value in of if name == key]
    return found[-1] if found else otherwise


def number(name):
    return int(ids.get(name, name))


def make(name):
    """A listening socket, as its unit says; and its name."""
    of = unit(name)
    path = one(of, "ListenSequentialPacket")
    os.makedirs(os.path.dirname(path), int(one(of, "DirectoryMode", "755"), 8), exist_ok=True)
    if os.path.exists(path):
        os.unlink(path)
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.bind(path)
    os.chown(path, number(one(of, "SocketUser")), number(one(of, "SocketGroup")))
    os.chmod(path, int(one(of, "SocketMode"), 8))
    s.listen(64)
    return s, one(of, "FileDescriptorName")


sockets = [make("reeve-recorder@.socket"), make("reeve-recorder-review@.socket")]
service = sum([unit(drop) for drop in a.drop], unit("reeve-recorder@.service"))
anchor = unit("reeve-anchor@.service") + unit(a.anchor) if a.anchor else None
uid, gid = number(one(service, "User")), number(one(service, "Group"))
state = os.path.join([put.split("=")[1] for put in a.put if put.startswith("/var/lib/reeve-recorder=")][0], a.tenant)
os.makedirs(state, exist_ok=True)
os.chown(state, uid, gid)
os.chmod(state, int(one(service, "StateDirectoryMode"), 8))


def become(words, passed, of):
    """In a child. No Python between the copies of the sockets and the program: it may keep nothing open."""
    os.setsid()
    os.chdir("/")
    os.setgroups([number(group) for key, group in of if key == "SupplementaryGroups"])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    os.umask(int(one(of, "UMask"), 8))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    env = {"PATH": "/usr/bin:/bin"}
    high = [os.dup2(s.fileno(), 100 + i) for i, s in enumerate(passed)]
    os.closerange(3, 100)
    for i, fd in enumerate(high):
        os.dup2(fd, 3 + i)
        os.set_inheritable(3 + i, True)
    if passed:
        env.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(passed)), LISTEN_FDNAMES=":".join(names))
    os.closerange(3 + len(passed), 200)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.execve(words[0], words, env)


names = [name for _, name in sockets]
child = 0


beside = 0


def start(words, passed, of):
    pid = os.fork()
    if pid == 0:
        try:
            become(words, passed, of)
        finally:
            os._exit(127)
    return pid


def keep():
    global beside
    folder = os.path.join(state, "anchor")
    os.makedirs(folder, exist_ok=True)
    os.chown(folder, uid, gid)
    beside = start(one(anchor, "ExecStart").split(), [], anchor)


def run(words, passed):
    global child, beside
    child = start(words, passed, service)
    if passed and anchor:
        keep()
    if passed:
        print("started", child, flush=True)
    pid, child_status = os.waitpid(child, 0)
    child = 0
    if passed and beside:
        os.waitpid(beside, 0)
        beside = 0
    return os.waitstatus_to_exitcode(child_status)


def stop(*_):
    if child:
        os.kill(child, signal.SIGTERM)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print("ended", status, flush=True)
    if beside:
        os.waitpid(beside, 0)
    for s, _ in sockets:
        os.unlink(s.getsockname())
    os._exit(0)


signal.signal(signal.SIGTERM, stop)
os.umask(0o22)
print("listening", flush=True)
while True:
    select.select([s for s, _ in sockets], [], [])
    for key, value in service:
        if key == "ExecStartPre" and run(value.split(), []) != 0:
            sys.exit("ExecStartPre failed")
    print("ended", run(one(service, "ExecStart").split() + a.word, [s for s, _ in sockets]), flush=True)
