// Texts that might be URLs, and how two kinds of reader read each: WHATWG's standard, which is this program's own `URL`,
// and RFC 3986 by the expression in its appendix B. reeve's reading is held against both: it is what they say, or none. Where
// one of them has none (an invalid xn-- label, a bare host), it may be the other's: who reads it so connects nowhere.
// Usage: url_readers.js URL_HOST COUNT
'use strict';
const { execFileSync } = require('child_process');

const sound = ['example.com', 'a.b', 'EXAMPLE.com', 'example.com.', 'x_y.example', 'xn--bcher-kva.example', '10.0.0.1', '[::1]',
	'[2001:db8::1]', '[::ffff:10.0.0.1]', 'localhost'];
const odd = ['127.1', '0x7f.1', '0x7f000001', '2130706433', '0177.0.0.1', '010.0.0.1', '1.2.3', '1.2.3.4.5', '256.1.1.1',
	'127.0.0.1.', '０', '１２７.0.0.1', 'ｅxample.com', 'ex\u00adample.com', 'bücher.example', 'faß.de', 'example。com', 'exam%70le.com',
	'%31%32%37.0.0.1', '127.0.0.%31', '[fe80::1%25eth0]', '[fe80::1%eth0]', '[::1', '::1', '[127.0.0.1]', '[::127.0.0.1]', 'a..b', '.a',
	'a.', '-a.b', 'a-.b', 'a b', 'a\tb', 'a\nb', 'a\rb', 'a\0b', 'a\u200bb', 'C:', 'C|', '', '.', '..', '*', 'a*b', 'a,b', "a'b", 'a;b',
	'good.com@evil.com', 'u:p@evil.com', '@evil.com', 'evil.com@', 'a:b@c:d@e', 'good.com\\@evil.com', 'good.com\\.evil.com', 'xn--a',
	'0x', '0x.1', '1e3', '0b1', '127.0.0.0x1', '99999999999', 'a.0x7f', 'a.09', '1.a'];
const schemes = ['http://', 'https://', 'HTTP://', 'ws://', 'ftp://', 'file://', 'foo://', 'a+b-c.1://', 'http:', 'https:', 'http:/', 'http:///',
	'http:\\\\', 'https:/\\', 'http:\t//', 'ht\ntp://', ' http://', '//', '', '1a://', 'javascript://', 'data:', 'blob:http://', '://',
	'http://http://', 'http//', 'view-source:http://', 'FILE://', 'filesystem:http://'];
const tails = ['', '/', '/x', '?x', '#x', ':80', ':80/', ':', ':/', ':0', ':080', ':65535', ':65536', ':99999999', ':8 0', ':80:90', ':a', '/@b.c',
	'?@b.c', '#@b.c', '\\@b.c', '/../b', ';@b.c', '&@b.c', '\t', '\n/x', '%2f@b.c', '%00', '#\\@b.c', ':80@b.c', ':80#@b.c/', ' ', '\u3000'];

let seed = 20261121;
const random = n => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0, (seed >>> 8) % n);
const of = list => list[random(list.length)];
const spice = ['\\', '@', ':', '/', '?', '#', '%', '.', '[', ']', '\t', '\n', ' ', '\0', '0', 'x', '。', '．', '\u00ad', '|', '%2e', '%40', '&', ';'];

function spoil(text) {
	const at = random(text.length + 1);
	return text.slice(0, at) + (random(4) ? of(spice) : '') + text.slice(at + random(2));
}

// One form for all three: no brackets, no dot at the end, an address of version 6 as WHATWG writes it, a mapped one as what it is.
const folded = (high, low) => [high >> 8, high & 255, low >> 8, low & 255].join('.');
const six = host => new URL(`http://[${host}]`).hostname.slice(1, -1)
	.replace(/^::ffff:([0-9a-f]+):([0-9a-f]+)$/, (all, high, low) => folded(parseInt(high, 16), parseInt(low, 16)));
const plain = host => {
	const bare = host.replace(/^\[|\]$/g, '').replace(/\.$/, '').toLowerCase() || '-';
	try {
		return bare.includes(':') ? six(bare) : bare;
	} catch {
		return '-';
	}
};

function whatwg(text) {
	try {
		return plain(new URL(text).hostname);
	} catch {
		return '-';
	}
}

// Appendix B cuts, 3.2 says what an authority is; what does not match its grammar has no host.
function rfc(text) {
	const all = /^(([^:/?#]+):)?(\/\/([^/?#]*))?([^?#]*)(\?([^#]*))?(#(.*))?$/s.exec(text);
	const parts = all && all[2] && /^[a-z][a-z0-9+.-]*$/i.test(all[2]) && all[4] !== undefined &&
		/^(?:[\w.~!$&'()*+,;=:%-]*@)?(\[[0-9a-f:.]+\]|(?:[\w.~!$&'()*+,;=-]|%[0-9a-f]{2})*)(?::\d*)?$/i.exec(all[4]);
	return parts && !/[^\x21-\x7e]|\\/.test(text) ? plain(parts[1]) : '-';
}

const texts = [];
for (const scheme of schemes)
	for (const host of sound.concat(odd))
		for (const tail of tails)
			texts.push(scheme + host + tail);
const whole = texts.length;
for (let i = 0; i < Number(process.argv[3]); i++)
	texts.push(spoil(spoil(texts[random(whole)])));
const hex = texts.map(t => `${Buffer.from(t).toString('hex')}\n`).join('');
const ours = execFileSync(process.argv[2], { input: hex, maxBuffer: 1 << 28 }).toString().split('\n').slice(0, -1).map(plain);

let read = 0, differ = 0, wrong = 0;
texts.forEach((text, i) => {
	const theirs = [whatwg(text), rfc(text)];
	differ += theirs[0] !== theirs[1];
	read += ours[i] !== '-' && theirs.every(host => host === ours[i]);
	if (ours[i] === '-' || theirs.every(host => host === ours[i] || host === '-'))
		return;
	wrong++;
	console.log(`wrong: ${JSON.stringify(text)}: ${theirs.join(' and ')}, ours ${ours[i]}`);
});
console.log(`${texts.length} texts, ${differ} read apart by the two, ${read} read by all three, ${ours.length === texts.length ? wrong : 'not all'} wrong`);
