#!/usr/bin/env python3
"""differ.py AUDIT WORK [SEED COUNT] - ledgers with epochs and segments, as the recorder makes them, as the holder of one
of their keys might, and as an editor without any: reeve-audit verify and contrib/verify.py must say the same of each."""
import base64
import copy
import hashlib
import importlib.util
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
spec = importlib.util.spec_from_file_location("verify", HERE.parent.parent / "contrib" / "verify.py")
other = importlib.util.module_from_spec(spec)
spec.loader.exec_module(other)

AUDIT, WORK = sys.argv[1], pathlib.Path(sys.argv[2])
LEDGER, ORIGIN = WORK / "differ", "reeve.local/t/0123456789abcdef"
HEAD = struct.Struct("<IIQQQHHI")
DASH = "\u2014 ".encode()
count = 0


def pack(point):
    z = pow(point[2], other.P - 2, other.P)
    x, y = point[0] * z % other.P, point[1] * z % other.P
    return (y | (x & 1) << 255).to_bytes(32, "little")


class Key:
    def __init__(self, word, name=ORIGIN):
        h = hashlib.sha512(hashlib.sha256(word.encode()).digest()).digest()
        a = int.from_bytes(h[:32], "little")
        self.a, self.prefix = (a & (1 << 254) - 8) | 1 << 254, h[32:]
        self.raw = pack(other.point_times(self.a, other.BASE))
        self.name, self.id = name, hashlib.sha256(name.encode() + b"\n\1" + self.raw).digest()[:4]
        self.text = "%s+%s+%s" % (name, self.id.hex(), base64.b64encode(b"\1" + self.raw).decode())

    def sign(self, text):
        r = int.from_bytes(hashlib.sha512(self.prefix + text).digest(), "little") % other.Q
        big = pack(other.point_times(r, other.BASE))
        h = int.from_bytes(hashlib.sha512(big + self.raw + text).digest(), "little") % other.Q
        return self.id + big + ((r + h * self.a) % other.Q).to_bytes(32, "little")

    def line(self, text):
        return DASH + self.name.encode() + b" " + base64.b64encode(self.sign(text)) + b"\n"


KEYS = [Key("epoch %d" % n) for n in range(8)]
ROOT, ONE, TWO, THREE, FOUR = KEYS[:5]


def record(kind, **more):
    return dict(kind=kind, run=0, time="2026-11-21T20:00:00.000000Z", **more)


def epoch(number, key, **more):
    return record("epoch", epoch=number, key=key.text, **more)


class Sign(list):
    """A checkpoint here, by these; `size`, `text` and `edit` are what an attacker changes of it."""
    def __init__(self, *keys, size=None, text=None, edit=None):
        super().__init__(keys)
        self.size, self.text, self.edit = size, text, edit


def usual():
    """Two epochs that follow, one run with an intent and its outcome, a revocation that takes two records back."""
    run = dict(run=2)
    return [record("genesis", key=ROOT.text, tenant="t", version="reeve-ledger/1"), epoch(1, ONE), Sign(ROOT, ONE),
            record("run") | run, record("intent", action="tool.call", server="s", tool="t") | run, Sign(ONE),
            record("outcome", intent=3, status="ok") | run, Sign(ONE),
            epoch(2, TWO, former=1), Sign(ONE, TWO),
            record("intent", action="tool.call") | run, record("outcome", intent=6, status="ok") | run, Sign(TWO),
            record("close", status="ok") | run, record("gap", since=3, witness="w", why="down"), Sign(TWO)]


def frame(kind, index, run, ref, body):
    head = bytearray(HEAD.pack(len(body), 0, index, run, ref, kind, 0, 0))
    head[4:8] = struct.pack("<I", other.crc32c(bytes(head[:4]) + bytes(head[8:]) + body))
    return bytes(head) + body + bytes(-len(body) % 8)


