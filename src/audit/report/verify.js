/* RFC 6962, again from the bytes: what stands before the first record comes as the hashes of whole subtrees. */
const encoder = new TextEncoder();
const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
const toBase64 = (bytes) => btoa(String.fromCharCode(...bytes));

/* Of the texts that give these bytes, only the one that they give. */
function fromBase64(text) {
	const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
	if (toBase64(bytes) !== text)
		throw new Error("base64 that is not in its one form");
	return bytes;
}

function leafBytes(line) {
	const text = encoder.encode(line), out = new Uint8Array(text.length + 1);
	out.set(text, 1);
	return out;
}

const node = (a, b) => {
	const both = new Uint8Array(65);
	both[0] = 1;
	both.set(a, 1);
	both.set(b, 33);
	return sha256(both);
};

/* The hashes of whole subtrees, the largest first, as a tree of `size` leaves has them: one for each bit that is set. */
async function add(tree, leaf) {
	let hash = leaf;
	for (let size = tree.size; size % 2 === 1; size = Math.floor(size / 2))
		hash = await node(tree.nodes.pop(), hash);
	tree.nodes.push(hash);
	tree.size++;
}

async function rootOf(tree) {
	let hash = null;
	for (let i = tree.nodes.length - 1; i >= 0; i--)
		hash = hash ? await node(tree.nodes[i], hash) : tree.nodes[i];
	return hash || sha256(new Uint8Array(0));
}

async function treeOfAll(progress) {
	const tree = { size: about.first, nodes: about.before.map(fromBase64) };
	for (let from = 0; from < lines.length; from += 2000) {
		const leaves = await Promise.all(lines.slice(from, from + 2000).map((line) => sha256(leafBytes(line))));
		for (const leaf of leaves)
			await add(tree, leaf);
		progress(Math.min(from + 2000, lines.length));
	}
	return tree;
}

/* Points of edwards25519 (RFC 8032): what a browser does not ask of a key, and of a signature's R. */
const P = 2n ** 255n - 19n, Q = 2n ** 252n + 27742317777372353535851937790883648493n;
const mod = (n) => ((n % P) + P) % P;
const numberOf = (bytes) => bytes.reduceRight((n, b) => n * 256n + BigInt(b), 0n);

function power(base, n) {
	let out = 1n;
	for (let square = mod(base); n > 0n; n /= 2n, square = square * square % P)
		out = n % 2n ? out * square % P : out;
	return out;
}

const D = mod(-121665n * power(121666n, P - 2n)), ROOT = power(2n, (P - 1n) / 4n);

/* null: not in its one form, or of no point. */
function pointOf(bytes) {
	const all = numberOf(bytes), sign = all >> 255n, y = all % 2n ** 255n, xx = mod((y * y - 1n) * power(D * y * y + 1n, P - 2n));
	let x = power(xx, (P + 3n) / 8n);
	x = mod(x * x - xx) ? x * ROOT % P : x;
	if (y >= P || mod(x * x - xx) || (x === 0n && sign))
		return null;
	x = x % 2n === sign ? x : P - x;
	return [x, y, 1n, x * y % P];
}

function plus(a, b) {
	const e = (a[1] - a[0]) * (b[1] - b[0]), f = (a[1] + a[0]) * (b[1] + b[0]), g = 2n * a[3] * b[3] * D, h = 2n * a[2] * b[2];
	return [(f - e) * (h - g), (h + g) * (f + e), (h - g) * (h + g), (f - e) * (f + e)].map(mod);
}

function vanishes(n, point) {
	let out = [0n, 1n, 1n, 0n];
	for (const bit of n.toString(2)) {
		out = plus(out, out);
		out = bit === "1" ? plus(out, point) : out;
	}
	return out[0] === 0n && out[1] === out[2];
}

