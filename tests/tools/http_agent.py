#!/usr/bin/env python3
"""http_agent.py - an agent in the jail that speaks HTTP: an honest one, and one that tries everything else.

Prints "ok WHAT" or "not ok WHAT: FOUND" a line, which tests/run/http.sh counts. Usage: http_agent.py PART...
"""
import base64
import json
import os
import re
import select
import socket
import sys
import threading
import time

HOST, PORT = re.match(r'http://([0-9.]+):([0-9]+)/mcp$', os.environ['REEVE_MCP_URL']).groups()
HERE = f'{HOST}:{PORT}'
BOTH = 'application/json, text/event-stream'


def say(what, good, found=''):
    print(f'ok {what}' if good else f'not ok {what}: {found!r:.600}', flush=True)


def dial():
    s = socket.create_connection((HOST, int(PORT)), timeout=40)
    return s


def drain(s):
    got = b''
    try:
        while True:
            some = s.recv(65536)
            if not some:
                return got
            got += some
    except ConnectionResetError:
        return got


class Answer:
    def __init__(self, raw):
        self.raw = raw
        head, _, body = raw.partition(b'\r\n\r\n')
        lines = head.decode('latin-1').split('\r\n')
        self.status = int(lines[0].split()[1]) if raw.startswith(b'HTTP/1.1 ') else 0
        self.head = {k.lower(): v.strip() for k, _, v in (line.partition(':') for line in lines[1:])}
        if self.head.get('transfer-encoding') == 'chunked':
            body = unchunk(body)
        self.body = body.decode('utf-8', 'replace')
        self.type = self.head.get('content-type', '')

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return {}

    def events(self):
        return [json.loads(line[6:]) for line in self.body.split('\n') if line.startswith('data: ')]

    def code(self):
        return self.json().get('error', {}).get('code')


def unchunk(data):
    out = b''
    while data:
        size, _, rest = data.partition(b'\r\n')
        n = int(size or b'0', 16)
        if n == 0:
            break
        out += rest[:n]
        data = rest[n + 2:]
    return out


def send(data, half=False):
    """The whole exchange: what came until the porter closed."""
    s = dial()
    try:
        s.sendall(data)
    except (BrokenPipeError, ConnectionResetError):
        pass
    if half:
        s.shutdown(socket.SHUT_WR)
    got = drain(s)
    s.close()
    return Answer(got)


def head(method='POST', path='/mcp', version='HTTP/1.1', without=(), **more):
    lines = {'Host': HERE, 'Content-Type': 'application/json', 'Accept': BOTH}
    lines.update({k.replace('_', '-'): v for k, v in more.items()})
    return f'{method} {path} {version}\r\n' + ''.join(f'{k}: {v}\r\n' for k, v in lines.items() if k not in without)


def post(message, path='/mcp', without=(), **more):
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return send(head(path=path, without=without, Content_Length=len(body), **more).encode() + b'\r\n' + body)


def call(i, tool='t__echo', **arguments):
    return {'jsonrpc': '2.0', 'id': i, 'method': 'tools/call', 'params': {'name': tool, 'arguments': arguments}}


PING = {'jsonrpc': '2.0', 'id': 1, 'method': 'ping'}
BODY = json.dumps(PING).encode()


def hello(path='/mcp', revision='2025-11-25'):
    a = post({'jsonrpc': '2.0', 'id': 0, 'method': 'initialize',
              'params': {'protocolVersion': revision, 'capabilities': {}, 'clientInfo': {'name': 'x', 'version': '1'}}}, path)
    session = a.head.get('mcp-session-id', '')
    if session:
        post({'jsonrpc': '2.0', 'method': 'notifications/initialized'}, path, Mcp_Session_Id=session)
    return a, session


def turned(what, data, status, half=False):
    """Refused, told once, and nothing behind it is read as another request."""
    a = send(data, half)
    good = a.status == status and len(re.findall(rb'HTTP/1[.]1 [0-9]{3} ', a.raw)) == 1 and (a.head.get('connection') == 'close' or status == 0)
    say(f'{what}: {status}', good, a.raw)
    return a


def complete(s):
    """One answer and no byte more, by what its head says of its length."""
    got = until(s, b'\r\n\r\n')
    front, _, body = got.partition(b'\r\n\r\n')
    said = re.search(rb'(?i)content-length: ([0-9]+)', front)
    while said and len(body) < int(said.group(1)):
        some = s.recv(int(said.group(1)) - len(body))
        if not some:
            break
        got, body = got + some, body + some
    return got


