#!/usr/bin/env python3
"""echo_tls.py - an HTTPS server that says back what it was sent, in every way that it can think of.

Usage: echo_tls.py ADDRESS PORT CERT KEY HEARD. Each request is a JSON line in HEARD: its line, headers and its body's
digest. The path says how it answers: /plain, /header, /base64, /hex, /percent, /json, /slow (one byte a time, chunked),
/gzip (compressed though it was asked not to), /length (says 1 GB and breaks off).
"""
import base64
import gzip
import hashlib
import http.server
import json
import ssl
import sys
import urllib.parse

ADDRESS, PORT, CERT, KEY, HEARD = sys.argv[1:]


def ways(said):
    return {'/plain': said, '/base64': base64.b64encode(said), '/hex': said.hex().encode(),
            '/percent': urllib.parse.quote_from_bytes(said, safe='').encode(),
            '/json': json.dumps({'headers': said.decode('latin-1')}).replace('/', '\\/').encode(),
            '/slow': said, '/gzip': gzip.compress(said)}


class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def body(self):
        if 'chunked' in self.headers.get('Transfer-Encoding', ''):
            whole = b''
            while size := int(self.rfile.readline(), 16):
                whole += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return whole
        return self.rfile.read(int(self.headers.get('Content-Length', 0)))

    def answer(self):
        body = self.body()
        with open(HEARD, 'a') as f:
            f.write(json.dumps({'line': self.requestline, 'headers': self.headers.items(), 'size': len(body),
                                'digest': hashlib.sha256(body).hexdigest()}) + '\n')
        path = urllib.parse.urlsplit(self.path).path
        said = ''.join(f'{k}: {v}\n' for k, v in self.headers.items()).encode('latin-1')
        out = ways(said).get('/' + path.split('/')[-1], b'done ' + str(len(body)).encode() + b'\n')
        self.send_response(200)
        if path.endswith('/header'):
            self.send_header('X-Said', said.decode('latin-1').replace('\n', ' | '))
        if path.endswith('/gzip'):
            self.send_header('Content-Encoding', 'gzip')
        if path.endswith('/slow'):
            self.send_header('Transfer-Encoding', 'chunked')
            self.end_headers()
            for i in range(len(out)):
                self.wfile.write(b'1\r\n' + out[i:i + 1] + b'\r\n')
            self.wfile.write(b'0\r\n\r\n')
            return
        self.send_header('Content-Length', str(10 ** 9 if path.endswith('/length') else len(out)))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(out)
        self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def finish_request(self, request, client):
        try:
            request.do_handshake()
            super().finish_request(request, client)
        except OSError:
            pass  # who does not believe us has left


server = Server((ADDRESS, int(PORT)), Echo)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(CERT, KEY)
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
