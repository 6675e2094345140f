#!/usr/bin/env python3
"""net_hostile.py - an agent that tries to reach whom it may not, in every way that has worked against others.

Prints "ok WHAT" or "not ok WHAT: FOUND" a line, then "done". Usage: net_hostile.py PART... In the policy that goes with it
www.test and api.test are allowed and evil.test is not; the names and addresses that lead nowhere good are allowed too, so that
what stands under the policy is tried. Who is api.test is also evil.test: one address, two names.
"""
import os
import random
import re
import select
import socket
import ssl
import struct
import subprocess
import sys
import time

PROXY = ('127.0.0.1', 7339)
EVIL = '93.184.216.66'
WAIT = 60	# for what must come; nothing waits for it that goes well


def say(what, good, found=''):
    print(f'ok {what}' if good else f'not ok {what}: {found!r:.400}', flush=True)


def drain(s):
    """What came until the other end closed."""
    s.settimeout(WAIT)
    got = b''
    try:
        while some := s.recv(65536):
            got += some
    except ConnectionError as why:
        return got or type(why).__name__.encode()
    except TimeoutError:
        return got + b' ...and it stays open'
    return got


def proxied(data, half=False):
    """The whole exchange with the proxy."""
    s = socket.create_connection(PROXY, timeout=WAIT)
    try:
        s.sendall(data)
        if half:
            s.shutdown(socket.SHUT_WR)
    except ConnectionError:
        pass
    got = drain(s)
    s.close()
    return got


def status(got):
    m = re.match(rb'HTTP/1[.]1 ([0-9]{3}) ', got)
    return int(m.group(1)) if m else 0


def answers(got):
    return len(re.findall(rb'HTTP/1[.]1 [0-9]{3} ', got))


def connect_head(to, host=None, more=''):
    return f'CONNECT {to} HTTP/1.1\r\nHost: {to if host is None else host}\r\n{more}\r\n'.encode('latin-1')


def get_head(url, host, more='', method='GET'):
    return f'{method} {url} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n'.encode('latin-1')


def tunnel(to):
    s = socket.create_connection(PROXY, timeout=WAIT)
    s.sendall(connect_head(to))
    got = b''
    while not got.endswith(b'\r\n\r\n') and (some := s.recv(1)):
        got += some
    return s, status(got)


def direct(host, port):
    """What a program gets that knows no proxy: its words are sent, and what comes is read."""
    try:
        s = socket.create_connection((host, port), timeout=WAIT)
    except OSError as why:
        return type(why).__name__.encode()
    try:
        s.sendall(f'GET /direct HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n'.encode())
    except OSError as why:
        return type(why).__name__.encode()
    got = drain(s)
    s.close()
    return got


REFUSED = (400, 403, 431, 501, 502, 504)