def alone():
    """However the first request was answered, and whenever a second one comes: the connection ends with the first."""
    s = dial()
    s.settimeout(10)
    s.sendall(head(Content_Length=len(BODY)).encode() + b'\r\n' + BODY)
    try:
        got = drain(s)
        say('a connection ends with its first answer', got.startswith(b'HTTP/1.1 400 '), got)
    except TimeoutError:
        say('a connection ends with its first answer', False, 'it stays open')
        return
    _, session = hello()
    note = json.dumps({'jsonrpc': '2.0', 'method': 'notifications/initialized'}).encode()
    firsts = [('answered', call(1, text='one'), {}, 200), ('taken', json.loads(note), {}, 202), ('not JSON', b'{', {}, 400),
              ('of a session that is none', PING, {'Mcp_Session_Id': 'x' * 32}, 404), ('at the gate', PING, {'path': '/x'}, 404),
              ('that asks to be kept', call(1, text='one'), {'Connection': 'keep-alive'}, 200)]

    def request(message, **more):
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        return head(**{'Mcp_Session_Id': session, 'Content_Length': len(body), **more}).encode() + b'\r\n' + body
    seconds = [('alike', {}), ('to another path', {'path': '/mcp/t'}), ('to another host', {'Host': 'evil.example'})]
    for what, message, more, status in firsts:
        for where, other in seconds:
            second = request(call(2, 'log' if 'path' in other else 't__log', id='a second one'), **other)
            for when in ('with it', 'after its answer'):
                s = dial()
                s.settimeout(10)
                s.sendall(request(message, **more) + (second if when == 'with it' else b''))
                got = complete(s)
                try:
                    if when != 'with it':
                        s.sendall(second)
                    got += drain(s)
                except (BrokenPipeError, TimeoutError) as why:
                    got += b' ' + type(why).__name__.encode()
                a = Answer(got)
                say(f'a request {what}, a second {where} {when}: closed behind the first',
                    a.status == status and a.head.get('connection') == 'close' and b'TimeoutError' not in got and
                    len(re.findall(rb'HTTP/1[.]1 [0-9]{3} ', got)) == 1, got)
                if b'TimeoutError' in got:
                    return
    post(call(3, 't__log', id='on its own'), Mcp_Session_Id=session)
    log = open('log').read().split('\n')
    say('and none of the second ones was served', 'on its own' in log and 'a second one' not in log, log)