/* C2SP signed-note: NAME+ID+base64(type, key). The id is made of the name and the key. */
async function readKey(text) {
	const [, name, id, data] = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text) || [];
	const bytes = name ? fromBase64(data) : new Uint8Array(0);
	if (bytes.length !== 33 || bytes[0] !== 1)
		throw new Error("the key is not an Ed25519 verifier key");
	const head = encoder.encode(name + "\n"), all = new Uint8Array(head.length + 33);
	all.set(head);
	all.set(bytes, head.length);
	const hash = (await sha256(all)).slice(0, 4);
	if ([...hash].map((b) => b.toString(16).padStart(2, "0")).join("") !== id)
		throw new Error("the key's id does not belong to it");
	const point = pointOf(bytes.slice(1));
	if (!point || vanishes(8n, point) || !vanishes(Q, point))
		throw new Error("the key is no usable key of Ed25519");
	return { name, hash, raw: bytes.slice(1) };
}

const noteForm = /^([^\n]+\n(?:0|[1-9]\d*)\n[A-Za-z0-9+/]{43}=\n)\n((?:\u2014 [^ +\n]+ [A-Za-z0-9+/=]{9,}\n)+)$/;

async function lineHolds(data, text, key) {
	const bytes = fromBase64(data), r = bytes.length === 68 && numberOf(bytes.slice(36)) < Q ? pointOf(bytes.slice(4, 36)) : null;
	if (!r || vanishes(8n, r))
		return false;
	const publicKey = await crypto.subtle.importKey("raw", key.raw, { name: "Ed25519" }, false, ["verify"]);
	return crypto.subtle.verify({ name: "Ed25519" }, publicKey, bytes.slice(4), encoder.encode(text));
}

/* By one line at least under its name and id, which the first digits hold, and by every one. */
async function signatureHolds(note, key) {
	const [, text, signatures] = /[\0-\t\v-\x1f]/.test(note) ? [] : noteForm.exec(note) || [];
	let good = false;
	for (const line of (signatures || "").split("\n")) {
		const [, name, data] = line.split(" ");
		if (name !== key.name || /=/.test(data.slice(0, 8)) || !atob(data.slice(0, 8)).startsWith(String.fromCharCode(...key.hash)))
			continue;
		if (!await lineHolds(data, text, key))
			return false;
		good = true;
	}
	return good;
}

/* A tlog-proof: the record, its place, the hashes beside it, and the checkpoint. */
function readProof(text) {
	const end = text.indexOf("\n\n"), [first, extra, index, ...beside] = text.slice(0, end).split("\n");
	if (end < 0 || first !== "c2sp.org/tlog-proof@v1" || !(extra || "").startsWith("extra ") || !/^index (0|[1-9]\d*)$/.test(index || ""))
		throw new Error("a handover is not a proof of a record");
	return { bytes: fromBase64(extra.slice(6)), index: Number(index.slice(6)), beside: beside.map(fromBase64), note: text.slice(end + 2) };
}

/* The last record of a tree: beside its way stand whole subtrees of those before it, the smallest first. */
async function handedRoot(proof) {
	const all = new Uint8Array(proof.bytes.length + 1);
	all.set(proof.bytes, 1);
	let hash = await sha256(all), bits = 0;
	for (let n = proof.index; n > 0; n = Math.floor(n / 2))
		bits += n % 2;
	if (bits !== proof.beside.length)
		throw new Error("a handover's hashes do not lead to its root");
	for (const left of proof.beside)
		hash = await node(left, hash);
	return toBase64(hash);
}