def made(steps):
    """The frames, one for each step."""
    tree, n, out = other.Tree(), 0, []
    for step in steps:
        if isinstance(step, Sign):
            root = base64.b64encode(tree.root()).decode()
            text = (step.text or "%s\n%d\n%s\n" % (ORIGIN, n if step.size is None else step.size, root)).encode()
            note = text + b"\n" + b"".join(k.line(text) for k in step)
            out.append((0xFFFF, n, 0, 0, step.edit(note) if step.edit else note))
            continue
        r = dict(dict(ledger=ORIGIN, n=n), **step)
        body = json.dumps(r, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
        out.append((other.KINDS.index(r["kind"]), n, r["run"], r.get("intent", r.get("held", 0)), body))
        tree.add(body)
        n += 1
    return out


def write(data, head=None, cuts=(), more=()):
    """Segments begin at the cuts."""
    shutil.rmtree(LEDGER, ignore_errors=True)
    LEDGER.mkdir()
    edges = [0, *sorted(set(cuts)), len(data)]
    for begin, end in zip(edges, edges[1:]):
        (LEDGER / ("journal.%020d" % begin if begin else "journal")).write_bytes(data[begin:end])
    for name, what in more:
        (LEDGER / name).write_bytes(what)
    if head is not None:
        (LEDGER / "head").write_text("%020d\n" % head, encoding="ascii")


def both(what, expected=None):
    """What each says; only whether there is trouble at all must be the same, and where expected, which."""
    global count
    got = subprocess.run([AUDIT, "verify", str(LEDGER), "--key", str(WORK / "differ.pub")], capture_output=True, text=True,
                         timeout=60, check=False)
    try:
        other.verify(LEDGER, (ORIGIN, ROOT.id, ROOT.raw), 0)
        second, why = 0, "whole"
    except (other.Bad, OSError, ValueError) as bad:
        second, why = getattr(bad, "status", 3), str(bad)
    except (AttributeError, KeyError, TypeError) as bad:  # as a program it ends with that
        second, why = 1, repr(bad)
    same = bool(got.returncode) == bool(second) and 0 <= got.returncode < 64
    fits = expected is None or got.returncode == second == expected
    if not same or not fits or not what.startswith("mutation"):
        count += 1
        print("%sok %d - %s" % ("" if same and fits else "not ", count, what))
    if not same or not fits:
        print("# expected: %s\n# verify.py: %d, %s\n# reeve-audit: %d\n# %s" % (expected, second, why, got.returncode,
              "\n# ".join((got.stdout + got.stderr).splitlines())))
    return same and fits


def whole(frames):
    return other.MAGIC + b"".join(frame(*f) for f in frames)


def case(what, expected, change):
    steps = usual()
    steps = change(steps) or steps
    frames = made(steps)
    write(whole(frames), head=1)
    both(what, expected)


def revoke(which, since, *after, by=ROOT):
    return lambda steps: [*steps, epoch(3, THREE, former=5, revoked=which, since=since, why="stolen"), Sign(by, THREE), *after]


def put(at, step):
    return lambda steps: steps[:at] + [step] + steps[at + 1:]


def add(*more):
    return lambda steps: [*steps, *more]


def loose(note):
    """The last letter before the padding says two bits more than there are: another text of the same signature."""
    at = note.rindex(b"=") - 1
    letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return note[:at] + letters[letters.index(note[at]) ^ 1:][:1] + note[at + 1:]


def swap_lines(note):
    text, lines = note.split(b"\n\n")
    return text + b"\n\n" + b"\n".join(reversed(lines.strip().split(b"\n"))) + b"\n"


def spoil(which):
    """The signature line of that number is spoiled, and a good one stands elsewhere in the note or not at all."""
    def edit(note):
        text, lines = note.split(b"\n\n")
        lines = lines.strip().split(b"\n")
        at = lines[which].rindex(b" ") + 9
        lines[which] = lines[which][:at] + (b"A" if lines[which][at:at + 1] != b"A" else b"B") + lines[which][at + 1:]
        return text + b"\n\n" + b"\n".join(lines) + b"\n"
    return edit


EIGHT = ORIGIN + "\n8\n"
GAP = record("gap", since=3, witness="w", why="down")
RUN = dict(run=2)


def crafted():
    case("a ledger of two epochs", 0, lambda s: None)
    case("a handover by the new key alone", 4, put(9, Sign(TWO)))
    case("by the old alone", 4, put(9, Sign(ONE)))
    case("by the new key twice", 4, put(9, Sign(TWO, TWO)))
    case("by the old key twice", 4, put(9, Sign(ONE, ONE)))
    case("by the root in the old one's place, and nothing revoked", 4, put(9, Sign(ROOT, TWO)))
    case("by both and a third", 0, put(9, Sign(ONE, TWO, FOUR)))
    case("by the new one first", 0, put(9, Sign(TWO, ONE)))
    case("with a bad line of each before the good ones", 4, put(9, Sign(ONE, TWO, ONE, TWO, edit=lambda n: spoil(0)(spoil(1)(n)))))
    case("with one of the two spoiled", 4, put(9, Sign(ONE, TWO, edit=spoil(1))))
    case("after a handover, the old key", 4, add(GAP, Sign(ONE)))
    case("the root", 4, add(GAP, Sign(ROOT)))
    case("the root beside the one in force", 0, add(GAP, Sign(TWO, ROOT)))
    case("the handover's size once more, by the new key alone", 4, lambda s: s[:10] + [Sign(TWO)] + s[10:])
    case("the same by both", 0, lambda s: s[:10] + [Sign(ONE, TWO)] + s[10:])
    case("any size once more", 0, add(Sign(TWO)))
    case("a checkpoint of nothing before all", 0, lambda s: [Sign(ROOT)] + s)
    case("the same by another", 4, lambda s: [Sign(ONE)] + s)
    case("a record between epoch and checkpoint", 1, lambda s: s[:9] + [GAP | dict(run=0)] + s[9:])
    case("an epoch whose checkpoint never came", 7, add(epoch(3, THREE, former=5)))
    case("two epochs under one checkpoint", 1, add(epoch(3, THREE, former=5), epoch(4, FOUR, former=9), Sign(TWO, FOUR)))
    case("an epoch number left out", 1, add(epoch(4, THREE, former=5), Sign(TWO, THREE)))
    case("an epoch twice", 1, add(epoch(2, THREE, former=5), Sign(TWO, THREE)))
    case("a former key again", 1, add(epoch(3, ONE, former=5), Sign(TWO, ONE)))
    case("the root's own key as epoch", 1, add(epoch(3, ROOT, former=5), Sign(TWO, ROOT)))
    case("a key of another name", 1, add(epoch(3, Key("x", "reeve.local/u/0"), former=5), Sign(TWO, THREE)))
    case("a wrong former", 1, add(epoch(3, THREE, former=1), Sign(TWO, THREE)))
    case("no former", 1, add(epoch(3, THREE), Sign(TWO, THREE)))
    case("an epoch without a key", 1, add(record("epoch", epoch=3, former=5), Sign(TWO, THREE)))
    case("a third epoch", 0, add(epoch(3, THREE, former=5), Sign(TWO, THREE)))
    case("a checkpoint's root in another text", 1, put(15, Sign(TWO, text=None, edit=None, size=7)))
    case("a size beyond 64 bits", None, put(15, Sign(TWO, size=2**64 + 10)))
    case("a signature in another text of the same bits", 4, put(15, Sign(TWO, edit=loose)))
    case("two empty lines", 4, put(15, Sign(TWO, edit=lambda n: n.replace(b"\n\n", b"\n\n\n"))))
    case("another line in the text", 4, put(15, Sign(TWO, text=ORIGIN + "\n10\nAAAA\nmore\n")))

    case("a gap that is in a run", 1, add(GAP | RUN, Sign(TWO)))
    case("an anchor that is about a record", 1, add(record("anchor", upto=3, witness="w", held=3), Sign(TWO)))
    case("an access to a record to come", 1, add(record("access", held=10), Sign(TWO)))
    case("an access to a record", 0, add(record("access", held=6), Sign(TWO)))
    case("an outcome that is of a held call as well", 1,
         lambda s: s[:6] + [s[6] | dict(held=2)] + s[7:])
    case("an alert in its run", 1, add(record("alert", alert="a:b", count=1) | RUN, Sign(TWO)))
    case("an outcome of nothing", 1, add(record("outcome", status="ok") | RUN, Sign(TWO)))
    case("a run that closes again", 1, add(record("close", status="ok") | RUN, Sign(TWO)))

    case("a revocation that finds nothing", 0, revoke(2, 10))
    case("one that finds records", 10, revoke(2, 8))
    case("by the epoch and not by the root", 4, revoke(2, 8, by=TWO))
    case("of an epoch before, wholly", 10, revoke(1, 2))
    case("of an epoch before, for records of a later one alone", 0, revoke(1, 7))
    case("of the root", 1, revoke(0, 2))
    case("of itself", 1, revoke(3, 2))
    case("since a record before its own", 1, revoke(2, 5))
    case("since a record to come", 1, revoke(2, 11))
    case("since without an epoch", 1, add(epoch(3, THREE, former=5, since=8), Sign(ROOT, THREE)))
    case("an epoch without since", 1, add(epoch(3, THREE, former=5, revoked=2), Sign(ROOT, THREE)))
    case("again, to take it back", 1, revoke(2, 8, epoch(4, FOUR, former=10, revoked=2, since=10), Sign(ROOT, FOUR)))
    case("a revoked key goes on", 4, revoke(2, 8, GAP, Sign(TWO)))
    case("a revoked key hands over", 4, revoke(2, 8, epoch(4, FOUR, former=10), Sign(TWO, FOUR)))
    thief = [epoch(3, THREE, former=5), Sign(TWO, THREE), GAP, Sign(THREE)]
    case("a thief has handed over to himself before his key is revoked", 10,
         lambda s: s + thief + [epoch(4, FOUR, former=10, revoked=2, since=10, why="stolen"), Sign(ROOT, FOUR)])
    case("the key was lost only after it had handed over", 0,
         lambda s: s + thief + [epoch(4, FOUR, former=10, revoked=2, since=12, why="lost"), Sign(ROOT, FOUR)])


def with_(at, **members):
    """That record says so, too."""
    def change(steps):
        steps[at] = {k: v for k, v in {**steps[at], **members}.items() if v is not None}
    return change


class Nothing(Key):
    """Signs by an R that is the neutral point, which some libraries take."""
    def sign(self, text):
        big = (1).to_bytes(32, "little")
        h = int.from_bytes(hashlib.sha512(big + self.raw + text).digest(), "little") % other.Q
        return self.id + big + (h * self.a % other.Q).to_bytes(32, "little")


class Twisted(Key):
    """A key with a part of order two: another than the one of its secret, and no signature is surely good or bad."""
    def __init__(self, word):
        super().__init__(word)
        two = (0, other.P - 1, 1, 0)
        self.raw = pack(other.point_add(other.point_times(self.a, other.BASE), two))
        self.id = hashlib.sha256(self.name.encode() + b"\n\1" + self.raw).digest()[:4]
        self.text = "%s+%s+%s" % (self.name, self.id.hex(), base64.b64encode(b"\1" + self.raw).decode())


def members():
    """What a record may be, by the table of the page."""
    for what, expected, more in (
            ("a member that nobody knows", 1, dict(zzz="x")), ("a number that is a text", 1, dict(count="3")),
            ("a text that is a number", 1, dict(server=3)), ("a text that is a list", 1, dict(server=["x"])),
            ("a text as large as may be, of two bytes a letter", 0, dict(server="\u00e9" * 32)),
            ("one more", 1, dict(server="\u00e9" * 32 + "x")), ("a list as large as may be", 0, dict(flow=["x" * 31, "y" * 31])),
            ("one more in it", 1, dict(flow=["x" * 31, "y" * 32])), ("a list of nothing", 0, dict(flow=[])),
            ("64 empty items", 0, dict(flow=[""] * 64)), ("65", 1, dict(flow=[""] * 65)), ("no time", 1, dict(time=None)),
            ("a held call that is 0", 1, dict(held=0)), ("a held call that never was", 1, dict(held=2, reason="approved"))):
        case("in an intent, " + what, expected, with_(4, **more))
    case("an epoch at no time", 1, with_(8, time="yesterday"))
    case("an epoch on a day that no month has", 1, with_(8, time="2026-02-30T20:00:00.000000Z"))
    agent = record("agent", agent="a") | RUN
    case("an agent twice, and the second does not name the first", 1, lambda s: s[:4] + [agent, agent] + s[4:])
    case("a purge that is about a record", 1, add(record("purge", status="released", held=3), Sign(TWO)))


def notes():
    """Lines of a note: one that is no signature, or claims to be ours and is not, spoils it for other readers as well."""
    for what, expected, edit in (
            ("a line of something else behind", 4, lambda n: n + b"hello\n"),
            ("one before", 4, lambda n: n.replace(b"\n\n", b"\n\nhello\n")), ("one without base64", 4, lambda n: n + DASH + b"x ???\n"),
            ("bytes that are no text", 4, lambda n: n + DASH + b"\xff AAAAAAAAAAAA\n"), ("an empty line", 4, lambda n: n + b"\n"),
            ("no newline at its end", 4, lambda n: n[:-1]), ("a control character", 4, lambda n: n + DASH + b"x\1 AAAAAAAAAAAA\n"),
            ("a line of another, of whatever size", 0, lambda n: n + DASH + b"x " + base64.b64encode(b"x" * 900) + b"\n"),
            ("a bad one of the same key behind the good", 4, lambda n: spoil(1)(n + n.split(b"\n\n")[1]))):
        case("a note with " + what, expected, put(15, Sign(TWO, edit=edit)))
    case("a signature whose R is no point of use", 4, put(15, Sign(Nothing("epoch 2"))))
    case("an epoch's key that is no point of use", 1, add(epoch(3, Twisted("epoch 3"), former=5), Sign(TWO, THREE)))


def ends():
    """Where the written part ends, and what stands behind it."""
    frames = made(usual())
    at = [len(whole(frames[:i])) for i in range(len(frames) + 1)]
    data = whole(frames)

    def zeros(begin, end):
        return data[:begin] + bytes(end - begin) + data[end:]
    for head in (None, 1):
        write(zeros(at[5], at[5] + 40), head)
        both("a frame's head is zeros, and later ones are signed, head %s" % head, 1)
        write(zeros(at[5], at[6]), head)
        both("all of the frame is, head %s" % head, 1)
    for what, begin, end in (("first frame's head", at[13], at[13] + 40), ("checkpoint", at[15] + 40, at[15] + 60)):
        for head, expected in ((None, 1), (8, 7), (10, 1)) if begin == at[13] else ((None, 7), (8, 7), (10, 5)):
            write(zeros(begin, end), head)
            both("the last batch's %s is zeros, head %s" % (what, head), expected)
    write(data + bytes(400) + b"junk", 1)
    both("bytes behind zeros", 7)
    write(data + bytes(400) + frames[2][4], 1)
    both("a checkpoint of before behind zeros, which nobody was told", 7)
    write(data + bytes(400) + frames[2][4], None)
    both("the same, and nobody knows", 1)
    write(data + frame(4, 10, 2, 99, b"{}"), 1)
    both("a record that is none, and nobody has signed", 7)
    write(data + frame(0xFFFF, 77, 0, 0, b"x"), 1)
    both("a commit of another size", 7)
    write(data[:at[9]] + frame(21, 6, 0, 0, b"{}") + data[at[9]:], 1)
    both("a kind that nobody knows", 1)
    for head in ("1\n", "%020d" % 10, "x" * 20 + "\n"):
        write(data)
        (LEDGER / "head").write_text(head, encoding="ascii")
        both("a head that is %r" % head, 3)


def files():
    data = whole(made(usual()))
    frames = made(usual())
    ends = [len(whole(frames[:i + 1])) for i, f in enumerate(frames)]
    write(data, 1, [ends[2], ends[9]])
    both("in three segments", 0)
    write(data, 1, [ends[3]])
    both("in segments that end behind no commit", 0)
    write(data, 1, [ends[2]], [("journal.%020d" % len(data), b"")])
    both("with an empty one behind", 0)
    for name in ("journal.00000000000000000000", "journal.00000000000000000007", "journal.99999999999999999999", "journal.next",
                 "journal.000000000000000000a0", "journal.0000000000000000001", "journal.00000000000000000016"):
        write(data, 1, [ends[2]], [(name, b"x" * 16)])
        both("beside what is called " + name, 0)
    write(data, 1, [ends[2]], [("journal.%020d" % (len(data) + 8), b"")])
    both("an empty one further behind", 1)
    write(data, 1, [ends[2]])
    os.rename(LEDGER / ("journal.%020d" % ends[2]), LEDGER / "elsewhere")
    os.symlink("elsewhere", LEDGER / ("journal.%020d" % ends[2]))
    both("one that is a link", 1)
    write(data, 1)
    os.mkdir(LEDGER / ("journal.%020d" % len(data)))
    both("a folder behind", 1)
    write(data, 1, [ends[2]])
    with open(LEDGER / "journal", "ab") as first:
        first.write(b"\0" * 8)
    both("zeros behind one that is not the last", 1)


def mutate(r, frames):
    """One change by somebody without a key; sums are right again where frames are."""
    frames = copy.copy(frames)
    at = r.randrange(len(frames))
    kind, index, run, ref, body = frames[at]
    what = r.choice(["swap", "drop", "twice", "body", "head", "note", "bytes", "cut", "lines", "move", "gone", "same"])
    if what == "swap":
        to = r.randrange(len(frames))
        frames[at], frames[to] = frames[to], frames[at]
    elif what == "drop":
        del frames[at]
    elif what == "twice":
        frames.insert(r.randrange(len(frames) + 1), frames[at])
    elif what in ("body", "note"):
        b = bytearray(body)
        b[r.randrange(len(b))] ^= 1 << r.randrange(8)
        frames[at] = (kind, index, run, ref, bytes(b))
    elif what == "head":
        new = [kind, index, run, ref]
        new[r.randrange(4)] = r.choice([0, 1, 2, 17, 0xFFFF, index + 1])
        frames[at] = (*new, body)
    elif what == "lines" and kind == 0xFFFF:
        notes = [f[4] for f in frames if f[0] == 0xFFFF]
        text = body.split(b"\n\n")[0]
        line = r.choice(r.choice(notes).split(b"\n\n")[1].splitlines(True))
        first, rest = r.choice([(line, b""), (body.split(b"\n\n")[1], line), (line, body.split(b"\n\n")[1])])
        frames[at] = (kind, index, run, ref, text + b"\n\n" + first + rest)
    data = bytearray(whole(frames))
    if what == "bytes":
        data[r.randrange(len(data))] ^= 1 << r.randrange(8)
    elif what == "cut":
        del data[r.randrange(len(data)):]
    elif what == "gone":
        begin = r.randrange(len(data))
        del data[begin:begin + r.choice([1, 8, 40, 400])]
    elif what == "move":
        begin = r.randrange(16, len(data))
        data[begin:begin] = r.choice([b"\0" * 8, b"\0" * 40, bytes(data[16:400]), ORIGIN.encode() + b"\n"])
    return what, bytes(data)


def at_random(seed, times):
    r, agree = random.Random(seed), 0
    bases = [made(usual()), made(revoke(2, 8, GAP, Sign(THREE))(usual())), made(usual() + [Sign(TWO)])]
    for n in range(times):
        what, data = mutate(r, r.choice(bases))
        cuts = [c // 8 * 8 for c in r.sample(range(24, max(len(data), 32)), r.choice([0, 0, 1, 2])) if c < len(data)]
        write(data, r.choice([None, 0, 1, 8, 10, 12]), cuts)
        agree += both("mutation %d of seed %d: %s" % (n, seed, what))
    return agree


def main():
    global count
    (WORK / "differ.pub").write_text(ROOT.text + "\n", encoding="ascii")
    crafted()
    members()
    notes()
    ends()
    files()
    seed, times = (int(x) for x in (sys.argv[3:5] or ("1", "40")))
    agree = at_random(seed, times)
    count += 1
    print("%sok %d - both say the same of %d ledgers that were changed at random" % ("" if agree == times else "not ", count, times))
    print("1..%d" % count)


main()
