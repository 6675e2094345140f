"""agent_liar.py SOCKET HOW LOG: an ssh-agent that has one key and, asked to sign, is not to be believed."""
import socket
import struct
import sys

path, how, log = sys.argv[1:]
key = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")  # RFC 8032, test 1


def string(b):
    return struct.pack(">I", len(b)) + b


def say(c, kind, body=b""):
    c.sendall(struct.pack(">IB", len(body) + 1, kind) + body)


blob = string(b"ssh-ed25519") + string(key)
# RFC 8032, test 1: this key's good signature, of no bytes at all
other = bytes.fromhex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")
lists = {
    "more": struct.pack(">I", 2) + string(blob) + string(b"x"),
    "less": struct.pack(">I", 0) + string(blob) + string(b"x"),
    "many": struct.pack(">I", 2**31),
    "low": struct.pack(">I", 1) + string(string(b"ssh-ed25519") + string(bytes(32))) + string(b"x"),
}
signed = {
    "other": string(string(b"ssh-ed25519") + string(other)),
    "kind": string(string(b"ssh-rsa") + string(other)),
    "short": string(string(b"ssh-ed25519") + string(other[:63])),
    "tail": string(string(b"ssh-ed25519") + string(other)) + b"x",
    "empty": b"",
}
s = socket.socket(socket.AF_UNIX)
s.bind(path)
s.listen(1)
print("ready", flush=True)
c, _ = s.accept()
with open(log, "w") as asked:
    while True:
        head = c.recv(5, socket.MSG_WAITALL)
        if len(head) < 5:
            break
        size, kind = struct.unpack(">IB", head)
        c.recv(size - 1, socket.MSG_WAITALL) if size > 1 else b""
        print(kind, file=asked, flush=True)
        if how == "hangs":
            continue
        if how == "ends":
            break
        if how == "megabyte":
            try:
                c.sendall(struct.pack(">I", 1 << 20) + bytes(1 << 20))
            except OSError:
                pass  # it did not want to hear all of it
            break
        if kind == 11:
            say(c, 12, lists.get(how, struct.pack(">I", 1) + string(blob) + string(b"x")))
        elif how == "refuses":
            say(c, 5)
        else:
            say(c, 14, signed[how])
