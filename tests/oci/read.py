#!/usr/bin/env python3
"""Another reading of an OCI seccomp file, to hold reeve's against: read.py FILE KERNEL GOARCH.

For every call the file names, one line for each probe: NAME ANSWER A0 .. A5, where ANSWER is allow, kill, trap
or an errno. Probes lie on, beside, below and above every value the file compares with, also in the upper half.
"""
import errno
import itertools
import json
import sys

KINDS = {"ALLOW": "allow", "LOG": "allow", "KILL": "kill", "KILL_PROCESS": "kill", "KILL_THREAD": "kill",
         "TRAP": "trap", "TRACE": errno.ENOSYS}
ALL = (1 << 64) - 1


def action(holder, word, number, name):
    kind = holder[word].removeprefix("SCMP_ACT_")
    if kind != "ERRNO":
        return (kind, KINDS[kind])
    if holder.get(name):
        return (kind, getattr(errno, holder[name]))
    return (kind, holder[number] if holder.get(number) is not None else errno.EPERM)


def applies(entry, kernel, arch):
    wanted, barred = entry.get("includes") or {}, entry.get("excludes") or {}
    newer = lambda text: kernel >= tuple(int(part) for part in text.split("."))
    if wanted.get("caps") or (wanted.get("arches") and arch not in wanted["arches"]):
        return False
    if wanted.get("minKernel") and not newer(wanted["minKernel"]):
        return False
    return arch not in (barred.get("arches") or []) and not (barred.get("minKernel") and newer(barred["minKernel"]))


def holds(arg, registers):
    have, one, two = registers[arg["index"]], arg["value"], arg.get("valueTwo") or 0
    return {"EQ": have == one, "NE": have != one, "LT": have < one, "LE": have <= one, "GT": have > one,
            "GE": have >= one, "MASKED_EQ": have & one == two}[arg["op"].removeprefix("SCMP_CMP_")]


def matches(args, registers):
    indexes = [arg["index"] for arg in args]
    each = [holds(arg, registers) for arg in args]
    return all(each) if len(set(indexes)) == len(indexes) else any(each)


def answer(entries, default, registers):
    said = [(what, args) for what, args in entries if what != default]
    plain = [what for what, args in said if not args]
    if plain:
        return plain[0][1]
    return next((what[1] for what, args in said if matches(args, registers)), default[1])


def values(arg):
    one, two = arg["value"], arg.get("valueTwo") or 0
    found = {0, 1, ALL, one, one + 1, one - 1, one | 1 << 32, one ^ 1 << 63, one >> 1, two, two + 1, two - 1}
    if arg["op"] == "SCMP_CMP_MASKED_EQ":
        found |= {two ^ (one & -one), two | (ALL & ~one), two ^ 1 << 40, ALL & ~one, two & (two - 1)}
    return {value & ALL for value in found}


def probes(entries):
    found = {}
    for _, args in entries:
        for arg in args:
            found.setdefault(arg["index"], set()).update(values(arg))
    indexes = sorted(found)
    for chosen in itertools.islice(itertools.product(*(sorted(found[i]) for i in indexes)), 20000):
        registers = [7, 7, 7, 7, 7, 7]
        for index, value in zip(indexes, chosen):
            registers[index] = value
        yield registers


def main(path, kernel, arch):
    kernel = tuple(int(part) for part in kernel.split("."))
    with open(path, encoding="utf-8") as file:
        root = json.load(file)
    default = action(root, "defaultAction", "defaultErrnoRet", "defaultErrno")
    calls = {}
    for entry in root.get("syscalls") or []:
        for name in entry.get("names") or [entry["name"]]:
            entries = calls.setdefault(name, [])
            if applies(entry, kernel, arch):
                entries.append((action(entry, "action", "errnoRet", "errno"), entry.get("args") or []))
    for name, entries in calls.items():
        for registers in probes(entries):
            print(name, answer(entries, default, registers), *registers)
    print("default", default[1], 7, 7, 7, 7, 7, 7)


main(*sys.argv[1:])
