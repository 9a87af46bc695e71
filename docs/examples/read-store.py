#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints one session of a Strata store, or one collection, from the store's files alone.

    read-store.py STORE KEY

KEY is the name of a folder in sessions/, or of a file in collections/ without
its ".metadata.json". Every digest is checked; what is printed is what was
stored, token for token. docs/store-format.md explains each step.
"""
import gzip
import hashlib
import json
import pathlib
import re
import sys

TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^"{}\[\],:\s]+')
METADATA = re.compile(rb'(.*),"digest":"([0-9a-f]{64})"}\n', re.DOTALL)


def children(text):
    """Of minified JSON: (name, value) of each member, (None, value) of each element, as they were written."""
    depth, name, start = 0, None, 1
    for match in TOKEN.finditer(text):
        token = match.group()
        depth += (token in (b"{", b"[")) - (token in (b"}", b"]"))
        if depth == 1 and token == b":":
            name, start = text[start:match.start()], match.end()
        elif depth == 0 or (depth == 1 and token == b","):
            if match.start() > start:
                yield name, text[start:match.start()]
            name, start = None, match.end()


def checked(text, digest, what):
    if hashlib.sha256(text).hexdigest() != digest:
        sys.exit(f"{what}: damaged")
    return text


def read_part(folder, part):
    names = b'"kind"', b'"number"', b'"sha256"', b'"stored_sha256"', b'"codec"'
    kind, number, digest, stored_digest, codec = (json.loads(part[name]) for name in names)
    path = folder / f"{kind}-{number:03}.{stored_digest[:12]}.json{'.gz' if codec == 'gzip' else ''}"
    stored = checked(path.read_bytes(), stored_digest, path)
    return checked(gzip.decompress(stored), digest, path) if codec == "gzip" else stored


def read_value(folder, strata, small):
    parts = [dict(children(part)) for _, part in children(strata[b'"parts"'])]
    values = {}                           # position → text of the value there
    for place in sorted({int(part[b'"position"']) for part in parts}):
        here = [part for part in parts if int(part[b'"position"']) == place]
        texts = [read_part(folder, part) for part in here]
        if here[0][b'"array"'] == b"true":
            texts = [b"[" + b",".join(text[1:-1] for text in texts) + b"]"]
        values[place] = here[0].get(b'"name"'), texts[0]
    if small is None:                     # a collection: one value, no members
        return values[0][1]
    small = children(small)
    members = [values[i] if i in values else next(small) for i in range(int(strata[b'"members"']))]
    return b"{" + b",".join(name + b":" + value for name, value in members) + b"}"


def main(store, key):
    store = pathlib.Path(store)
    if json.loads((store / "store.json").read_bytes())["min_reader"] > 1:
        sys.exit("the store is of a newer format")
    path = store / "sessions" / key / "metadata.json"
    folder = path.parent / "chunks"
    if not path.exists():
        path, folder = store / "collections" / f"{key}.metadata.json", store / "collections"
    whole = METADATA.fullmatch(path.read_bytes()) or sys.exit(f"{path}: damaged")
    outer = dict(children(checked(whole[1], whole[2].decode(), path) + b"}"))
    strata = dict(children(outer[b'"strata"']))
    text = read_value(folder, strata, outer.get(b'"session"'))
    sys.stdout.buffer.write(checked(text, json.loads(strata[b'"sha256"']), key) + b"\n")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
