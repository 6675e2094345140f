// tests/tools/tiles.go - checks what reeve publishes with no code of reeve's: golang.org/x/mod's sumdb/note
// and sumdb/tlog, as Debian's golang-golang-x-mod-dev has them.
//
//	tiles view DIR TRUST           signature, root from the tiles, every record's bytes and inclusion; prints the records
//	tiles grown OLD DIR TRUST      is the tree of the checkpoint OLD a beginning of the one in DIR?
//	tiles proof FILE TRUST [DIR]   a tlog-proof; prints the record
//	tiles cosigned FILE TRUST VKEY [DIR]   a checkpoint that this witness has cosigned too; prints when
//
// TRUST is a tlog-policy file with the root's key; by it alone the epochs in DIR are walked, each a tlog-proof of the
// record that names the next key. Exit 0: all holds; 1: the first thing that does not is on standard error.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "tiles:", err)
		os.Exit(1)
	}
}

func read(path string) []byte {
	data, err := os.ReadFile(path)
	check(err)
	return data
}

// trusted reads the one log of a policy that asks for no witnesses.
func trusted(path string) note.Verifier {
	var key string
	quorum := ""
	for _, line := range strings.Split(string(read(path)), "\n") {
		words := strings.Fields(line)
		if len(words) >= 2 && words[0] == "log" {
			key = words[1]
		}
		if len(words) == 2 && words[0] == "quorum" {
			quorum = words[1]
		}
	}
	if quorum != "none" {
		check(errors.New("the policy has another quorum than none"))
	}
	v, err := note.NewVerifier(key)
	check(err)
	return v
}

// epoch is a key, and the size of the checkpoint that hands over to it.
type epoch struct {
	key    note.Verifier
	size   int64
	byRoot bool
	record int64
}

// chain is what may sign: the root, then each epoch in its turn.
type chain []epoch

// due is who must have signed a checkpoint of that size: at a handover both.
func (c chain) due(size int64) []note.Verifier {
	at := 0
	for i, e := range c {
		if e.size <= size {
			at = i
		}
	}
	if at == 0 || c[at].size != size {
		return []note.Verifier{c[at].key}
	}
	if c[at].byRoot {
		return []note.Verifier{c[0].key, c[at].key}
	}
	return []note.Verifier{c[at-1].key, c[at].key}
}

func openCheckpoint(text []byte, c chain) tlog.Tree {
	lines := strings.Split(string(text), "\n")
	if len(lines) < 6 || lines[3] != "" || lines[0] != c[0].key.Name() {
		check(errors.New("not the checkpoint of this log"))
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err)
	if strconv.FormatInt(size, 10) != lines[1] {
		check(errors.New("a size that is not written plainly"))
	}
	for _, v := range c.due(size) {
		n, err := note.Open(text, note.VerifierList(v))
		check(err)
		if n.Text != strings.Join(lines[:3], "\n")+"\n" {
			check(errors.New("more is signed than a checkpoint"))
		}
	}
	hash, err := tlog.ParseHash(lines[2])
	check(err)
	return tlog.Tree{N: size, Hash: hash}
}

// walk follows the handovers that lie in dir, if any; dir may be "".
func walk(trust, dir string) chain {
	c := chain{{key: trusted(trust)}}
	for dir != "" {
		data, err := os.ReadFile(filepath.Join(dir, "epochs", strconv.Itoa(len(c))))
		if errors.Is(err, os.ErrNotExist) {
			break
		}
		check(err)
		c = step(c, data)
	}
	return c
}

func step(c chain, data []byte) chain {
	p := parseProof(data)
	var r struct {
		Kind, Key, Ledger string
		N, Epoch          int64
		Former, Revoked   *int64
	}
	check(json.Unmarshal(p.record, &r))
	last := c[len(c)-1]
	key, err := note.NewVerifier(r.Key)
	check(err)
	if r.Kind != "epoch" || r.N != p.index || r.Epoch != int64(len(c)) || r.Ledger != c[0].key.Name() || key.Name() != r.Ledger ||
		p.index < last.size || (len(c) > 1) != (r.Former != nil) || (r.Former != nil && *r.Former != last.record) {
		check(fmt.Errorf("record %d does not begin epoch %d", p.index, len(c)))
	}
	for _, e := range c {
		if e.key.KeyHash() == key.KeyHash() {
			check(fmt.Errorf("epoch %d has a key of before", len(c)))
		}
	}
	c = append(c, epoch{key, p.index + 1, r.Revoked != nil, p.index})
	tree := openCheckpoint(p.checkpoint, c)
	if tree.N != p.index+1 {
		check(fmt.Errorf("epoch %d is not the last record of its checkpoint", len(c)-1))
	}
	check(tlog.CheckRecord(p.path, tree.N, tree.Hash, p.index, tlog.RecordHash(p.record)))
	return c
}

