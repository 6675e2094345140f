"""schemas.py TOP REEVE ROOM - hold what is shipped and what the documents show against docs/schema, and what is
wrong; and reeve must think the same of each as the schema does. Prints "ok WHAT" or "not ok WHAT"."""
import glob
import grp
import json
import os
import re
import shutil
import subprocess
import sys

import jsonschema

top, reeve, room = sys.argv[1:4]
GROUP = grp.getgrgid(os.getgid()).gr_name
schemas = {}
for kind in ("policy", "profile", "catalogue", "agents", "tools", "reviewers", "config", "controls"):
    with open(f"{top}/docs/schema/{kind}.json", encoding="utf-8") as f:
        schemas[kind] = json.load(f)
    jsonschema.Draft7Validator.check_schema(schemas[kind])


def errors(kind, doc):
    found = jsonschema.Draft7Validator(schemas[kind]).iter_errors(doc)
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:120]}" for e in found]


def say(good, what, why=""):
    print(("ok " if good else "not ok ") + what + ("" if good else f": {why}").replace("\n", " "))


# What is shipped.
for kind, pattern in (("policy", "policies/*.json"), ("profile", "profiles/*.json"), ("catalogue", "policies/catalogue/*.json"), ("controls", "controls/*.json"),
                      ("tools", "examples/*/tools.json")):
    files = sorted(glob.glob(f"{top}/{pattern}"))
    say(len(files) >= (1 if kind == "tools" else 3), f"there are files of the kind {kind}")
    for name in files:
        with open(name, encoding="utf-8") as f:
            wrong = errors(kind, json.load(f))
        say(not wrong, f"{os.path.relpath(name, top)} is valid", wrong)

# What is shown.
shown = {kind: 0 for kind in schemas}
for name in sorted(glob.glob(f"{top}/docs/man/*.[1-8]")) + [f"{top}/README.md"] + sorted(glob.glob(f"{top}/examples/**/*", recursive=True)):
    if not os.path.isfile(name):
        continue
    with open(name, encoding="utf-8", errors="replace") as f:
        text = f.read().replace("\\(dq", '"').replace("\\e", "\\").replace("\\&", "").replace("%s", "/x")
    for start in re.finditer(r'\{\s*"reeve": *"(policy|profile|catalogue|agents|tools|reviewers|config|controls)/1"', text):
        try:
            doc = json.JSONDecoder().raw_decode(text[start.start():])[0]
        except ValueError:
            if "..." in text[start.start():start.start() + 400]:
                continue
            say(False, f"an example of {os.path.relpath(name, top)} is JSON", text[start.start():start.start() + 80])
            continue
        shown[start[1]] += 1
        wrong = errors(start[1], doc)
        say(not wrong, f"an example of {os.path.relpath(name, top)} is valid", wrong)
for kind, number in shown.items():
    say(number > 0, f"documents show a {kind}")


# What is right and what is wrong: by the schema, and by reeve.
def policy(rule=None, **members):
    rule = {"id": "r", "then": "allow", "when": {}, **(rule or {})}
    return {"reeve": "policy/1", "rules": [rule], **members}


def review(rule=None, **members):
    return policy({"then": "review", "review": members, **(rule or {})})


def when(**members):
    return policy({"when": members})


def runtime(**members):
    return policy({"when": members}, layer="runtime")


def alert(**members):
    return policy(layer="runtime", alerts=[{"id": "a", **members}])


def alarm(**members):
    return alert(when=members)


def arg(condition):
    return when(tool="a/b", args={"/x": condition})


def profile(**members):
    return {"reeve": "profile/1", "extends": "minimal", **members}


def network(**members):
    return profile(network=members)


def agent(**members):
    return {"reeve": "agents/1", "agents": {"a": {"owner": "ada", "users": [1000], **members}}}


def server(kind, **members):
    return {"reeve": "tools/1", "servers": {"s": {"kind": kind, **members}}}


def command(**members):
    return server("command", argv=["/bin/x", ""], **members)


def url(text, **members):
    return server("url", url=text, **members)


def tool(**members):
    return server("exec", tools={"t": {"description": "x", "argv": ["ls"], **members}})


def groups(**members):
    return {"reeve": "reviewers/1", "groups": members}


def config(**members):
    return {"reeve": "config/1", **members}


def hook(*words):
    return config(hooks={"held": list(words)})