/* reeve-ledger(5), Epochs: each key is handed on by the one before it; or, when one was revoked, by the root. */
async function walkEpochs(root, proofs) {
	const epochs = [{ key: root, size: 0, record: 0 }];
	for (const text of proofs) {
		const proof = readProof(text), r = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(proof.bytes)), last = epochs[epochs.length - 1];
		const key = await readKey(r.key), by = r.revoked === undefined ? last : epochs[0], [origin, size, hash] = proof.note.split("\n");
		if (r.kind !== "epoch" || r.epoch !== epochs.length || r.n !== proof.index || proof.index < last.size || r.ledger !== root.name || key.name !== root.name ||
		    r.former !== (epochs.length > 1 ? last.record : undefined) || epochs.some((e) => toBase64(e.key.raw) === toBase64(key.raw)))
			throw new Error(`record ${proof.index} does not begin epoch ${epochs.length}`);
		if (origin !== root.name || size !== String(proof.index + 1) || hash !== await handedRoot(proof) ||
		    !await signatureHolds(proof.note, by.key) || !await signatureHolds(proof.note, key))
			throw new Error(`epoch ${epochs.length} is not handed over by the keys that should have`);
		if (r.revoked !== undefined) {
			if (!(r.revoked > 0) || !epochs[r.revoked] || epochs[r.revoked].since !== undefined || !(r.since >= epochs[r.revoked].size && r.since <= r.n))
				throw new Error(`record ${proof.index} revokes no epoch that there was`);
			epochs[r.revoked].since = r.since;
		}
		epochs.push({ key, size: proof.index + 1, record: proof.index, by });
	}
	return epochs;
}

/* Who must have signed a checkpoint of so many records. */
function signersAt(epochs, size) {
	const at = epochs.reduce((best, e, i) => (e.size <= size ? i : best), 0);
	return at > 0 && epochs[at].size === size ? [epochs[at].by.key, epochs[at].key] : [epochs[at].key];
}

/* Records here whose key was revoked later, or led to by such a one without the root, as "from to". */
function disbelieved(epochs) {
	let bad = Infinity;
	return epochs.flatMap((e, i) => {
		const led = e.by && e.by !== epochs[0] && bad <= e.record;
		bad = Math.min(led ? e.record : Infinity, e.since ?? Infinity);
		const from = Math.max(bad, about.first), to = Math.min(i + 1 < epochs.length ? epochs[i + 1].record : Infinity, about.first + lines.length);
		return from < to ? [`${from} to ${to - 1}`] : [];
	});
}

/* Each finding by itself; the report is good only if all are. */
async function checkAll(progress) {
	const findings = [], say = (good, text) => findings.push({ good, text });
	const [origin, size, root] = about.checkpoint.split("\n");
	let wrong = unreadable >= 0 ? unreadable : lines.findIndex((line, at) => record(at).n !== about.first + at || record(at).ledger !== origin);

	say(wrong < 0, wrong < 0 ? `${lines.length} records stand in their places, ${about.first} to ${about.first + lines.length - 1}`
		: `record ${about.first + wrong} is not what belongs in its place`);
	const tree = await treeOfAll(progress), mine = toBase64(await rootOf(tree));
	say(String(tree.size) === size, String(tree.size) === size ? `none is missing: the checkpoint is of ${size} records`
		: `the checkpoint is of ${size} records, here are ${tree.size}`);
	say(mine === root, mine === root ? "every record hashes to the root that was signed" : "the records do not hash to the root that was signed: something was changed");
	try {
		const epochs = await walkEpochs(await readKey(about.key), about.epochs || []), last = epochs.length - 1;
		const good = (await Promise.all(signersAt(epochs, Number(size)).map((key) => signatureHolds(about.checkpoint, key)))).every(Boolean);
		say(good, !good ? "the checkpoint is not signed by the key of this report" : last === 0 ? `the checkpoint is signed by ${about.key}`
			: `the checkpoint is signed by an epoch of ${about.key}, which was handed on ${last} times, each time by the keys that must`);
		for (const range of disbelieved(epochs))
			say(false, `records ${range} are signed by a key that was revoked later`);
	} catch (error) {
		say(false, error.name === "NotSupportedError" ? "this browser cannot check Ed25519 signatures: use a newer one, or reeve audit verify"
			: `the signature cannot be checked: ${error.message}`);
	}
	return findings;
}