// tilePath is the layout's: no height in it, and a folder "entries" in place of a level.
func tilePath(level string, n int64, width int) string {
	name := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		name = fmt.Sprintf("x%03d/%s", n%1000, name)
	}
	if width < 256 {
		name += fmt.Sprintf(".p/%d", width)
	}
	return "tile/" + level + "/" + name
}

type folder struct {
	dir  string
	seen map[tlog.Tile][]byte
}

func (f *folder) Height() int                         { return 8 }
func (f *folder) SaveTiles(_ []tlog.Tile, _ [][]byte) {}

func (f *folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, t := range tiles {
		if _, ok := f.seen[t]; !ok {
			level := strconv.Itoa(t.L)
			data, err := os.ReadFile(filepath.Join(f.dir, tilePath(level, t.N, t.W)))
			if errors.Is(err, os.ErrNotExist) && t.W < 256 {
				// A shorter form may go once the full one is there.
				data, err = os.ReadFile(filepath.Join(f.dir, tilePath(level, t.N, 256)))
				if err == nil && len(data) == 256*32 {
					data = data[:t.W*32]
				}
			}
			if err != nil {
				return nil, err
			}
			f.seen[t] = data
		}
		all = append(all, f.seen[t])
	}
	return all, nil
}

func hashes(dir string, tree tlog.Tree) tlog.HashReader {
	return tlog.TileHashReader(tree, &folder{dir, map[tlog.Tile][]byte{}})
}

// records of one bundle, which must hold exactly that many.
func bundle(dir string, n int64, width int) [][]byte {
	var out [][]byte
	data, err := os.ReadFile(filepath.Join(dir, tilePath("entries", n, width)))
	short := errors.Is(err, os.ErrNotExist) && width < 256
	if short {
		// It may have gone since the checkpoint was read; the full one begins with it.
		data, err = os.ReadFile(filepath.Join(dir, tilePath("entries", n, 256)))
	}
	check(err)
	for len(data) > 0 && !(short && len(out) == width) {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			check(fmt.Errorf("bundle %d is cut off", n))
		}
		size := int(binary.BigEndian.Uint16(data))
		out = append(out, data[2:2+size])
		data = data[2+size:]
	}
	if len(out) != width {
		check(fmt.Errorf("bundle %d holds %d records, not %d", n, len(out), width))
	}
	return out
}

func view(dir, trust string) {
	tree := openCheckpoint(read(filepath.Join(dir, "checkpoint")), walk(trust, dir))
	reader := hashes(dir, tree)
	root, err := tlog.TreeHash(tree.N, reader)
	check(err)
	if root != tree.Hash {
		check(errors.New("the tiles give another root than the one signed"))
	}
	for n := int64(0); n < tree.N; {
		width := 256
		if tree.N-n < 256 {
			width = int(tree.N - n)
		}
		var indexes []int64
		for i := 0; i < width; i++ {
			indexes = append(indexes, tlog.StoredHashIndex(0, n+int64(i)))
		}
		// What this reader gives has been held against the signed root already.
		leaves, err := reader.ReadHashes(indexes)
		check(err)
		for i, record := range bundle(dir, n/256, width) {
			if leaves[i] != tlog.RecordHash(record) {
				check(fmt.Errorf("record %d is not what was signed", n))
			}
			if tree.N <= 4096 || n%61 == 0 {
				proof, err := tlog.ProveRecord(tree.N, n, reader)
				check(err)
				check(tlog.CheckRecord(proof, tree.N, tree.Hash, n, leaves[i]))
			}
			os.Stdout.Write(append(record, '\n'))
			n++
		}
	}
}

