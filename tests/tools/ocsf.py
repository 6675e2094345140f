"""ocsf.py KINDS | --changed - events of reeve-audit export --as ocsf on standard input, held against the Open Cybersecurity Schema
Framework 1.9.0: the attributes of classes and objects, which are required, their types, values and constraints, as
https://github.com/ocsf/ocsf-schema defines them; written down here as facts, for what reeve uses and no more. Also
against their own records: nothing is left out, and every hash is one. KINDS: words of records that must be among
them, with commas between. Prints what is wrong; or, of each of some changes to the events, that it is seen."""
import datetime
import hashlib
import json
import sys

import jsonschema

TEXT, COUNT, FLAG = {"type": "string"}, {"type": "integer", "minimum": 0}, {"type": "boolean"}


def among(values):
    return {"enum": sorted(values)}


def thing(must, may, one=()):
    """An object: attributes that it must have, that it may have; and one of these at least."""
    found = {"type": "object", "properties": {**must, **may}, "required": sorted(must), "additionalProperties": False}
    return {**found, "anyOf": [{"required": [name]} for name in one]} if one else found


SEVERITY = {0: "Unknown", 1: "Informational", 2: "Low", 3: "Medium", 4: "High", 5: "Critical", 6: "Fatal", 99: "Other"}
STATUS = {0: "Unknown", 1: "Success", 2: "Failure", 99: "Other"}
ACTION = {0: "Unknown", 1: "Allowed", 2: "Denied", 3: "Observed", 4: "Modified", 99: "Other"}
DISPOSITION = {0: "Unknown", 1: "Allowed", 2: "Blocked", 3: "Quarantined", 4: "Isolated", 5: "Deleted", 6: "Dropped", 7: "Custom Action", 8: "Approved",
               9: "Restored", 10: "Exonerated", 11: "Corrected", 12: "Partially Corrected", 13: "Uncorrected", 14: "Delayed", 15: "Detected",
               16: "No Action", 17: "Logged", 18: "Tagged", 19: "Alert", 20: "Count", 21: "Reset", 22: "Captcha", 23: "Challenge",
               24: "Access Revoked", 25: "Rejected", 26: "Unauthorized", 27: "Error", 99: "Other"}
DEVICE = {0: "Unknown", 1: "Server", 2: "Desktop", 3: "Laptop", 4: "Tablet", 5: "Mobile", 6: "Virtual", 7: "IOT", 8: "Browser", 99: "Other"}
HASH = {0: "Unknown", 1: "MD5", 2: "SHA-1", 3: "SHA-256", 4: "SHA-512", 99: "Other"}
CLASSES = {
    6003: {"category_uid": 6, "category_name": "Application Activity", "class_name": "API Activity",
           "activity": {0: "Unknown", 1: "Create", 2: "Read", 3: "Update", 4: "Delete", 99: None}},
    1007: {"category_uid": 1, "category_name": "System Activity", "class_name": "Process Activity",
           "activity": {0: "Unknown", 1: "Launch", 2: "Terminate", 3: "Open", 4: "Inject", 5: "Set User ID", 99: None}},
}

FINGERPRINT = thing({"algorithm_id": among(HASH), "value": {"type": "string", "pattern": "^[0-9a-fA-F]+$"}}, {"algorithm": TEXT})
PRODUCT = thing({}, {"name": TEXT, "vendor_name": TEXT, "version": TEXT, "uid": TEXT, "feature": {}, "lang": TEXT, "path": TEXT}, ("name", "uid"))
METADATA = thing({"product": PRODUCT, "version": {"const": "1.9.0"}},
                 {"correlation_uid": TEXT, "event_code": TEXT, "labels": {"type": "array", "items": TEXT}, "log_level": TEXT, "log_name": TEXT,
                  "log_provider": TEXT, "log_source": TEXT, "log_version": TEXT, "logged_time": COUNT, "original_event_uid": TEXT,
                  "original_time": TEXT, "processed_time": COUNT, "profiles": {"type": "array", "items": TEXT}, "sequence": COUNT, "source": TEXT,
                  "tenant_uid": TEXT, "type": TEXT, "uid": TEXT})