def heads():
    """Heads that programs read in two ways: refused, once, and nothing behind them is read."""
    ok = 'www.test:443'
    rows = [
        ('CONNECT with a NUL in the host', connect_head('www.test\0.evil.test:443')), ('with a NUL in a field', connect_head(ok, more='X: a\0b\r\n')),
        ('lines that end in LF', connect_head(ok).replace(b'\r\n', b'\n')), ('a CR alone', connect_head(ok, more='X: a\rHost: evil.test:443\r\n')),
        ('a folded line', connect_head(ok, more='X: a\r\n b\r\n')), ('a space before the colon', connect_head(ok, more='Host : evil.test:443\r\n')),
        ('CR LF within the target', b'CONNECT www.test:443\r\nX: HTTP/1.1\r\nHost: www.test:443\r\n\r\n'),
        ('no port', connect_head('www.test')), ('port 0', connect_head('www.test:0')), ('port 65536', connect_head('www.test:65536')),
        ('a signed port', connect_head('www.test:+443')), ('a port with zeros first', connect_head('www.test:000443')),
        ('a port in hexadecimal', connect_head('www.test:0x1bb')), ('two ports', connect_head('www.test:443:80')),
        ('no host', connect_head(':443')), ('a user', connect_head('www.test:443@evil.test:443')), ('a user first', connect_head('u@www.test:443')),
        ('a path', connect_head('www.test:443/evil.test')), ('a percent-encoded host', connect_head('www%2etest:443')),
        ('fullwidth letters', connect_head('\uff57ww.test:443'.encode().decode('latin-1'))), ('a list', connect_head('www.test:443,evil.test:443')),
        ('two Hosts', connect_head(ok, more='Host: evil.test:443\r\n')), ('a Host of another', connect_head(ok, 'evil.test:443')),
        ('a Host of another port', connect_head(ok, 'www.test:80')), ('a wildcard', connect_head('*.test:443')), ('two dots at its end', connect_head('www.test..:443')),
        ('an empty label', connect_head('www..test:443')), ('a label of 64', connect_head('a' * 64 + '.test:443')), ('a name of 254', connect_head('a.' * 126 + 'bc:443')),
        ('HTTP/1.0 and a Host of another', connect_head(ok, 'evil.test:443').replace(b'/1.1', b'/1.0')), ('HTTP/2', b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), ('two spaces', connect_head(ok).replace(b' www', b'  www')),
        ('a tab', connect_head(ok).replace(b' www', b'\twww')), ('no version', b'CONNECT www.test:443\r\n\r\n'), ('a small method', connect_head(ok).replace(b'CONNECT', b'connect')),
        ('a head of 17 KiB', connect_head(ok, more='X: ' + 'a' * 17000 + '\r\n')), ('an endless line', b'C' * 20000),
        ('101 fields', connect_head(ok, more=''.join(f'X{i}: a\r\n' for i in range(101)))), ('a head that ends early', connect_head(ok)[:-2]),
        ('GET: the path alone', get_head('/hello.txt', 'www.test')), ('GET: a Host of another', get_head('http://www.test/', 'evil.test')),
        ('GET: two Hosts', get_head('http://www.test/', 'www.test', 'Host: evil.test\r\n')), ('GET: a user', get_head('http://www.test@evil.test/', 'evil.test')),
        ('GET: a backslash', get_head('http://evil.test\\@www.test/', 'www.test')), ('GET: a tab in the host', get_head('http://ev\til.test/', 'evil.test')),
        ('GET: another scheme', get_head('ftp://www.test/', 'www.test')), ('GET: file', get_head('file:///etc/passwd', 'www.test')), ('GET: a fragment', get_head('http://evil.test#@www.test/', 'www.test')),
        ('GET: HTTP/1.0', get_head('http://www.test/', 'www.test').replace(b'/1.1', b'/1.0')), ('GET: HTTP/0.9', b'GET http://www.test/\r\n\r\n'),
    ]
    second = get_head('http://evil.test/smuggled', 'evil.test')
    post = lambda more, body: get_head('http://www.test/cgi/digest', 'www.test', more, 'POST') + body
    rows += [(f'POST: {what}', post(more, body)) for what, more, body in [
        ('two lengths', 'Content-Length: 0\r\nContent-Length: 5\r\n', second), ('two lengths alike', 'Content-Length: 5\r\nContent-Length: 5\r\n', b'12345'),
        ('length and coding', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', b'0\r\n\r\n' + second), ('coding and length', 'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', b'0\r\n\r\n' + second),
        ('a list of lengths', 'Content-Length: 5, 5\r\n', b'12345'), ('a signed length', 'Content-Length: +5\r\n', b'12345'), ('a negative length', 'Content-Length: -5\r\n', second),
        ('a length of 2^64 and 5', 'Content-Length: 18446744073709551621\r\n', b'12345'), ('a hexadecimal length', 'Content-Length: 0x5\r\n', b'12345'),
        ('another coding', 'Transfer-Encoding: xchunked\r\n', b'0\r\n\r\n'), ('two codings', 'Transfer-Encoding: gzip, chunked\r\n', b'0\r\n\r\n'), ('chunked twice', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', b'0\r\n\r\n'),
        ('a vertical tab before chunked', 'Transfer-Encoding: \x0bchunked\r\n', b'0\r\n\r\n'), ('a space before the colon', 'Transfer-Encoding : chunked\r\n', b'0\r\n\r\n' + second),
    ]]
    for what, data in rows:
        got = proxied(data, half=what == 'a head that ends early')
        say(f'{what}: refused, once, and closed', status(got) in REFUSED and answers(got) == 1 and not got.endswith(b'stays open'), got)


def smuggled():
    """One connection, one request: whatever else is in it is body, or nothing."""
    second = get_head('http://evil.test/second', 'evil.test')
    first = get_head('http://www.test/hello.txt', 'www.test')
    got = proxied(first + second)
    say('a second request to another host, with the first: not served', b'hello from www' in got and answers(got) == 1, got)
    got = proxied(first + first)
    say('nor one to the same', got.count(b'hello from www') == 1, got)
    s = socket.create_connection(PROXY, timeout=WAIT)
    s.sendall(first)
    got = b''
    while b'hello from www' not in got and (some := s.recv(4096)):
        got += some
    try:
        s.sendall(second)
    except ConnectionError:
        pass
    rest = drain(s)
    say('a second request behind the answer: not served', b'hello from www' in got and answers(got + rest) == 1, got + rest)
    got = proxied(get_head('http://www.test/cgi/digest', 'www.test', f'Content-Length: {len(second)}\r\n', 'POST') + second)
    say('one in a body is body', status(got) == 200 and answers(got) == 1, got)
    for what, body in [('a bare LF behind a size', b'5\nabcde\r\n0\r\n\r\n'), ('an extension', b'5;x=\r\n\r\nabcde\r\n0\r\n\r\n'), ('a size beyond 64 bits', b'F' * 17 + b'\r\nabc'),
                       ('a trailer', b'1\r\na\r\n0\r\nHost: evil.test\r\n\r\n'), ('a negative size', b'-5\r\nabcde\r\n0\r\n\r\n')]:
        got = proxied(get_head('http://www.test/cgi/digest', 'www.test', 'Transfer-Encoding: chunked\r\n', 'POST') + body + second, half=True)
        say(f'chunks: {what}: not passed on', status(got) in (0, 400, 502), got)
    got = proxied(get_head('http://www.test/cgi/head', 'www.test', 'Connection: close, X-Secret\r\nX-Secret: 1\r\nUpgrade: h2c\r\nProxy-Authorization: Basic eA==\r\nProxy-Connection: keep-alive\r\n'))
    say('what is for the proxy alone is not passed on', status(got) == 200 and not re.search(rb'(?i)x-secret|upgrade|proxy-|h2c', got.partition(b'\r\n\r\n')[2]), got)
    got = proxied(get_head('http://www.test/cgi/elsewhere', 'www.test'))
    say('a redirect is the program\'s to follow, and is judged', status(got) == 302, got)
    say('and where it leads is refused', status(proxied(get_head('http://private.test/secret', 'private.test'))) in (403, 502))


# Written so, a host is one address to one reader and another to the next, or none at all.
ODD_HOSTS = ['2852039166', '0xa9fea9fe', '0251.0376.0251.0376', '0xa9.0xfe.0xa9.0xfe', '169.254.43518', '169.16689662', '127.1', '0', '00000177.0.0.1', '127.0.0.1.', '1.2.3',
             '10.9.8.07', '256.1.1.1', '[::ffff:a9fe:a9fe]', '[::ffff:10.9.8.7]', '[::10.9.8.7]', '[fe80::1%25lo]', '[fe80::1%lo]', '[::1%lo]', '[0:0:0:0:0:ffff:a09:807]', '[10.9.8.7]', '[::1', '::1',
             '\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa6.0.0.1', '\xef\xbc\x91\xef\xbc\x90.9.8.7', '127\xe3\x80\x820\xe3\x80\x820\xe3\x80\x821']
PRIVATE = ['169.254.169.254', '168.63.129.16', '100.64.0.9', '10.9.8.7', '172.16.9.9', '192.168.77.1', '198.51.100.9', '127.0.0.1', '0.0.0.0', '255.255.255.255', '224.0.0.1',
           '[fd00:ec2::254]', '[fd00:9::7]', '[::1]', '[::]', '[64:ff9b::a09:807]', '[fe80::1]']
LURES = ['loop.test', 'loop6.test', 'private.test', 'private6.test', 'meta.test', 'meta6.test', 'azure.test', 'carrier.test', 'documents.test', 'mapped.test', 'nat64.test', 'zero.test',
         '10.9.8.7.nip.test', 'localhost']


def hosts():
    for host in ODD_HOSTS + PRIVATE + LURES:
        for what, data in [('CONNECT', connect_head(f'{host}:80')), ('GET', get_head(f'http://{host}/latest/meta-data/', host))]:
            got = proxied(data)
            say(f'{what} {host.encode("latin-1")!r}: refused', status(got) in (400, 403, 502) and answers(got) == 1, got)
    for host in ['WWW.TEST', 'www.test.', 'wWw.TeSt.']:
        s, code = tunnel(f'{host}:80')
        s.sendall(b'GET /hello.txt HTTP/1.1\r\nHost: www.test\r\nConnection: close\r\n\r\n')
        say(f'CONNECT {host}: the same host, and served', code == 200 and b'hello from www' in drain(s), code)
    for host in ['rebind.test', 'rebind-loop.test']:
        codes = [status(proxied(get_head(f'http://{host}/', host))) for _ in range(4)]
        say(f'{host}: at first it leads into the open, then inward: refused from then on', set(codes[1:]) <= {403, 502} and codes[0] in (200, 403, 502), codes)
    codes = [status(proxied(get_head('http://both.test/', 'both.test'))) for _ in range(4)]
    say('a public and a private address at once: never the private one', set(codes) <= {200, 403, 502}, codes)
    say('a name that is none: 502', status(proxied(connect_head('nowhere.test:80'))) == 502)
    s, code = tunnel('api.test:9999')
    say('a port that no rule allows: 403', code == 403, code)


def socks(request, greeting=b'\5\1\0'):
    """The reply's code; None: closed without one."""
    s = socket.create_connection(PROXY, timeout=WAIT)
    try:
        s.sendall(greeting)
        if s.recv(2) != b'\5\0':
            return None
        s.sendall(request)
        got = drain(s)
    except ConnectionError:
        return None
    finally:
        s.close()
    return got[1] if len(got) > 1 else None


def socks_name(name, port=80):
    name = name if isinstance(name, bytes) else name.encode('latin-1')
    return b'\5\1\0\3' + bytes([len(name)]) + name + struct.pack('!H', port)


def socks_rows():
    for host in [h for h in ODD_HOSTS if not h.startswith('[')] + LURES + ['evil.test', '[::1]', 'www.test\0.evil.test', 'www.test\r\nX: y', ' www.test', 'www.test ', 'www.test:80', '']:
        code = socks(socks_name(host))
        say(f'SOCKS {host.encode("latin-1")!r}: refused', code is None or code in (1, 2, 4, 5, 8), code)
    for host in PRIVATE:
        family, kind = (socket.AF_INET6, b'\4') if host.startswith('[') else (socket.AF_INET, b'\1')
        code = socks(b'\5\1\0' + kind + socket.inet_pton(family, host.strip('[]')) + b'\0\x50')
        say(f'SOCKS {host}: refused', code is None or code in (1, 2, 4, 5, 8), code)
    code = socks(b'\5\1\0\4' + socket.inet_pton(socket.AF_INET6, '::ffff:10.9.8.7') + b'\0\x50')
    say('SOCKS ::ffff:10.9.8.7: refused', code is None or code in (1, 2, 4, 5, 8), code)
    say('SOCKS: what no rule allows is reply 2', socks(socks_name('evil.test')) == 2)
    say('SOCKS: BIND is not there', socks(b'\5\2\0\1' + bytes(4) + b'\0\x50') in (7, None))
    say('SOCKS: UDP ASSOCIATE is not there', socks(b'\5\3\0\1' + bytes(4) + b'\0\x50') in (7, None))
    say('SOCKS: who can only log in is turned away', socks(b'', b'\5\1\2') is None)
    got = proxied(b'\4\1\0\x50' + socket.inet_aton(EVIL) + b'x\0')
    say('SOCKS 4: turned away', b'\x5a' not in got[:2] and b'you got it' not in got, got)


def hello(name=None, extra=b''):
    """A ClientHello as OpenSSL makes it; or one with more extensions put in."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    out = ssl.MemoryBIO()
    tls = context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=name)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    bytes_ = bytearray(out.read())
    if extra:
        at = 5 + 4 + 2 + 32
        at += 1 + bytes_[at]
        at += 2 + struct.unpack('!H', bytes_[at:at + 2])[0]
        at += 1 + bytes_[at]
        total, = struct.unpack('!H', bytes_[at:at + 2])
        bytes_[at:at + 2] = struct.pack('!H', total + len(extra))
        bytes_ += extra
        bytes_[3:5] = struct.pack('!H', len(bytes_) - 5)
        bytes_[6:9] = struct.pack('!I', len(bytes_) - 9)[1:]
    return bytes(bytes_)


def tls_rows():
    """Whose name TLS asks for must be whose connection was judged."""
    ech = struct.pack('!HH', 0xfe0d, 10) + b'\0\0\1\0\1\x07\0\0\0\0'
    again = b'\0\0\0\x0e\0\x0c\0\0\x09evil.test'
    rows = [('another name', hello('evil.test')), ('a third name', hello('www.test')), ('no name', hello()), ('an encrypted one', hello('api.test', ech)),
            ('the name twice', hello('api.test', again)), ('one in two records', b'\x16\3\1\0\1\1' + b'\x16\3\1' + struct.pack('!H', len(hello('evil.test')) - 6) + hello('evil.test')[6:]),
            ('one byte at a time', None)]
    for way in ('proxied', 'direct'):
        for what, first in rows:
            s = tunnel('api.test:443')[0] if way == 'proxied' else socket.create_connection(('api.test', 443), timeout=WAIT)
            try:
                for piece in [first] if first else [bytes([b]) for b in hello('evil.test')]:
                    s.sendall(piece)
            except ConnectionError:
                pass
            got = drain(s)
            say(f'{way}: a ClientHello with {what}: nothing comes of it', len(got) == 0 or got.startswith(b'\x15') or got.endswith(b'Error'), got)
        context = ssl.create_default_context(cafile='ca.pem')
        s = tunnel('api.test:443')[0] if way == 'proxied' else socket.create_connection(('api.test', 443), timeout=WAIT)
        tls = context.wrap_socket(s, server_hostname='api.test')
        tls.sendall(b'GET /honest HTTP/1.1\r\nHost: api.test\r\n\r\n')
        say(f'{way}: its own name is served', b'you got it' in tls.recv(4096))
        tls.close()


def direct_rows():
    """Without a proxy: by name, by address, by other ports and other protocols."""
    for host in ['evil.test', 'nobody.example', 'metadata.google.internal', 'x' * 60 + '.' + 'y' * 60 + '.' + 'z' * 60 + '.api.test']:
        try:
            found = socket.getaddrinfo(host, 80)
        except OSError as why:
            found = why
        say(f'{host:.30}: does not resolve', isinstance(found, OSError), found)
    for host in LURES[:-1]:
        got = direct(host, 80)
        say(f'{host}: not connected', b'HTTP/' not in got, got)
    for host in PRIVATE:
        got = direct(host.strip('[]'), 80)
        say(f'{host}: not connected', b'HTTP/' not in got, got)
    for host in ['::ffff:10.9.8.7', '::ffff:169.254.169.254', '198.18.200.1', '198.19.255.254', EVIL, '2606:2800:220:1::66', '93.184.216.67']:
        got = direct(host, 80)
        say(f'{host}: not connected', b'HTTP/' not in got, got)
    for port in (22, 25, 53, 853, 8443, 9999):
        got = direct('api.test', port)
        say(f'api.test port {port}: not connected', b'HTTP/' not in got, got)
    for what, how in [('MPTCP', (socket.AF_INET, socket.SOCK_STREAM, 262)), ('SCTP', (socket.AF_INET, socket.SOCK_STREAM, 132)), ('VSOCK', (40, socket.SOCK_STREAM, 0)), ('raw', (socket.AF_INET, socket.SOCK_RAW, 1)),
                      ('packet', (socket.AF_PACKET, socket.SOCK_RAW, 0))]:
        try:
            s = socket.socket(*how)
            s.settimeout(WAIT)
            s.connect((EVIL, 80) if how[0] == socket.AF_INET else (2, 80))
            s.sendall(b'by another protocol')
            got = drain(s)
        except (OSError, OverflowError) as why:
            got = type(why).__name__.encode()
        say(f'{what}: not connected', b'you got it' not in got, got)
    s = socket.socket()
    s.settimeout(WAIT)
    try:
        s.sendto(b'GET /fast HTTP/1.1\r\n\r\n', 0x20000000, (EVIL, 80))
        got = drain(s)
    except OSError as why:
        got = type(why).__name__.encode()
    say('TCP fast open: not connected', b'HTTP/' not in got, got)


def by(arguments, **environment):
    """curl: its exit status and what it printed."""
    done = subprocess.run(['curl', '-sS', '-m', str(WAIT)] + arguments, env={**os.environ, **environment}, capture_output=True, check=False)
    return done.returncode, done.stdout + done.stderr


def around():
    """Around the proxy: what a program does with its variables changes the way, and not the verdict."""
    none = {k: '' for k in os.environ if k.lower().endswith('_proxy')}
    for what, arguments, environment in [('--noproxy', ['--noproxy', '*', 'http://evil.test/'], {}), ('no variables', ['http://evil.test/'], none), ('NO_PROXY=*', ['http://evil.test/'], {'NO_PROXY': '*', 'no_proxy': '*'}),
                                         ('ALL_PROXY of the attacker', ['http://www.test/'], {**none, 'ALL_PROXY': f'http://{EVIL}:8443', 'http_proxy': f'http://{EVIL}:80'}),
                                         ('a proxy of the attacker by name', ['-x', 'http://evil.test:80', 'http://www.test/'], {}), ('its SOCKS', ['-x', f'socks5h://{EVIL}:80', 'http://www.test/'], none),
                                         ('--resolve', ['--noproxy', '*', '--resolve', f'www.test:80:{EVIL}', 'http://www.test/'], {}), ('--connect-to', ['--connect-to', f'www.test:80:{EVIL}:80', 'http://www.test/'], {}),
                                         ('DNS over HTTPS', ['--doh-url', f'https://{EVIL}/dns-query', '--noproxy', '*', 'http://www.test/'], {}), ('a preproxy', ['--preproxy', f'socks5h://{EVIL}:80', 'http://www.test/'], {}),
                                         ('the proxy by itself', ['-x', 'http://127.0.0.1:7339', 'http://127.0.0.1:7339/'], {}), ('file', ['file:///etc/shadow'], {}), ('HTTP/3', ['--noproxy', '*', 'https://evil.test/', '--alt-svc', 'alt'], {})]:
        code, got = by(arguments, **environment)
        say(f'{what}: not reached', b'you got it' not in got and (code != 0 or b'reeve' in got), (code, got))
    code, got = by(['--noproxy', '*', 'http://www.test/hello.txt'])
    say('--noproxy: an allowed host is served', b'hello from www' in got, got)


def question(name, kind=1, flags=0x0100, count=1, klass=1, tail=b'', number=None):
    labels = b''.join(bytes([len(p)]) + p for p in (name if isinstance(name, list) else [n.encode('latin-1') for n in name.split('.')]))
    return struct.pack('!HHHHHH', number or random.randrange(65536), flags, count, 0, 0, 0) + labels + b'\0' + struct.pack('!HH', kind, klass) + tail


def resolver():
    for line in open('/etc/resolv.conf'):
        if line.startswith('nameserver '):
            return line.split()[1]
    return '127.0.0.1'


def asked(data, to=None):
    """The answer's code and how many records it has; None: there was none before that of an honest question."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(WAIT)
    honest = question('www.test', number=4242)
    try:
        s.connect((to or resolver(), 53))
        s.send(data)
        if to:
            asked(honest)
            return dns_answer(s.recv(4096, socket.MSG_DONTWAIT))
        s.send(honest)
        while True:
            got = s.recv(4096)
            if got[:2] == honest[:2] and data[:2] != honest[:2]:
                return None
            return dns_answer(got)
    except OSError as why:
        return type(why).__name__
    finally:
        s.close()


def once(data):
    """A try of those that a resolver makes: a datagram may be lost where many come."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(1)
    try:
        s.connect((resolver(), 53))
        s.send(data)
        return dns_answer(s.recv(4096))
    except OSError as why:
        return type(why).__name__
    finally:
        s.close()


def dns_answer(got):
    return got[3] & 15, struct.unpack('!H', got[6:8])[0]


def names():
    """The answerer is no way out: what it is asked leaves the machine only if it is the host of a connection."""
    code = asked(question('www.test'))
    say('an allowed name has an address', code == (0, 1), code)
    for what, data in [('a name of no rule', question('evil.test')), ('one beneath it', question('secret.evil.test')), ('TXT', question('www.test', 16)), ('ANY', question('www.test', 255)), ('MX', question('www.test', 15)),
                       ('NULL', question('www.test', 10)), ('AXFR', question('www.test', 252)), ('class CH', question('version.bind', 16, klass=3)), ('PTR', question('66.216.184.93.in-addr.arpa', 12)),
                       ('long labels', question('.'.join(['a' * 60] * 3) + '.api.test')), ('a name of 200', question('.'.join(['ab'] * 64) + '.api.test')), ('no labels', question([])), ('a NUL in a label', question([b'www\0', b'test'])),
                       ('a dot in a label', question([b'www.test'])), ('a label that is not ASCII', question([b'\xff\xfe', b'test'])), ('two questions', question('www.test', count=2, tail=b'\3www\4test\0\0\1\0\1')),
                       ('an answer', question('www.test', flags=0x8180)), ('an update', question('www.test', flags=0x2800)), ('a pointer to itself', b'\1\1\1\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1'),
                       ('nothing', b'\1\2'), ('half a name', b'\1\3\1\0\0\1\0\0\0\0\0\0\x3fabc'), ('what is behind a question', question('www.test', tail=b'x' * 400))]:
        code = asked(data)
        say(f'DNS, {what}: no address', code is None or (isinstance(code, tuple) and code[1] == 0), code)
    code = asked(question('www.test', 28))
    say('DNS, AAAA: empty', code == (0, 0), code)
    for to in ('93.184.216.53', EVIL, '8.8.8.8'):
        code = asked(question('evil.test'), to)
        say(f'DNS of {to}: no way out', not (isinstance(code, tuple) and code[1]), code)
    for port in (53, 853):
        got = direct(EVIL, port)
        say(f'TCP {port} of a resolver: not connected', b'you got it' not in got, got)


def datagrams():
    for host, port in [(EVIL, 443), (EVIL, 53), (EVIL, 9999), ('169.254.169.254', 53), ('10.9.8.7', 9999), ('93.184.216.53', 53), ('2606:2800:220:1::66', 443), ('255.255.255.255', 9999), ('224.0.0.251', 5353)]:
        s = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            if host == '255.255.255.255':
                s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            s.connect((host, port))
            for _ in range(3):
                s.send(b'\xc3QUIC or not')
            got = s.recv(100, socket.MSG_DONTWAIT)
        except OSError as why:
            got = type(why).__name__.encode()
        say(f'a datagram to {host} {port}: no answer', b'you got it' not in got, got)
        s.close()


def flood():
    """A tunnel made of names, and one made of connections: the ledger counts them, and others are served meanwhile."""
    say('before it a name has an address', asked(question('www.test')) == (0, 1))
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect((resolver(), 53))
    s.setblocking(False)
    for i in range(3000):
        try:
            s.send(question(f'{i:08x}deadbeef.evil.test'))
        except OSError:
            pass
        select.select([s], [], [], 0)
        try:
            while s.recv(4096):
                pass
        except OSError:
            pass
    for what, name in [('3000 names of the attacker: what is known already is answered', 'www.test'), ('and soon also what is new', 'api.test')]:
        end = time.monotonic() + WAIT
        while (code := once(question(name))) != (0, 1) and time.monotonic() < end:
            pass
        say(what, code == (0, 1), code)
    codes = {status(proxied(connect_head('evil.test:443'))) for _ in range(500)}
    say('500 refused tunnels: each is told', codes == {403}, codes)
    got = proxied(get_head('http://www.test/hello.txt', 'www.test'))
    say('and an honest request is served', b'hello from www' in got, got)


def crowds():
    """Half a head each, and nothing else: they do not keep others out, and they are told when their time is over."""
    half = []
    for i in range(400):
        s = socket.create_connection(PROXY, timeout=WAIT)
        s.sendall(b'CONNECT www.test:443 HTTP/1.1\r\nX: ' + str(i).encode() if i % 2 else b'\5')
        half.append(s)
    begun = time.monotonic()
    got = proxied(get_head('http://www.test/hello.txt', 'www.test'))
    say('400 half heads: an honest request is served', b'hello from www' in got, got)
    say('and they are still there', not select.select(half, [], [], 0)[0] or time.monotonic() - begun > 5)
    for s in half[1::20]:
        try:
            s.sendall(b'a')
        except ConnectionError:
            pass
    told = [drain(s) for s in half]
    say('who never ends its head is told, and closed', all(status(t) == 408 or t in (b'', b'\5\xff') or t.endswith(b'Error') for t in told) and any(status(t) == 408 for t in told), set(told))
    tunnels = [tunnel('www.test:80') for _ in range(200)]
    for s, _ in tunnels[::2]:
        s.shutdown(socket.SHUT_WR)
    got = proxied(get_head('http://www.test/hello.txt', 'www.test'))
    say('200 tunnels that say nothing: an honest request is served', b'hello from www' in got and {c for _, c in tunnels} == {200}, got)


PARTS = {'heads': heads, 'smuggled': smuggled, 'hosts': hosts, 'socks': socks_rows, 'tls': tls_rows, 'direct': direct_rows, 'around': around, 'names': names, 'datagrams': datagrams, 'flood': flood,
         'crowds': crowds}
for part in sys.argv[1:]:
    PARTS[part]()
print('done', flush=True)