def door(**members):
    return config(review=members)


RIGHT = [
    ("policy", policy()), ("policy", policy(layer="global", unmatched="pass", version="x")),
    ("policy", policy(applies={"department": ["a", "b*"], "server": "x"})),
    ("policy", policy({"why": "because", "controls": ["PCI-DSS-4.0.1:6.3.2"]})),
    ("policy", when(tool=["a/b", "*/c*"])), ("policy", when(action=["tool.*", "net.connect"])), ("policy", when(**{"class": "high"})),
    ("policy", when(time={"hours": ["08:00-12:00", "22:00-24:00"], "days": "mon", "offset": "-03:30"})),
    ("policy", arg({"equal": None})), ("policy", arg({"in": [1, "a", True]})), ("policy", arg({"range": [1, 2], "not": {"any": [{"equal": 1}]}})),
    ("policy", arg({"absent": True})), ("policy", arg({"host": ["a.b", "*.c", "10.0.0.1"]})), ("policy", arg({"cidr": "fe80::/10"})),
    ("policy", when(host="*.example.com", port=[443, [8000, 8099]], scheme=["http", "https"], method="M-SEARCH", path=["/", "/a b/.c"])),
    ("policy", when(cidr=["10.0.0.0/8", "2001:db8::1"])), ("policy", when(host="2001:db8::7", action="net.*")),
    ("policy", when(host="x_y.z", action=["net.connect"])), ("policy", when(tool="net/a.b:443")),
    ("policy", review(by=["a@b", "leads"], within="15m", count=2, wait="30s", then=[{"by": ["cfo"], "after": "5m"}])), ("policy", review(by=2, within="7d")),
    ("policy", review({"when": {"action": ["tool.call", "prompt.*"], "scope": ["a", "b*"]}, "requires": ["reason", "trigger"]}, by=1, within="1h")),
    ("policy", policy({"then": "allow", "requires": ["alternatives"]})),
    ("policy", policy(layer="runtime")), ("policy", runtime(taint="private")), ("policy", runtime(taint=["untrusted", "private"], flow="sends-outside")),
    ("policy", runtime(calls={"of": "tool", "within": "60s", "above": 20}, repeated={"above": 10000})), ("policy", runtime(refusals={"last": 20, "above": 0.5})),
    ("policy", runtime(calls={"of": "agent", "across": "runs", "within": "1d", "above": 5000})), ("policy", runtime(repeated={"across": "runs", "within": "1d", "above": 1000})),
    ("policy", runtime(spent={"arg": "/amount", "of": "tool", "above": 1000.5})), ("policy", runtime(spent={"arg": "/a/b", "of": "agent", "within": "7d", "across": "runs", "above": 0})),
    ("policy", when(risk={"least": 6})), ("policy", policy({"when": {"risk": {"above": 0}}}, layer="tenant", applies={"tenant": "a"})),
    ("policy", alarm(rate={"within": "60s", "above": 20})), ("policy", alarm(rate={"within": "1d", "above": 5000, "across": "runs"})), ("policy", alarm(guard=["shell", "a*"])),
    ("policy", alarm(refused={"within": "10m", "share": 0.5, "least": 10})), ("policy", alarm(refused={"within": "10m", "above": 0})), ("policy", alarm(first="tool")),
    ("policy", alarm(duplicates={"within": "5m", "above": 1024})), ("policy", alarm(hours={"hours": "20:00-06:00", "days": ["sat", "sun"]})), ("policy", policy(layer="runtime", alerts=[])),
    ("policy", alert(when={"first": "tool"}, quiet="7d", why="x", of={"tool": "a/*", "class": "high", "risk": {"least": 3}, "args": {"/x": {"equal": 1}}, "time": {"days": "mon"}})),
    ("profile", profile()), ("profile", profile(http=True)), ("profile", profile(http=8080)), ("profile", network()),
    ("profile", profile(network=True)), ("profile", network(ports=[22, 80], udp=[9999], ech="record")),
    ("profile", network(private={"10.1.2.0/24": "the registry"}, inspect=["api.example.org", "*.example.org"])),
    ("profile", profile(limits={"memory": "512M", "processes": 10, "tmp": 1048576, "require": "cgroup"})),
    ("profile", profile(environment={"pass": ["TZ"], "set": {"A": "b"}})), ("profile", profile(read={"/usr": "programs"})),
    ("profile", profile(workspace="cow", protect=[".x"], because={"protect": "so"})),
    ("agents", {"reeve": "agents/1", "about": "x", "agents": {}}), ("agents", agent()),
    ("agents", agent(tenant="t", department="d", model="m-3", scopes=["a.b", "c"], about="any text", credentials={"github": "2026-11"})),
    ("tools", {"reeve": "tools/1", "servers": {}}), ("tools", {"reeve": "tools/1", "servers": {}, "quota": {"run": {"in_flight": 3}, "connection": {"bytes_in_per_minute": "2M"}}}),
    ("tools", command()), ("tools", command(workspace="write", cwd="workspace", env={"A": "b"}, read=["/x"], pins="none", text="pass", result="1M")),
    ("tools", command(network=["a.b:443"], limits={"memory": 1, "tmp": "1G"}, resources={"t": "/x"}, deadline="250ms", idle="1h")),
    ("tools", command(network="host", secrets={"A": {"file": "/x"}, "B": {"env": "C"}, "D": {"command": ["x"], "deadline": "3s"}})),
    ("tools", url("https://a.b/c?d=e")), ("tools", url("https://[::1]:8443", ca="/x", private=True, headers={"X-A": "b ${S}"}, secrets={"S": {"env": "T"}})),
    ("tools", url("http://127.0.0.1:80/")), ("tools", url("http://localhost")), ("tools", server("exec", tools={})), ("tools", tool()),
    ("tools", tool(argv=["/bin/x", "{a}", "{{"], stdin="{a}", resource="/a", params={"a": {"type": "string", "enum": ["b"], "default": "b", "max_length": 3}})),
    ("config", config()), ("config", config(about="x", hooks={}, review={})), ("config", hook("x")), ("config", hook("x", "", "a b")), ("config", hook(*["x"] * 32)),
    ("config", config(hooks={"alert": ["x", ""]}, alerts={"syslog": "/run/log"})), ("config", config(alerts={"syslog": True})), ("config", config(alerts={"syslog": False})),
    ("config", config(policy={"signed_by": ["a", "b"]})), ("config", door(key="~/.ssh/id", name="a@b")), ("config", door(socket=f"{room}/door/s", group=GROUP, name="a")),
    ("reviewers", groups()), ("reviewers", groups(a=["alice@example.com", "bob"], b=["carol"])), ("reviewers", {**groups(), "about": "x"}),
]
WRONG = [
    ("policy", {"reeve": "policy/2", "rules": []}), ("policy", {"reeve": "policy/1"}), ("policy", []), ("policy", policy(layer="local")),
    ("policy", policy(unmatched="ask")), ("policy", policy(applies={})), ("policy", policy(applies={"tool": "x"})),
    ("policy", policy(more=1)), ("policy", policy({"id": "A"})), ("policy", policy({"id": ""})), ("policy", policy({"then": "review"})),
    ("policy", policy({"why": ""})), ("policy", policy({"controls": ["a b"]})), ("policy", policy({"controls": ["a"] * 9})),
    ("policy", policy({"when": []})), ("policy", when(tool="x")), ("policy", when(tool=[])), ("policy", when(tool="a/")), ("policy", when(server="a/b")),
    ("policy", when(**{"class": "huge"})), ("policy", when(flow="in")), ("policy", when(action="tool")), ("policy", when(unknown=1)),
    ("policy", when(time={})), ("policy", when(time={"days": "sunday"})), ("policy", when(time={"hours": "8-12"})), ("policy", when(time={"hours": "24:00-01:00"})),
    ("policy", when(time={"days": "mon", "offset": "+15:00"})), ("policy", when(args={"x": {"equal": 1}})), ("policy", when(args={"/~2": {"equal": 1}})),
    ("policy", arg({})), ("policy", arg("x")), ("policy", arg({"equals": 1})), ("policy", arg({"equal": []})), ("policy", arg({"in": []})),
    ("policy", arg({"glob": ""})), ("policy", arg({"above": "1"})), ("policy", arg({"length": [-1, 2]})), ("policy", arg({"absent": False})),
    ("policy", arg({"absent": True, "equal": 1})), ("policy", arg({"not": {}})), ("policy", arg({"all": []})), ("policy", arg({"has_secret": 1})),
    ("policy", arg({"host": "a..b"})), ("policy", arg({"cidr": "10.0.0.0/33"})), ("policy", when(host="https://a.b")), ("policy", when(host="*")),
    ("policy", when(host=[])), ("policy", when(host="a.7")), ("policy", when(port=0)), ("policy", when(port="443")), ("policy", when(port=[[1, 2, 3]])),
    ("policy", when(port=65536)), ("policy", when(cidr="a.b")), ("policy", when(scheme="ftp")), ("policy", when(method="get")),
    ("policy", when(method="CONNECT")), ("policy", when(path="a")), ("policy", when(path="/a/")), ("policy", when(path="/a//b")),
    ("policy", when(path="/../a")), ("policy", when(path="/a/.")), ("policy", when(path="/a%20")), ("policy", when(path="/a;b")),
    ("policy", when(action="tool.call", host="a.b")), ("policy", when(action=["net.connect", "tool.call"], port=1)), ("policy", when(action="*", path="/")),
    ("policy", policy({"then": "review"})), ("policy", policy({"review": {"by": 1, "within": "1h"}})), ("policy", policy({"then": "refuse", "requires": ["reason"]})),
    ("policy", review(by=0, within="1h")), ("policy", review(by=17, within="1h")), ("policy", review(by=[], within="1h")), ("policy", review(by=["a", "a"], within="1h")),
    ("policy", review(by=["a b"], within="1h")), ("policy", review(by="a", within="1h")), ("policy", review(by=1)), ("policy", review(within="1h")),
    ("policy", review(by=1, within="1w")), ("policy", review(by=1, within="0m")), ("policy", review(by=1, within="1h", count=1)), ("policy", review(by=["a"], within="1h", count=0)),
    ("policy", review(by=["a"], within="1h", then=[])), ("policy", review(by=["a"], within="1h", then=[{"by": ["b"]}])), ("policy", review(by=["a"], within="1h", until="x")),
    ("policy", review({"when": {"action": "net.connect"}}, by=1, within="1h")), ("policy", review({"when": {"action": "*"}}, by=1, within="1h")),
    ("policy", review({"when": {"host": "a.b"}}, by=1, within="1h")), ("policy", when(scope=[])), ("policy", when(scope=5)),
    ("policy", policy({"requires": []})), ("policy", policy({"requires": ["why"]})), ("policy", policy({"requires": ["reason"], "when": {"action": "roots.list"}})),
    ("policy", when(taint="private")), ("policy", policy({"when": {"calls": {"of": "run", "above": 1}}}, layer="action")),
    ("policy", runtime(taint=[])), ("policy", runtime(taint="all")), ("policy", runtime(taint=["private", "private"])),
    ("policy", runtime(calls={"above": 1})), ("policy", runtime(calls={"of": "agent", "above": 1})), ("policy", runtime(calls={"of": "run", "within": "1w", "above": 1})),
    ("policy", runtime(calls={"of": "run", "within": "1h", "above": 1000})), ("policy", runtime(repeated={"within": "5m"})), ("policy", runtime(repeated={"above": -1})),
    ("policy", runtime(calls={"of": "run", "across": "runs", "above": 1})), ("policy", runtime(calls={"of": "tool", "across": "all", "above": 1})),
    ("policy", runtime(refusals={"last": 2, "above": 0.5, "across": "runs"})), ("policy", when(spent={"arg": "/a", "of": "tool", "above": 1})),
    ("policy", runtime(spent={"arg": "a", "of": "tool", "above": 1})), ("policy", runtime(spent={"arg": "/a", "of": "agent", "above": 1})),
    ("policy", runtime(spent={"arg": "/a", "of": "tool", "above": -1})), ("policy", runtime(spent={"arg": "/a", "of": "tool", "above": 9e9})), ("policy", runtime(spent={"of": "tool", "above": 1})),
    ("policy", when(risk={})), ("policy", when(risk={"least": 0})), ("policy", when(risk={"least": 13})), ("policy", when(risk={"above": 12})),
    ("policy", when(risk={"least": 3, "above": 2})), ("policy", when(risk={"least": 2.5})), ("policy", when(risk=6)),
    ("policy", runtime(refusals={"last": 0, "above": 0.5})), ("policy", runtime(refusals={"last": 5, "above": 1})), ("policy", runtime(refusals={"above": 0.5})),
    ("policy", policy(alerts=[])), ("policy", policy(layer="action", alerts=[])), ("policy", alert()), ("policy", alarm()), ("policy", alarm(first="tool", guard="*")), ("policy", alarm(first="server")),
    ("policy", alarm(rate={"above": 1})), ("policy", alarm(rate={"within": "60s"})), ("policy", alarm(rate={"within": "60", "above": 1})), ("policy", alarm(rate={"within": "1s", "above": -1})),
    ("policy", alarm(rate={"within": "1s", "above": 1000001})), ("policy", alarm(rate={"within": "1s", "above": 1, "across": "agents"})), ("policy", alarm(rate={"within": "1s", "above": 1, "of": "tool"})),
    ("policy", alarm(refused={"within": "10m"})), ("policy", alarm(refused={"within": "10m", "share": 0.5})), ("policy", alarm(refused={"within": "10m", "least": 5})),
    ("policy", alarm(refused={"within": "10m", "share": 1, "least": 5})), ("policy", alarm(refused={"within": "10m", "share": 0.5, "least": 0})), ("policy", alarm(refused={"within": "1m", "above": 1, "share": 0.5, "least": 5})),
    ("policy", alarm(duplicates={"within": "5m", "above": 0})), ("policy", alarm(duplicates={"within": "5m", "above": 1025})), ("policy", alarm(hours={})), ("policy", alarm(hours={"hours": "8-9"})),
    ("policy", alarm(guard=[])), ("policy", alarm(guard=1)), ("policy", alert(when={"first": "tool"}, quiet="0s")), ("policy", alert(when={"first": "tool"}, quiet=5)), ("policy", alert(when={"first": "tool"}, why="")),
    ("policy", alert(when={"first": "tool"}, then="refuse")), ("policy", alert(id="A", when={"first": "tool"})), ("policy", alert(when={"first": "tool"}, of={"repeated": {"above": 1}})),
    ("policy", alert(when={"first": "tool"}, of={"tool": "x"})), ("policy", policy(layer="runtime", alerts=[{"id": "a"}] * 65)),
    ("profile", {"reeve": "profile/2"}), ("profile", {}), ("profile", profile(name="A b")), ("profile", profile(http=80)), ("profile", profile(http="yes")),
    ("profile", profile(network="yes")), ("profile", network(port=[1])), ("profile", network(ports=[53])), ("profile", network(ports=[80, 80])),
    ("profile", network(ports=["80"])), ("profile", network(udp=[443])), ("profile", network(ech="allow")), ("profile", network(inspect=["A.b"])),
    ("profile", network(unix=["x"])), ("profile", network(private=["net"])), ("profile", network(credentials=[{"name": "a"}])),
    ("profile", network(inspect=["a.b"], credentials=[{"name": "a", "host": "a.b", "variable": "X", "file": "/x", "env": "Y"}])),
    ("profile", profile(limits={"memory": "much"})), ("profile", profile(limits={"memory": 0})), ("profile", profile(limits={"processes": "10"})),
    ("profile", profile(limits={"speed": 1})), ("profile", profile(limits={"require": "luck"})), ("profile", profile(environment={"pass": ["A B"]})),
    ("profile", profile(environment={"set": {"A": 1}})), ("profile", profile(read=["usr"])), ("profile", profile(read="x")), ("profile", profile(read={"/usr": 1})),
    ("profile", profile(workspace="read")), ("profile", profile(protect=["/etc"])), ("profile", profile(seccomp={})), ("profile", profile(because={"http": 1})),
    ("agents", {"reeve": "agents/2", "agents": {}}), ("agents", {"reeve": "agents/1"}), ("agents", {"reeve": "agents/1", "agents": {"A": {"owner": "a", "users": [1]}}}),
    ("agents", {"reeve": "agents/1", "agents": {"a": {"users": [1]}}}), ("agents", {"reeve": "agents/1", "agents": {"a": {"owner": "a"}}}), ("agents", agent(users=[])),
    ("agents", agent(users=["root"])), ("agents", agent(users=[-1])), ("agents", agent(users=[4294967295])), ("agents", agent(owner="a b")), ("agents", agent(owner="")),
    ("agents", agent(owner="a" * 65)), ("agents", agent(tenant="A")), ("agents", agent(scopes="a")), ("agents", agent(scopes=["a b"])), ("agents", agent(shell="x")),
    ("agents", agent(credentials=["a"])), ("agents", agent(credentials={"a b": "1"})), ("agents", agent(credentials={"a": 1})), ("agents", agent(credentials={"a": ""})),
    ("tools", {"reeve": "tools/1"}), ("tools", {"reeve": "tools/2", "servers": {}}), ("tools", {"reeve": "tools/1", "servers": {"all": {"kind": "exec", "tools": {}}}}),
    ("tools", {"reeve": "tools/1", "servers": {"a__b": {"kind": "exec", "tools": {}}}}), ("tools", {"reeve": "tools/1", "servers": {"a_": {"kind": "exec", "tools": {}}}}),
    ("tools", {"reeve": "tools/1", "servers": {"net": {"kind": "exec", "tools": {}}}}), ("tools", {"reeve": "tools/1", "servers": {"A": {"kind": "exec", "tools": {}}}}),
    ("tools", {"reeve": "tools/1", "servers": {}, "quota": {"all": {}}}), ("tools", {"reeve": "tools/1", "servers": {}, "quota": {"run": {"held": 0}}}),
    ("tools", server("command")), ("tools", server("program", argv=["x"])), ("tools", server("command", argv=[])), ("tools", server("command", argv="x")),
    ("tools", command(url="https://a.b")), ("tools", command(workspace="cow")), ("tools", command(workspace="none", cwd="workspace")), ("tools", command(cwd="home")),
    ("tools", command(env={"HOME": "x"})), ("tools", command(env={"1A": "x"})), ("tools", command(env={"A": 1})), ("tools", command(read=["x"])), ("tools", command(pins="all")),
    ("tools", command(text="hide")), ("tools", command(result=0)), ("tools", command(deadline="1")), ("tools", command(deadline="0s")), ("tools", command(network="all")),
    ("tools", command(network=[])), ("tools", command(network=["a.b"])), ("tools", command(limits={"memory": "much"})), ("tools", command(resources={"t": "x"})),
    ("tools", command(secrets={"A": {}})), ("tools", command(secrets={"A": {"file": "/x", "env": "B"}})), ("tools", command(secrets={"A": {"env": "B", "deadline": "3s"}})),
    ("tools", command(secrets={"A": {"file": "x"}})), ("tools", command(secrets={"A": {"command": []}})), ("tools", command(secrets={"HOME": {"env": "B"}})),
    ("tools", url("http://a.b/")), ("tools", url("ftp://a.b/")), ("tools", url("https://u:p@a.b/")), ("tools", url("https://a.b/#x")), ("tools", url("https://a.b:0/")),
    ("tools", url("https://")), ("tools", url("http://localhost", ca="/x")), ("tools", url("https://a.b", headers={"Host": "x"})), ("tools", url("https://a.b", headers={"mcp-x": "x"})),
    ("tools", url("https://a.b", headers={"X": ""})), ("tools", url("https://a.b", headers={"X": "\u00e9"})), ("tools", url("https://a.b", argv=["x"])), ("tools", url("https://a.b", read=[])),
    ("tools", server("exec")), ("tools", server("exec", tools={"a b": {"description": "x", "argv": ["x"]}})), ("tools", server("exec", tools={}, idle="1s")), ("tools", tool(argv=[])),
    ("tools", tool(argv=["{a}"], params={"a": {"type": "string"}})), ("tools", tool(argv=["a/b"])), ("tools", tool(description=1)), ("tools", tool(params={"a{": {"type": "string"}})),
    ("tools", tool(params={"a": {"type": "number"}})), ("tools", tool(params={"a": {"type": "string", "max_length": 0}})), ("tools", tool(resource="a")),
    ("config", {"reeve": "config/2"}), ("config", {}), ("config", []), ("config", config(about=1)), ("config", config(hook={})), ("config", config(hooks=[])), ("config", config(hooks={"hold": ["x"]})),
    ("config", hook()), ("config", hook("")), ("config", hook("x", 1)), ("config", hook(*["x"] * 33)), ("config", config(hooks={"held": "x"})),
    ("config", config(alerts={})), ("config", config(alerts={"syslog": "log"})), ("config", config(alerts={"syslog": "/" + "s" * 107})), ("config", config(alerts={"syslog": 1})), ("config", config(hooks={"alert": []})),
    ("config", config(policy={})), ("config", config(policy={"signed_by": []})), ("config", config(policy={"signed_by": [1]})), ("config", config(policy={"signed_by": "a"})),
    ("config", config(policy={"signed_by": ["a"] * 33})), ("config", config(policy={"signed_by": [""]})),
    ("config", door(socket=f"{room}/door/s")), ("config", door(group=GROUP)), ("config", door(socket="door/s", group=GROUP)), ("config", door(socket=f"{room}/door/", group=GROUP)),
    ("config", door(socket="/" + "s" * 107, group=GROUP)), ("config", door(socket=1, group=GROUP)), ("config", door(key=1)), ("config", door(port=1)),
    ("reviewers", {"reeve": "reviewers/2", "groups": {}}), ("reviewers", {"reeve": "reviewers/1"}), ("reviewers", groups(a=[])), ("reviewers", groups(a="b")), ("reviewers", groups(a=[1])),
    ("reviewers", groups(a=[""])), ("reviewers", groups(a=["b c"])), ("reviewers", groups(a=["*@example.com"])), ("reviewers", groups(a=["b,c"])), ("reviewers", groups(a=["b", "b"])),
    ("reviewers", groups(a=["b" * 128])), ("reviewers", groups(**{"a b": ["c"]})), ("reviewers", {**groups(), "more": 1}),
]