def framing():
    second = f'POST /mcp HTTP/1.1\r\nHost: {HERE}\r\nX: smuggled\r\nContent-Length: 0\r\n\r\n'.encode()
    ok = head().encode()
    n = len(BODY)
    length = f'Content-Length: {n}\r\n'.encode()
    chunked = b'Transfer-Encoding: chunked\r\n'
    rows = [
        ('two Content-Lengths that differ', ok + length + b'Content-Length: 0\r\n\r\n' + BODY + second, 400),
        ('two Content-Lengths alike', ok + length + length + b'\r\n' + BODY, 400),
        ('a list of lengths', ok + b'Content-Length: 5, 5\r\n\r\n12345', 400),
        ('a signed length', ok + b'Content-Length: +5\r\n\r\n12345', 400),
        ('a negative length', ok + b'Content-Length: -1\r\n\r\n', 400),
        ('a hexadecimal length', ok + b'Content-Length: 0x5\r\n\r\n12345', 400),
        ('an empty length', ok + b'Content-Length:\r\n\r\n', 400),
        ('a length beyond 64 bits', ok + b'Content-Length: 18446744073709551621\r\n\r\n12345', 400),
        ('two codings', ok + chunked + b'Transfer-Encoding: identity\r\n\r\n0\r\n\r\n', 400),
        ('a coding before chunked', ok + b'Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n', 501),
        ('chunked that is not the word', ok + b'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n', 501),
        ('chunked in quotes', ok + b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n', 501),
        ('a space before the colon', ok + b'Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n' + second, 400),
        ('a vertical tab before chunked', ok + b'Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n', 400),
        ('a folded line', ok + b'X: a\r\n Transfer-Encoding: chunked\r\n\r\n', 400),
        ('lines that end in LF', ok.replace(b'\r\n', b'\n') + b'\n', 400),
        ('one line that ends in LF', ok + b'X: a\nContent-Length: 0\r\n\r\n', 400),
        ('a CR alone', ok + b'X: a\rContent-Length: 0\r\n\r\n', 400),
        ('a CR before the CR LF', ok + b'X: a\r\r\nContent-Length: 0\r\n\r\n', 400),
        ('a NUL in a value', ok + b'X: a\x00b\r\n\r\n', 400),
        ('a NUL in a name', ok + b'X\x00Y: ab\r\n\r\n', 400),
        ('a NUL in the path', f'GET /mcp\x00 HTTP/1.1\r\nHost: {HERE}\r\n\r\n'.encode(), 400),
        ('an escape in a value', ok + b'X: \x1b[2J\r\n\r\n', 400),
        ('a line without a colon', ok + b'nonsense\r\n\r\n', 400),
        ('a line without a name', ok + b': value\r\n\r\n', 400),
        ('a space in a name', ok + b'X Y: value\r\n\r\n', 400),
        ('an empty line first', b'\r\n' + ok + length + b'\r\n' + BODY, 400),
        ('two spaces in the request line', ok.replace(b'POST /', b'POST  /') + length + b'\r\n' + BODY, 400),
        ('no version', f'GET /mcp\r\nHost: {HERE}\r\n\r\n'.encode(), 400),
        ('HTTP/1.0', head(version='HTTP/1.0').encode() + length + b'\r\n' + BODY, 505),
        ('HTTP/2.0', head(version='HTTP/2.0').encode() + length + b'\r\n' + BODY, 505),
        ('a TLS greeting', b'\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n', 400),
        ('a GET with a body', head('GET').encode() + length + b'\r\n' + BODY, 400),
        ('a head of 17 KiB', ok + b'X: ' + b'a' * 17000 + b'\r\n\r\n', 431),
        ('an endless line', b'G' * 20000, 431),
        ('101 lines', ok + b''.join(b'X%d: a\r\n' % i for i in range(101)) + b'\r\n', 431),
        ('33 Mcp-Params', ok + b''.join(b'Mcp-Param-%d: a\r\n' % i for i in range(33)) + b'\r\n', 431),
        ('a chunk that is no number', ok + chunked + b'\r\nzz\r\nabc\r\n0\r\n\r\n', 400),
        ('a chunk of negative size', ok + chunked + b'\r\n-5\r\nabcde\r\n0\r\n\r\n', 400),
        ('a chunk beyond 64 bits', ok + chunked + b'\r\n' + b'F' * 17 + b'\r\nabc\r\n0\r\n\r\n', 413),
        ('a chunk longer than it says', ok + chunked + b'\r\n2\r\nabc\r\n0\r\n\r\n', 400),
    ]
    for what, data, status in rows:
        turned(what, data, status)
    # Whole by either reading of its length, so that nothing but the head is wrong.
    for what, coded in [('an empty body', b'0\r\n\r\n'), ('a body', b'%x\r\n%s\r\n0\r\n\r\n' % (n, BODY))]:
        both = f'Content-Length: {len(coded)}\r\n'.encode()
        for order, lines in [('Content-Length and Transfer-Encoding', both + chunked), ('Transfer-Encoding and Content-Length', chunked + both)]:
            a = turned(f'{order}, {what}', ok + lines + b'\r\n' + coded + second, 400)
            say('and it is the head that is refused', 'Content-Length and Transfer-Encoding together' in a.body, a.raw)
    turned('a head that ends early', ok, 400, half=True)
    a = send(ok + chunked + b'\r\n5\r\nab', half=True)
    say('a chunk that ends early: closed', a.status != 200, a.raw)
    a = send(ok + length + b'\r\n' + BODY[:5], half=True)
    say('a body that ends early: closed', a.status != 200, a.raw)
    _, session = hello()
    body = json.dumps(call(1, text='in pieces')).encode()
    parts = b''.join(b'%x\r\n%s\r\n' % (len(body[i:i + 9]), body[i:i + 9]) for i in range(0, len(body), 9)) + b'0\r\n\r\n'
    a = send(head(Mcp_Session_Id=session, Transfer_Encoding='chunked').encode() + b'\r\n' + parts)
    say('an honest body in chunks is served', 'in pieces' in a.body, a.raw)
    a = send(head(Mcp_Session_Id=session, Content_Length=len(body)).encode() + b'\r\n' + body +
             head('DELETE', Mcp_Session_Id=session).encode() + b'\r\n')
    say('a request behind another is never read', len(re.findall(rb'HTTP/1[.]1 [0-9]{3} ', a.raw)) == 1 and a.status == 200, a.raw)
    say('and did nothing', post(PING, Mcp_Session_Id=session).status == 200)
    s = dial()
    for i in range(0, 2):
        s.sendall(head(Mcp_Session_Id=session, Content_Length=len(body)).encode()[i * 40:(i + 1) * 40] if i == 0 else
                  head(Mcp_Session_Id=session, Content_Length=len(body)).encode()[40:])
        select.select([s], [], [], 0.05)
    s.sendall(b'\r\n' + body)
    say('a head in two pieces is served', 'in pieces' in Answer(drain(s)).body)
    # The byte that was urgent when the head was looked at must not be gone when it is read.
    s = dial()
    s.sendall(head(Mcp_Session_Id=session, Content_Length=len(body)).encode() + b'X: a')
    s.send(b'b', socket.MSG_OOB)
    s.sendall(b'c\r\n\r\n' + body)
    a = Answer(drain(s))
    say('a head with an urgent byte is turned away', a.status == 400, a.raw)


def strangers():
    n = len(BODY)

    def with_lines(*lines):
        rest = ''.join(f'{line}\r\n' for line in lines)
        return (f'POST /mcp HTTP/1.1\r\nContent-Type: application/json\r\nAccept: {BOTH}\r\nContent-Length: {n}\r\n' +
                rest + '\r\n').encode() + BODY
    host = f'Host: {HERE}'
    for what, lines, status in [
            ('no Host', [], 403), ('a Host of another name', [f'Host: evil.example:{PORT}'], 403),
            ('a Host without the port', [f'Host: {HOST}'], 403), ('a Host of another port', [f'Host: {HOST}:1'], 403),
            ('a Host with a user', [f'Host: {HERE}@evil.example'], 403), ('a Host that goes on', [f'Host: {HERE}.evil.example'], 403),
            ('a list of Hosts', [f'Host: {HERE}, evil.example'], 403), ('another loopback address', [f'Host: 127.0.0.2:{PORT}'], 403),
            ('two Hosts', [host, 'Host: evil.example'], 400), ('two Hosts alike', [host, host], 400),
            ('an Origin of the web', [host, 'Origin: https://evil.example'], 403), ('Origin null', [host, 'Origin: null'], 403),
            ('an empty Origin', [host, 'Origin:'], 403), ('an Origin that goes on', [host, 'Origin: http://localhost.evil.example'], 403),
            ('an Origin with a user', [host, 'Origin: http://localhost:80@evil.example'], 403),
            ('an Origin of another scheme', [host, 'Origin: file://localhost'], 403),
            ('an Origin with a path', [host, 'Origin: http://localhost:80/'], 403),
            ('two Origins', [host, 'Origin: http://localhost', 'Origin: https://evil.example'], 400),
            ('two Origins, the other first', [host, 'Origin: https://evil.example', 'Origin: http://localhost'], 400)]:
        turned(what, with_lines(*lines), status)
    for what, lines in [('localhost', [f'Host: LocalHost:{PORT}']), ('an Origin of localhost', [host, 'Origin: http://localhost:3000']),
                        ('an Origin of 127.0.0.1', [host, 'Origin: http://127.0.0.1']), ('an Origin of ::1', [host, 'Origin: http://[::1]:8080'])]:
        a = send(with_lines(*lines))
        say(f'{what} is let in', a.status == 400 and 'Mcp-Session-Id is missing' in a.body, a.raw)


def forms():
    for path in ('/', '/mcp/', '/mcp/nobody', '//mcp', '/mcp?x=1', '/%6dcp', '/MCP', '/mcp/t/', '/mcp/../mcp', '/mcp/mcp'):
        turned(f'the path {path}', head(path=path, Content_Length=len(BODY)).encode() + b'\r\n' + BODY, 404)
    turned('an absolute URI', head(path=f'http://{HERE}/mcp', Content_Length=len(BODY)).encode() + b'\r\n' + BODY, 400)
    for method in ('PUT', 'OPTIONS', 'PATCH', 'HEAD', 'CONNECT', 'TRACE', 'post'):
        turned(f'the method {method}', head(method).encode() + b'\r\n', 405)
    for accept in ('*/*', 'application/json', 'text/event-stream', 'application/*, text/*', 'application/jsonx, text/event-stream', ''):
        say(f'Accept "{accept}": 406', post(PING, Accept=accept).status == 406)
    say('no Accept: 406', post(PING, without=('Accept',)).status == 406)
    a = post(PING, Accept='text/event-stream;q=0.5,application/json; q=1')
    say('Accept with parameters is let in', a.status == 400 and 'Session' in a.body, a.raw)
    for kind in ('text/plain', 'application/json-rpc', 'application/jsonx', 'application/json; charset=utf-16', 'text/json', '',
                 'application/json, text/plain', 'multipart/form-data', 'application/x-www-form-urlencoded'):
        say(f'Content-Type "{kind}": 415', post(PING, Content_Type=kind).status == 415)
    say('no Content-Type: 415', post(PING, without=('Content-Type',)).status == 415)
    say('charset=UTF-8 is let in', post(PING, Content_Type='application/json; charset=UTF-8').status == 400)
    say('Content-Encoding: 415', post(PING, Content_Encoding='gzip').status == 415)
    say('another expectation: 417', post(PING, Expect='the-moon').status == 417)
    say('no length: 411', send(head().encode() + b'\r\n').status == 411)
    a = post(b'{"jsonrpc":"2.0","id":1,"method":"' + b'a' * (5 << 20) + b'"}')
    say('5 MiB: 413', a.status == 413, a.raw)
    big = b'{"jsonrpc":"2.0","id":1,"method":"' + b'a' * (5 << 20) + b'"}'
    a = send(head(Transfer_Encoding='chunked').encode() + b'\r\n%x\r\n%s\r\n0\r\n\r\n' % (len(big), big))
    say('5 MiB in chunks: 413', a.status == 413, a.raw)
    turned('a length of 4 MiB and 1, before a byte of it has come', head(Content_Length=(4 << 20) + 1).encode() + b'\r\n', 413)
    _, session = hello()
    for size, status in [(4 << 20, 200), ((4 << 20) + 1, 413)]:
        big = BODY + b' ' * (size - len(BODY))
        a = send(head(Transfer_Encoding='chunked', Mcp_Session_Id=session).encode() + b'\r\n%x\r\n%s\r\n0\r\n\r\n' % (size, big))
        say(f'{size} bytes in chunks: {status}', a.status == status, a.raw)
    s = dial()
    s.sendall(head(Transfer_Encoding='chunked').encode() + b'\r\n')
    cut = False
    try:
        for _ in range(64):
            s.sendall(b'100000\r\n' + b' ' * (1 << 20) + b'\r\n')
    except (BrokenPipeError, ConnectionResetError):
        cut = True
    say('who sends 64 MiB is cut off before the end', cut)
    for what, body, code in [
            ('no JSON', b'{nope', -32700), ('an empty body', b'', -32700), ('two values', BODY + BODY, -32700),
            ('a key twice', b'{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', -32700),
            ('not UTF-8', b'{"jsonrpc":"2.0","id":1,"method":"\xff"}', -32700),
            ('a BOM', b'\xef\xbb\xbf' + BODY, -32700), ('UTF-16', BODY.decode().encode('utf-16'), -32700),
            ('a NUL behind it', BODY + b'\0', -32700), ('depth 70', b'{"a":' + b'[' * 70 + b']' * 70 + b'}', -32700),
            ('a batch', b'[' + BODY + b']', -32600), ('a member nobody knows', b'{"jsonrpc":"2.0","id":1,"method":"ping","x":1}', -32600),
            ('another case', b'{"jsonrpc":"2.0","id":1,"Method":"ping"}', -32600), ('id null', b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600)]:
        a = post(body)
        say(f'{what}: 400 and {code}', a.status == 400 and a.code() == code, a.raw)


def session_rules():
    a, session = hello()
    say('initialize is answered by JSON', a.status == 200 and a.type == 'application/json' and a.json().get('id') == 0, a.raw)
    say('with a session of visible characters', re.fullmatch(r'[!-~]{32}', session) is not None, session)
    say('and another one each time', hello()[1] != session)
    a = post({'jsonrpc': '2.0', 'method': 'notifications/initialized'}, Mcp_Session_Id=session)
    say('a notification: 202 and nothing', a.status == 202 and a.body == '', a.raw)
    a = post({'jsonrpc': '2.0', 'id': 77, 'result': {}}, Mcp_Session_Id=session)
    say('an answer: 202 and nothing', a.status == 202 and a.body == '', a.raw)
    a = post(call(5, text='Grüße'), Mcp_Session_Id=session)
    said = a.json() if a.type == 'application/json' else a.events()[-1]
    say('a call is answered', a.status == 200 and said['id'] == 5 and said['result']['content'][0]['text'] == 'Grüße', a.raw)
    a = post(json.dumps(call(6, text='spread'), indent=2).replace('\n', '\r\n').encode(), Mcp_Session_Id=session)
    say('a message of many lines is one message', 'spread' in a.body, a.raw)
    a = post(call(7, 'echo', text='its own'), '/mcp/t', Mcp_Session_Id=hello('/mcp/t')[1])
    say('/mcp/SERVER is that server', 'its own' in a.body, a.raw)
    for what, more, status in [
            ('no session', {}, 400), ('a session that is none', {'Mcp_Session_Id': 'x' * 32}, 404),
            ('a session with more behind it', {'Mcp_Session_Id': session + 'a'}, 404), ('the half of one', {'Mcp_Session_Id': session[:16]}, 404),
            ('an empty one', {'Mcp_Session_Id': ''}, 404), ('another case', {'Mcp_Session_Id': session.swapcase()}, 200 if session.swapcase() == session else 404),
            ('version 2025-06-18', {'Mcp_Session_Id': session, 'Mcp_Protocol_Version': '2025-06-18'}, 200),
            ('version 2025-03-26', {'Mcp_Session_Id': session, 'Mcp_Protocol_Version': '2025-03-26'}, 200),
            ('a version that is none', {'Mcp_Session_Id': session, 'Mcp_Protocol_Version': '1999-01-01'}, 400),
            ('a version of another form', {'Mcp_Session_Id': session, 'Mcp_Protocol_Version': 'latest'}, 400)]:
        a = post(PING, **more)
        say(f'{what}: {status}', a.status == status, a.raw)
    say('a session on another path: 404', post(PING, '/mcp/t', Mcp_Session_Id=session).status == 404)
    say('two sessions in one head: 400', send(head(Mcp_Session_Id=session, Content_Length=len(BODY)).encode() +
                                             f'Mcp-Session-Id: {session}\r\n\r\n'.encode() + BODY).status == 400)
    a = post(call(8, 'hang'), Mcp_Session_Id=session, Accept=BOTH) if 'slow' in sys.argv else None
    say('GET without a session: 400', send(head('GET').encode() + b'\r\n').status == 400)
    say('GET that takes no events: 406', send(head('GET', Accept='application/json', Mcp_Session_Id=session).encode() + b'\r\n').status == 406)
    say('DELETE of another session: 404', send(head('DELETE', Mcp_Session_Id='y' * 32).encode() + b'\r\n').status == 404)
    a = send(head('DELETE', Mcp_Session_Id=session).encode() + b'\r\n')
    say('DELETE ends it: 204', a.status == 204, a.raw)
    say('then it is no more: 404', post(PING, Mcp_Session_Id=session).status == 404)
    say('and cannot be ended again', send(head('DELETE', Mcp_Session_Id=session).encode() + b'\r\n').status == 404)


def until(s, pattern, got=b''):
    while not re.search(pattern, got):
        some = s.recv(65536)
        if not some:
            break
        got += some
    return got


def streams():
    # Who hangs up has not cancelled.
    _, session = hello()
    s = dial()
    body = json.dumps(call(1, 't__log', id='hung up')).encode()
    s.sendall(head(Mcp_Session_Id=session, Content_Length=len(body)).encode() + b'\r\n' + body)
    s.close()
    post(call(2, 't__log', id='after'), Mcp_Session_Id=session)
    log = open('log').read().split('\n')
    say('who hangs up has not cancelled', 'hung up' in log and 'after' in log, log)
    # Answers go to who asked, by type and value of the id, and by session.
    others = [hello()[1] for _ in range(3)]
    got = {}

    def ask(key, session, i, text):
        a = post(call(i, text=text), Mcp_Session_Id=session)
        got[key] = a.json() if a.type == 'application/json' else a.events()[-1]
    asked = [threading.Thread(target=ask, args=((s, repr(i)), s, i, f'{s} {i!r}')) for s in others for i in (0, '0', 1, '1', -1, 'a')]
    for t in asked:
        t.start()
    for t in asked:
        t.join()
    wrong = {k: v for k, v in got.items() if v.get('result', {}).get('content', [{}])[0].get('text') != f'{k[0]} {k[1]}' or repr(v['id']) != k[1]}
    say(f'{len(asked)} calls at a time: each answer to who asked', len(got) == len(asked) and not wrong, wrong)
    # An id in flight. The first is left to hang; its session ends it.
    _, session = hello()
    hang = dial()
    body = json.dumps(call(9, 't__hang')).encode()
    hang.sendall(head(Mcp_Session_Id=session, Content_Length=len(body)).encode() + b'\r\n' + body)
    post(PING, Mcp_Session_Id=session)
    a = post(call(9, text='twice'), Mcp_Session_Id=session)
    say('an id in flight: 400 and -32600', a.status == 400 and a.code() == -32600, a.raw)
    stream = dial()
    stream.sendall(head('GET', Mcp_Session_Id=session).encode() + b'\r\n')
    got = until(stream, b'\r\n\r\n')
    say('GET opens a stream of events', b' 200 ' in got and b'text/event-stream' in got, got)
    a = send(head('GET', Mcp_Session_Id=session).encode() + b'\r\n')
    say('a second one: 409', a.status == 409, a.raw)
    stream.close()
    for _ in range(200):
        stream = dial()
        stream.sendall(head('GET', Mcp_Session_Id=session).encode() + b'\r\n')
        got = until(stream, b'\r\n\r\n')
        if b' 200 ' in got:
            break
        stream.close()
    say('once it has gone, another one can come', b' 200 ' in got, got)
    send(head('DELETE', Mcp_Session_Id=session).encode() + b'\r\n')
    say('DELETE ends the stream', b'0\r\n\r\n' in until(stream, b'0\r\n\r\n'))
    a = Answer(drain(hang))
    say('and answers who waits with an error', a.status == 502 and a.code() == -32603, a.raw)


def crowds():
    sessions = [hello()[1] for _ in range(30)]
    say('30 sessions, one after the other', all(sessions) and len(set(sessions)) == 30)
    say('the oldest has given way: 404', post(PING, Mcp_Session_Id=sessions[0]).status == 404)
    say('the newest is there', post(PING, Mcp_Session_Id=sessions[-1]).status == 200)
    idle = [dial() for _ in range(150)]
    for s in idle:
        s.sendall(b'POST /mcp HT')
    for s in idle:
        s.close()
    say('150 that said little and went: the next is served', post(PING, Mcp_Session_Id=sessions[-1]).status == 200)
    for _ in range(25):
        last = post(PING, path='/nowhere')
    say('25 alike are turned away', last.status == 404)
    # Nobody reads these answers.
    deaf = []
    for i in range(40):
        s = dial()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        body = json.dumps(call(i, 't__big', size=1 << 20)).encode()
        s.sendall(head(Mcp_Session_Id=sessions[-1], Content_Length=len(body)).encode() + b'\r\n' + body)
        deaf.append(s)
    say('40 who do not read hold nobody up', hello()[0].status == 200)
    for s in deaf:
        s.close()
    say('and when they have gone', post(PING, Mcp_Session_Id=hello()[1]).status == 200)


DRIPS = 200 # a fifth of a second each: more than any deadline


def drip(data, what, status, results):
    s = dial()
    got = b''
    try:
        for i in range(DRIPS):
            s.sendall(data[i:i + 1])
            if select.select([s], [], [], 0.2)[0]:
                got = drain(s)
                break
    except (BrokenPipeError, ConnectionResetError):
        pass
    a = Answer(got)
    results.append((what, a.status in status, got))


def slow():
    results = []
    whole = head(Content_Length=4000).encode() + b'\r\n'
    jobs = [threading.Thread(target=drip, args=(head().encode() + b'X: ' + b'a' * 4000, 'a head byte by byte: 408', (408,), results))]
    s = dial()
    s.sendall(whole)

    def body():
        cut = False
        try:
            for _ in range(DRIPS):
                s.sendall(b' ')
                if select.select([s], [], [], 0.2)[0]:
                    cut = b' 200 ' not in drain(s)
                    break
        except (BrokenPipeError, ConnectionResetError):
            cut = True
        results.append(('a body byte by byte is cut off', cut, 'read to the end'))
    jobs.append(threading.Thread(target=body))
    silent = dial()
    _, session = hello()
    waits = dial()
    ask = json.dumps(call(1, 't__hang')).encode()
    waits.sendall(head(Mcp_Session_Id=session, Content_Length=len(ask)).encode() + b'\r\n' + ask)
    for t in jobs:
        t.start()
    for t in jobs:
        t.join()
    a = Answer(drain(silent))
    results.append(('who says nothing: 408', a.status == 408, a.raw))
    for row in results:
        say(*row)
    got = until(waits, b'still waiting')
    say('who waits long is told that we are here', b'text/event-stream' in got and b': still waiting' in got, got)
    say('and gets his answer all the same', Answer(got + drain(waits)).events()[-1].get('id') == 1)
    say('and others were served', hello()[0].status == 200)


META = 'io.modelcontextprotocol/'
NOW = '2026-07-28'


def modern(method='tools/call', i=1, version=NOW, capabilities=True, **params):
    meta = {}
    if version:
        meta[META + 'protocolVersion'] = version
    if capabilities:
        meta[META + 'clientCapabilities'] = {}
    if meta:
        params['_meta'] = meta
    return {'jsonrpc': '2.0', 'id': i, 'method': method, 'params': params}


def mirror():
    echo = modern(name='t__echo', arguments={'text': 'hi'})
    good = {'Mcp_Protocol_Version': NOW, 'Mcp_Method': 'tools/call', 'Mcp_Name': 't__echo'}

    def but(**more):
        lines = dict(good)
        lines.update(more)
        return {k: v for k, v in lines.items() if v is not None}
    for what, message, lines, code in [
            ('no Mcp-Method', echo, but(Mcp_Method=None), -32020), ('another Mcp-Method', echo, but(Mcp_Method='tools/list'), -32020),
            ('Mcp-Method in another case', echo, but(Mcp_Method='Tools/Call'), -32020),
            ('no Mcp-Name', echo, but(Mcp_Name=None), -32020), ('another Mcp-Name', echo, but(Mcp_Name='t__fail'), -32020),
            ('Mcp-Name in bad base64', echo, but(Mcp_Name='=?base64?dF9fZWNobw=?='), -32020),
            ('Mcp-Name in base64 that is not canonical', echo, but(Mcp_Name='=?base64?dF9fZWNobx==?='), -32020),
            ('Mcp-Name in base64 of another name', echo, but(Mcp_Name='=?base64?' + base64.b64encode(b't__fail').decode() + '?='), -32020),
            ('Mcp-Name that is not UTF-8', echo, but(Mcp_Name='=?base64?/w==?='), -32020),
            ('no Mcp-Protocol-Version', echo, but(Mcp_Protocol_Version=None), -32020),
            ('an older one than the body', echo, but(Mcp_Protocol_Version='2025-11-25'), -32020),
            ('a newer one than the body', modern(version='2025-11-25', name='t__echo', arguments={}), good, -32020),
            ('no version in the body', modern(version=None, name='t__echo', arguments={}), good, -32602),
            ('no capabilities in the body', modern(capabilities=False, name='t__echo', arguments={}), good, -32602),
            ('no _meta', modern(version=None, capabilities=False, name='t__echo', arguments={}), good, -32602),
            ('a prompt of another name', modern('prompts/get', name='a'), but(Mcp_Method='prompts/get', Mcp_Name='b'), -32020),
            ('a resource of another name', modern('resources/read', uri='a:/b'), but(Mcp_Method='resources/read', Mcp_Name='a:/c'), -32020),
            ('a revision to come', modern(version='2030-01-01', name='t__echo', arguments={}), but(Mcp_Protocol_Version='2030-01-01'), -32022),
            ('an answer', {'jsonrpc': '2.0', 'id': 1, 'result': {}}, good, -32600)]:
        a = post(message, **lines)
        say(f'{what}: 400 and {code}', a.status == 400 and a.code() == code, a.raw)
        if code == -32022:
            data = a.json()['error'].get('data', {})
            say('and it says which there are', NOW in data.get('supported', []) and data.get('requested') == '2030-01-01', a.raw)
    for method in ('GET', 'DELETE'):
        a = send(head(method, Mcp_Protocol_Version=NOW).encode() + b'\r\n')
        say(f'{method} of the stateless era: 405', a.status == 405 and a.head.get('allow') == 'POST', a.raw)
    a = post({'jsonrpc': '2.0', 'method': 'notifications/cancelled', 'params': {'requestId': 5}}, **but(Mcp_Method='notifications/cancelled', Mcp_Name=None))
    say('a notification: 202', a.status == 202, a.raw)
    two = send((head(Content_Length=len(json.dumps(echo)), **good) + 'Mcp-Name: t__fail\r\n\r\n').encode() + json.dumps(echo).encode())
    say('two Mcp-Names: 400', two.status == 400, two.raw)


def logged(word):
    return [line for line in open('log').read().split('\n') if line == word] if os.path.exists('log') else []


def awaited(condition):
    end = time.monotonic() + 10
    while not condition() and time.monotonic() < end:
        os.sched_yield()
    return bool(condition())


def stateless():
    def ask(method, lines=None, i=1, path='/mcp', **params):
        more = {'Mcp_Protocol_Version': NOW, 'Mcp_Method': method}
        more.update(lines or {})
        return post(modern(method, i, **params), path, **more)

    def text(a):
        return a.json().get('result', {}).get('content', [{}])[0].get('text')
    a = ask('server/discover')
    say('server/discover is answered', a.status == 200 and NOW in a.json().get('result', {}).get('supportedVersions', []), a.raw)
    say('without a session', 'mcp-session-id' not in a.head, a.raw)
    a = ask('tools/list')
    names = [t['name'] for t in a.json().get('result', {}).get('tools', [])]
    say('tools/list is answered', a.status == 200 and 't__echo' in names, a.raw)
    a = ask('tools/call', {'Mcp_Name': 't__echo'}, name='t__echo', arguments={'text': 'stateless'})
    say('a call is answered', a.status == 200 and text(a) == 'stateless' and a.json()['result'].get('resultType') == 'complete', a.raw)
    a = ask('tools/call', {'Mcp_Name': '=?base64?' + base64.b64encode(b't__echo').decode() + '?='}, name='t__echo', arguments={'text': 'coded'})
    say('also when its name comes in base64', a.status == 200 and text(a) == 'coded', a.raw)
    a = ask('tools/call', {'Mcp_Name': 'echo'}, path='/mcp/t', name='echo', arguments={'text': 'its own'})
    say('/mcp/SERVER is that server', a.status == 200 and text(a) == 'its own', a.raw)
    a = ask('tools/call', {'Mcp_Name': 't__echo', 'Mcp_Session_Id': 'x' * 32}, name='t__echo', arguments={'text': 'no session'})
    say('a session means nothing to it', a.status == 200 and text(a) == 'no session', a.raw)
    a = ask('tools/call', {'Mcp_Name': 't__fail'}, name='t__fail', arguments={})
    say('what the policy refuses is a result', a.status == 200 and a.json().get('result', {}).get('isError') is True, a.raw)
    for method in ('nobody/knows', 'ping', 'initialize', 'logging/setLevel'):
        a = ask(method)
        say(f'{method}: 404 and -32601', a.status == 404 and a.code() == -32601, a.raw)
    got = {}

    def one(n):
        got[n] = text(ask('tools/call', {'Mcp_Name': 't__echo'}, name='t__echo', arguments={'text': str(n)}))
    asked = [threading.Thread(target=one, args=(n,)) for n in range(20)]
    for t in asked:
        t.start()
    for t in asked:
        t.join()
    say('20 at a time, all with one id: each its own answer', all(got.get(n) == str(n) for n in range(20)), got)
    body = json.dumps(modern('tools/call', 5, name='t__hang', arguments={})).encode()
    lines = head(Content_Length=len(body), Mcp_Protocol_Version=NOW, Mcp_Method='tools/call', Mcp_Name='t__hang').encode()
    hanging = [dial() for _ in range(60)]
    for s in hanging:
        s.sendall(lines + b'\r\n' + body)
    refused = []
    while True:
        ready = select.select(hanging, [], [], 0 if refused else 10)[0]
        if not ready:
            break
        refused += [Answer(drain(s)).status for s in ready]
        hanging = [s for s in hanging if s not in ready]
    say('60 that hang: those beyond 48 are told 503', set(refused) == {503}, refused)
    for s in hanging:
        s.close()
    served = 503
    while served == 503:
        a = ask('tools/call', {'Mcp_Name': 't__echo'}, name='t__echo', arguments={'text': 'room'})
        served = a.status
    say('who hangs up makes room', text(a) == 'room', a.raw)
    # The tool's server is told, and by this: no session ended, and its deadline is further away than we wait.
    body = json.dumps(modern('tools/call', 7, name='t__hang', arguments={'id': 'is there'})).encode()
    before = len(logged('cancelled'))
    s = dial()
    s.sendall(head(Content_Length=len(body), Mcp_Protocol_Version=NOW, Mcp_Method='tools/call', Mcp_Name='t__hang').encode() + b'\r\n' + body)
    say('a call that hangs has arrived', awaited(lambda: logged('is there')))
    s.close()
    say('who hangs up: the server of the tool is told', awaited(lambda: len(logged('cancelled')) > before))
    body = json.dumps(modern('subscriptions/listen', 6, notifications={'toolsListChanged': True})).encode()
    s = dial()
    s.sendall(head(Content_Length=len(body), Mcp_Protocol_Version=NOW, Mcp_Method='subscriptions/listen').encode() + b'\r\n' + body)
    got = until(s, rb'\n\n')
    say('a subscription is a stream', b'text/event-stream' in got and b'notifications/subscriptions/acknowledged' in got, got)
    s.close()


def held():
    """While nothing can be recorded nobody is told that he is refused; what needs no record is served meanwhile."""
    _, session = hello()
    with open('ready', 'w') as f:
        f.write('ready')
    with open('go') as f:
        f.read()
    n = len(BODY)
    rows = [('another path', head(path='/other').encode() + b'\r\n', 404),
            ('the same again', head(path='/other').encode() + b'\r\n', 404),
            ('a bad head', b'nonsense\r\n\r\n', 400),
            ('a body that is not JSON', head(Content_Length=1).encode() + b'\r\n{', 400),
            ('a body that is no message', head(Content_Length=2).encode() + b'\r\n{}', 400),
            ('no session', head(Content_Length=n, Mcp_Session_Id='x' * 32).encode() + b'\r\n' + BODY, 404),
            ('a revision that is none', head(Content_Length=n, Mcp_Protocol_Version='2030-01-01').encode() + b'\r\n' + BODY, 400)]
    waiting = [dial() for _ in rows]
    for s, (_, data, _) in zip(waiting, rows):
        s.sendall(data)
    served = [post(PING, Mcp_Session_Id=session).status for _ in range(20)]
    say('without a recorder a ping is served', set(served) == {200}, served)
    early = select.select(waiting, [], [], 0)[0]
    for s, (what, _, _) in zip(waiting, rows):
        say(f'{what}: nobody is told before it is recorded', s not in early)
    with open('back', 'w') as f:
        f.write('back')
    for s, (what, _, status) in zip(waiting, rows):
        a = Answer(drain(s))
        say(f'{what}: {status} once it is', a.status == status, a.raw)


PARTS = {'alone': alone, 'framing': framing, 'strangers': strangers, 'forms': forms, 'sessions': session_rules, 'streams': streams, 'crowds': crowds,
         'slow': slow, 'mirror': mirror, 'stateless': stateless, 'held': held}

for part in sys.argv[1:]:
    PARTS[part]()
print('done', flush=True)