USER = thing({}, {"name": TEXT, "uid": TEXT, "type": TEXT, "type_id": COUNT, "uid_alt": TEXT, "full_name": TEXT, "email_addr": TEXT, "account": {}},
             ("name", "uid", "account"))
PROCESS = thing({}, {"name": TEXT, "uid": TEXT, "pid": COUNT, "cmd_line": TEXT, "created_time": COUNT, "terminated_time": COUNT, "user": USER},
                ("pid", "uid"))
APPLICATION = thing({}, {"name": TEXT, "uid": TEXT, "version": TEXT, "type": TEXT, "desc": TEXT}, ("uid", "name"))
ACTOR = thing({}, {"user": USER, "process": PROCESS, "application": APPLICATION, "session": {}, "authorizations": {}},
              ("user", "process", "application", "session"))
ENDPOINT = thing({}, {"hostname": TEXT, "ip": TEXT, "name": TEXT, "uid": TEXT, "instance_uid": TEXT, "svc_name": TEXT,
                      "port": {"type": "integer", "minimum": 0, "maximum": 65535}, "domain": TEXT},
                 ("ip", "uid", "name", "hostname", "svc_name", "instance_uid"))
DEVICES = thing({"type_id": among(DEVICE)}, {"type": TEXT, "hostname": TEXT, "ip": TEXT, "name": TEXT, "uid": TEXT, "instance_uid": TEXT},
                ("ip", "uid", "name", "hostname", "instance_uid"))
SERVICE = thing({}, {"name": TEXT, "uid": TEXT, "version": TEXT, "labels": {}}, ("name", "uid"))
INTERFACE = thing({"operation": TEXT}, {"request": thing({"uid": TEXT}, {"data": {}, "flags": {}}), "service": SERVICE, "version": TEXT,
                                        "response": thing({}, {"code": COUNT, "error": TEXT, "message": TEXT, "error_message": TEXT})})
POLICY = thing({}, {"name": TEXT, "uid": TEXT, "version": TEXT, "desc": TEXT, "is_applied": FLAG, "type": TEXT}, ("name", "uid"))
ATTESTATION = thing({}, {"uid": TEXT, "authority_uid": TEXT, "chain_uid": TEXT, "fingerprint": FINGERPRINT, "prev_event": {}, "signatures": {}},
                    ("fingerprint", "signatures"))
RESOURCE = thing({}, {"name": TEXT, "uid": TEXT, "type": TEXT, "data": {}, "labels": {}}, ("name", "uid"))

BASE_MUST = {"activity_id": COUNT, "category_uid": COUNT, "class_uid": among(CLASSES), "metadata": METADATA, "severity_id": among(SEVERITY),
             "time": COUNT, "type_uid": COUNT}
BASE_MAY = {"activity_name": TEXT, "category_name": TEXT, "class_name": TEXT, "count": COUNT, "duration": COUNT, "end_time": COUNT, "start_time": COUNT,
            "message": TEXT, "raw_data": TEXT, "raw_data_hash": FINGERPRINT, "raw_data_size": COUNT, "severity": TEXT, "status": TEXT,
            "status_code": TEXT, "status_detail": TEXT, "status_id": among(STATUS), "timezone_offset": {"type": "integer"}, "type_name": TEXT,
            "unmapped": {"type": "object"},
            "action": TEXT, "action_id": among(ACTION), "disposition": TEXT, "disposition_id": among(DISPOSITION), "is_alert": FLAG, "policy": POLICY,
            "attestation": ATTESTATION}
SCHEMAS = {
    6003: thing({**BASE_MUST, "actor": ACTOR, "api": INTERFACE, "src_endpoint": ENDPOINT},
                {**BASE_MAY, "dst_endpoint": ENDPOINT, "http_request": {}, "http_response": {}, "resources": {"type": "array", "items": RESOURCE}}),
    1007: thing({**BASE_MUST, "actor": ACTOR, "device": DEVICES, "process": PROCESS},
                {**BASE_MAY, "exit_code": {"type": "integer"}, "actual_permissions": COUNT, "requested_permissions": COUNT, "launch_type_id": COUNT,
                 "launch_type": TEXT}),
}
CHECKERS = {number: jsonschema.Draft7Validator(schema) for number, schema in SCHEMAS.items()}