# What reads such a file, and starts nothing.
READS = {
    "policy": ["policy", "check", "--reviewers", "ROOM/reviewers", "FILE"], "profile": ["profile", "check", "FILE"], "tools": ["config", "--tools", "FILE", "codex"],
    "config": ["run", "--agent", "no name", "--", "true"],
    "agents": ["run", "--agents", "FILE", "--agent", "nobody-s", "--", "true"],
    "reviewers": ["policy", "check", "--reviewers", "ROOM/groups", "ROOM/asks.json"],
}


# Who is named to sign has a key there; and where other users review is a folder of their group's.
shutil.copytree(f"{room}/reviewers", f"{room}/set/reeve")
os.mkdir(f"{room}/door", 0o750)
os.chmod(f"{room}/door", 0o750)

# A group is looked at where somebody is asked.
os.mkdir(f"{room}/groups")
with open(f"{room}/asks.json", "w", encoding="utf-8") as f:
    json.dump(policy({"then": "review", "review": {"by": 1, "within": "15m"}}), f)


def reeve_takes(kind, doc):
    path = f"{room}/" + {"reviewers": "groups/reviewers.json", "config": "set/reeve/config.json"}.get(kind, "sample.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(doc, f)
    words = [path if word == "FILE" else word.replace("ROOM/", f"{room}/") for word in READS[kind]]
    done = subprocess.run([reeve, *words], capture_output=True, text=True, check=False,
                          env={**os.environ, "XDG_CONFIG_HOME": f"{room}/set"} if kind == "config" else None)
    wrong = [line for line in done.stderr.splitlines() if f"{os.path.basename(path)}:" in line and "warning" not in line]
    return (done.returncode != 2 or kind in ("agents", "tools", "reviewers", "config")) and not wrong, done.stderr


for docs, right in ((RIGHT, True), (WRONG, False)):
    for kind, doc in docs:
        text = json.dumps(doc)[:150]
        valid = not errors(kind, doc)
        say(valid == right, f"{'valid' if right else 'not valid'}: {text}", errors(kind, doc))
        takes, said = reeve_takes(kind, doc)
        say(takes == right, f"reeve {'takes' if right else 'does not take'}: {text}", said)

words = {"reeve": "catalogue/1", "server": "x"}
for right, members in ((True, {"tools": {"a": {"class": "low", "flow": []}}}), (False, {"tools": {"a": {"class": "tiny"}}}), (False, {"server": "A"}),
                       (False, {"tools": {"a": {"category": "A"}}}), (False, {"tools": {"a": {"resource": "x"}}}), (False, {"tool": {}}),
                       (False, {"tools": {"a": {"flow": ["in"]}}}), (False, {"pin": {"tools": {"a": {"digest": "x"}}}})):
    doc = {**words, **members}
    say((not errors("catalogue", doc)) == right, f"a catalogue, {'valid' if right else 'not valid'}: {json.dumps(doc)[:150]}", errors("catalogue", doc))
print("done")