func grown(old, dir, trust string) {
	v := walk(trust, dir)
	was, is := openCheckpoint(read(old), v), openCheckpoint(read(filepath.Join(dir, "checkpoint")), v)
	if is.N < was.N {
		check(fmt.Errorf("%d records, where %d were signed before", is.N, was.N))
	}
	proof, err := tlog.ProveTree(is.N, was.N, hashes(dir, is))
	check(err)
	check(tlog.CheckTree(proof, is.N, is.Hash, was.N, was.Hash))
	// And who still holds the old checkpoint finds all tiles of its tree.
	root, err := tlog.TreeHash(was.N, hashes(dir, was))
	check(err)
	if root != was.Hash {
		check(errors.New("the tiles give another root than the old one"))
	}
	fmt.Printf("%d grew to %d\n", was.N, is.N)
}

type parsed struct {
	record, checkpoint []byte
	index              int64
	path               tlog.RecordProof
}

func parseProof(data []byte) parsed {
	head, checkpoint, found := bytes.Cut(data, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !found || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" ||
		!strings.HasPrefix(lines[1], "extra ") || !strings.HasPrefix(lines[2], "index ") {
		check(errors.New("not a proof of a record"))
	}
	record, err := base64.StdEncoding.DecodeString(lines[1][6:])
	check(err)
	index, err := strconv.ParseInt(lines[2][6:], 10, 64)
	check(err)
	p := parsed{record: record, checkpoint: checkpoint, index: index}
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		check(err)
		p.path = append(p.path, hash)
	}
	return p
}

func proof(file, trust, dir string) {
	p := parseProof(read(file))
	tree := openCheckpoint(p.checkpoint, walk(trust, dir))
	check(tlog.CheckRecord(p.path, tree.N, tree.Hash, p.index, tlog.RecordHash(p.record)))
	fmt.Printf("%s\n", p.record)
}

// cosigner is a note.Verifier of C2SP tlog-cosignature v1 keys, which the library does not know by itself.
type cosigner struct {
	name string
	key  ed25519.PublicKey
	time uint64
}

func (c *cosigner) Name() string { return c.name }

func (c *cosigner) KeyHash() uint32 {
	sum := sha256.Sum256(append([]byte(c.name+"\n\x04"), c.key...))
	return binary.BigEndian.Uint32(sum[:])
}

func (c *cosigner) Verify(text, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	c.time = binary.BigEndian.Uint64(sig)
	return ed25519.Verify(c.key, append([]byte(fmt.Sprintf("cosignature/v1\ntime %d\n", c.time)), text...), sig[8:])
}

func cosigned(file, trust, vkey, dir string) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		check(errors.New("not a verifier key"))
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	check(err)
	if len(key) != 33 || key[0] != 4 {
		check(errors.New("not the key of a witness"))
	}
	c := &cosigner{name: parts[0], key: key[1:]}
	if fmt.Sprintf("%08x", c.KeyHash()) != parts[1] {
		check(errors.New("its id does not belong to that key"))
	}
	text, chain := read(file), walk(trust, dir)
	logs := chain.due(openCheckpoint(text, chain).N)
	n, err := note.Open(text, note.VerifierList(append(logs, c)...))
	check(err)
	if len(n.Sigs) != len(logs)+1 {
		check(fmt.Errorf("%d good signatures, where the log and the witness sign", len(n.Sigs)))
	}
	fmt.Println(c.time)
}

func main() {
	switch {
	case len(os.Args) == 4 && os.Args[1] == "view":
		view(os.Args[2], os.Args[3])
	case len(os.Args) == 5 && os.Args[1] == "grown":
		grown(os.Args[2], os.Args[3], os.Args[4])
	case len(os.Args) == 4 && os.Args[1] == "proof":
		proof(os.Args[2], os.Args[3], "")
	case len(os.Args) == 5 && os.Args[1] == "proof":
		proof(os.Args[2], os.Args[3], os.Args[4])
	case len(os.Args) == 5 && os.Args[1] == "cosigned":
		cosigned(os.Args[2], os.Args[3], os.Args[4], "")
	case len(os.Args) == 6 && os.Args[1] == "cosigned":
		cosigned(os.Args[2], os.Args[3], os.Args[4], os.Args[5])
	default:
		fmt.Fprintln(os.Stderr, "usage: tiles view DIR TRUST | grown OLD DIR TRUST | proof FILE TRUST [DIR] | cosigned FILE TRUST VKEY [DIR]")
		os.Exit(2)
	}
}