def canonical(value):
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def sha(data):
    return hashlib.sha256(data).hexdigest()


def texts(value):
    """Every value in it, as a text."""
    if isinstance(value, dict):
        return {t for v in value.values() for t in texts(v)}
    if isinstance(value, list):
        return {t for v in value for t in texts(v)}
    return {str(value)}


def siblings(event):
    number, kind = event["activity_id"], CLASSES[event["class_uid"]]
    yield "type_uid", event["type_uid"] == event["class_uid"] * 100 + number
    yield "category", (event["category_uid"], event["category_name"], event["class_name"]) == (kind["category_uid"], kind["category_name"], kind["class_name"])
    yield "activity", number in kind["activity"] and kind["activity"][number] in (None, event["activity_name"]) and event["activity_name"] != ""
    for name, words in (("severity", SEVERITY), ("status", STATUS), ("action", ACTION), ("disposition", DISPOSITION)):
        yield name, (name + "_id" in event) == (name in event) and (name not in event or words[event[name + "_id"]] == event[name])
    yield "profiles", set(event["metadata"]["profiles"]) == {"security_control", "record_integrity"}


def against_record(event):
    raw = event["raw_data"].encode()
    record = json.loads(raw)
    meta = event["metadata"]
    when = datetime.datetime.strptime(record["time"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)
    yield "time in milliseconds", event["time"] == int(when.timestamp()) * 1000 + when.microsecond // 1000
    yield "size", event["raw_data_size"] == len(raw)
    yield "hash", event["raw_data_hash"]["value"] == sha(raw)
    yield "leaf", event["unmapped"]["leaf"] == sha(b"\0" + raw)
    yield "place", meta["sequence"] == record["n"] and meta["uid"] == f"{record['ledger']}#{record['n']}" == event["attestation"]["uid"]
    yield "chain", event["attestation"]["chain_uid"] == record["ledger"]
    told = texts({name: value for name, value in event.items() if name != "raw_data"})
    missing = [name for name, value in record.items() if not texts(value) <= told]
    yield f"nothing is left out: {missing}", not missing
    bare = {**event, "attestation": {name: value for name, value in event["attestation"].items() if name not in ("fingerprint", "signatures")}}
    yield "fingerprint", event["attestation"]["fingerprint"]["value"] == sha(canonical(bare))


def check(lines, wanted=()):
    """What is wrong with these events, and that one of these kinds is not among them."""
    wrong, seen = [], set()
    for count, line in enumerate(lines, 1):
        event = json.loads(line)
        where = f"event {count} ({event.get('metadata', {}).get('event_code')})"
        schema = CHECKERS.get(event.get("class_uid"), CHECKERS[6003])
        bad = [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:160]}" for e in schema.iter_errors(event)]
        if not bad:
            bad = [what for what, good in [*siblings(event), *against_record(event)] if not good]
        if line != canonical(event) + b"\n":
            bad.append("it is not canonical")
        wrong += [f"{where}: {what}" for what in bad]
        seen.add(event["metadata"]["event_code"])
    return wrong + [f"no event of the kind {kind}" for kind in sorted(set(wanted) - seen)]


# Each of these must be seen.
CHANGES = [('"severity_id":1', '"severity_id":2'), ('"activity_id":99,', '"activity_id":9,'), ('"operation":"echo"', '"operation":"ECHO"'),
           ('"class_uid":1007', '"class_uid":1008'), ('"time":', '"time_dt":'), ('"type_id":0', '"type_id":"0"'), ('"leaf":"', '"leaf":"0')]
events = list(sys.stdin.buffer)
if len(sys.argv) > 1 and sys.argv[1] == "--changed":
    for old, new in CHANGES:
        print("seen" if check([line.replace(old.encode(), new.encode()) for line in events]) else f"not seen: {new}")
    sys.exit()
found = check(events, sys.argv[1].split(",") if len(sys.argv) > 1 else ())
for what in found[:20]:
    print(what)
print(f"{len(events)} events, {len(found)} wrong")
sys.exit(bool(found) or not events)
