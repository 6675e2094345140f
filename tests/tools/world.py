#!/usr/bin/env python3
"""world.py - the servers of the test's own internet that no package has: names, ears where nobody should be heard, git.

Usage: world.py FOLDER [here]. Once its web answers, at port 8000, all of it listens; "here" are only ears on loopback. Into FOLDER/asked goes each name it is
asked for, into FOLDER/heard each connection's first bytes and each datagram, a JSON line each.
"""
import hashlib
import http.server
import ipaddress
import json
import os
import socket
import socketserver
import ssl
import struct
import subprocess
import sys
import threading

from world_names import DNS, EVIL, NAMES, REBINDS, SECOND

FOLDER = sys.argv[1]
LOCK = threading.Lock()


def note(where, **what):
    with LOCK, open(f'{FOLDER}/{where}', 'a') as f:
        f.write(json.dumps(what) + '\n')


# --- names ---

def name_of(asked):
    labels, at = [], 12
    while asked[at]:
        labels.append(asked[at + 1:at + 1 + asked[at]].decode('latin-1'))
        at += 1 + asked[at]
    kind, = struct.unpack('!H', asked[at + 1:at + 3])
    return '.'.join(labels).lower(), kind, asked[12:at + 5]


def addresses(name, kind):
    if name in REBINDS:
        if kind == 1:
            answers = REBINDS[name]
            return answers.pop(0) if len(answers) > 1 else answers[0]
        return []
    return NAMES.get(name)


def answer(asked, over):
    name, kind, question = name_of(asked)
    note('asked', name=name, type=kind, over=over)
    found = addresses(name, kind)
    code = 3 if found is None else 0
    records = b''
    count = 0
    for text in found or []:
        a = ipaddress.ip_address(text)
        if kind == (1 if a.version == 4 else 28):
            records += struct.pack('!HHHIH', 0xc00c, kind, 1, 0, len(a.packed)) + a.packed
            count += 1
    return asked[:2] + struct.pack('!HHHHH', 0x8580 | code, 1, count, 0, 0) + question + records


def serve_names(s):
    while True:
        asked, who = s.recvfrom(4096)
        try:
            s.sendto(answer(asked, 'udp'), who)
        except (IndexError, struct.error):
            note('asked', name='malformed', type=0, over='udp')


# --- ears ---

CANNED = b'HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nyou got it'


def hear(s, at, tls):
    """Whoever comes is heard, and is told that he has got it; over TLS if he speaks that."""
    while True:
        c, _ = s.accept()
        threading.Thread(target=hear_one, args=(c, at, tls), daemon=True).start()


def hear_one(c, at, tls):
    c.settimeout(60)
    try:
        first = c.recv(1, socket.MSG_PEEK)
        if first == b'\x16':
            c = tls.wrap_socket(c, server_side=True)
        got = c.recv(65536) if first else b''
        note('heard', at=at, bytes=got.decode('latin-1'), tls=first == b'\x16')
        if not first:
            return
        c.sendall(CANNED)
        c.shutdown(socket.SHUT_WR)
        while c.recv(65536):
            pass
    except OSError as why:
        note('heard', at=at, error=str(why))
    finally:
        c.close()


def hear_datagrams(s, at):
    while True:
        got, who = s.recvfrom(65536)
        note('heard', at=at, bytes=got[:200].decode('latin-1'), udp=True)
        s.sendto(b'you got it', who)


# --- the world's own web: git, and what is sent back ---

class Web(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        pass

    def body(self):
        if self.headers.get('Transfer-Encoding') != 'chunked':
            return self.rfile.read(int(self.headers.get('Content-Length', 0)))
        out = b''
        while n := int(self.rfile.readline(), 16):
            out += self.rfile.read(n)
            self.rfile.readline()
        self.rfile.readline()
        return out

    def reply(self, status, kind, body, more=()):
        self.send_response(status)
        self.send_header('Content-Type', kind)
        for k, v in more:
            self.send_header(k, v)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def git(self):
        path, _, query = self.path.partition('?')
        env = {'PATH': os.environ['PATH'], 'GIT_PROJECT_ROOT': f'{FOLDER}/git', 'GIT_HTTP_EXPORT_ALL': '1', 'PATH_INFO': path,
               'QUERY_STRING': query, 'REQUEST_METHOD': self.command, 'REMOTE_USER': 'tester', 'REMOTE_ADDR': '127.0.0.1',
               'CONTENT_TYPE': self.headers.get('Content-Type', ''), 'HTTP_CONTENT_ENCODING': self.headers.get('Content-Encoding', ''),
               'GIT_PROTOCOL': self.headers.get('Git-Protocol', '')}
        body = self.body()
        env['CONTENT_LENGTH'] = str(len(body))
        done = subprocess.run(['git', 'http-backend'], input=body, env=env, stdout=subprocess.PIPE, check=False)
        head, _, out = done.stdout.partition(b'\r\n\r\n')
        lines = dict(line.split(': ', 1) for line in head.decode().split('\r\n'))
        status = int(lines.pop('Status', '200').split()[0])
        self.reply(status, lines.pop('Content-Type', 'text/plain'), out, lines.items())

    def serve(self):
        if self.path == '/cgi/digest':
            self.reply(200, 'text/plain', hashlib.sha256(self.body()).hexdigest().encode() + b'\n')
        elif self.path == '/cgi/head':
            self.reply(200, 'application/json', json.dumps([self.command, self.path, self.headers.items()]).encode())
        elif self.path == '/cgi/elsewhere':
            self.reply(302, 'text/plain', b'', [('Location', 'http://private.test/secret')])
        else:
            self.git()

    do_GET = do_POST = do_PUT = serve


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 64


def listen(address, port, kind=socket.SOCK_STREAM):
    s = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if ':' in address:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.bind((address, port))
    if kind == socket.SOCK_STREAM:
        s.listen(256)
    return s


PRIVATE = ['10.9.8.7', '172.16.9.9', '192.168.77.1', '100.64.0.9', '169.254.169.254', '168.63.129.16', '198.51.100.9',
           'fd00:9::7', 'fd00:ec2::254', '64:ff9b::a09:807']
HERE = sys.argv[2:] == ['here']


def main():
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(f'{FOLDER}/server.pem', f'{FOLDER}/server.key')
    run = lambda what, *args: threading.Thread(target=what, args=args, daemon=True).start()
    if not HERE:
        run(serve_names, listen(DNS, 53, socket.SOCK_DGRAM))
    for address in ['127.0.0.1', '::1'] if HERE else [EVIL, SECOND, '2606:2800:220:1::66'] + PRIVATE:
        for port in (9999, 443, 53, 853, 8443, 80):
            run(hear, listen(address, port), f'{address} {port}', tls)
        for port in (53, 443, 9999):
            run(hear_datagrams, listen(address, port, socket.SOCK_DGRAM), f'{address} {port}')
    if HERE:
        threading.Event().wait()
    Server(('', 8000), Web).serve_forever()


main()
