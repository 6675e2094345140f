"""sink.py SOCKET FILE ... - hear datagrams at each socket, and add what comes, base64, a line each, to the file behind it."""
import base64, select, socket, sys

ears = {}
for path, file in zip(sys.argv[1::2], sys.argv[2::2]):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind(path)
    ears[s] = file
print("ready", flush=True)
while True:
    for s in select.select(list(ears), [], [])[0]:
        with open(ears[s], "ab") as out:
            out.write(base64.b64encode(s.recv(65536)) + b"\n")
