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
import zlib

TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^"{}\[\],:\s]+')
METADATA = re.compile(rb'(.*),"digest":"([0-9a-f]{64})"}\n', re.DOTALL)
LINE = re.compile(rb'(.*),"crc":"([0-9a-f]{8})"}', re.DOTALL)


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


def join(texts):
    return b",".join(text[1:-1] for text in texts)


def as_object(members):
    return b"{" + b",".join(name + b":" + value for name, value in members) + b"}"


def read_value(folder, strata, small):
    parts = [dict(children(part)) for _, part in children(strata[b'"parts"'])]
    values, inner = {}, {}                # position → value there; → where elements go inside it, and these
    for place in sorted({int(part[b'"position"']) for part in parts}):
        here = [part for part in parts if int(part[b'"position"']) == place]
        inside = [part for part in here if b'"at"' in part]
        if inside:
            inner[place] = int(inside[0][b'"at"']), join(read_part(folder, part) for part in inside)
        here = [part for part in here if part not in inside]
        texts = [read_part(folder, part) for part in here]
        if texts:
            is_array = here[0][b'"array"'] == b"true"
            values[place] = here[0].get(b'"name"'), b"[" + join(texts) + b"]" if is_array else texts[0]
    if small is None:                     # a collection: one value, no members
        return values[0][1]
    small = children(small)
    members = [values[i] if i in values else next(small) for i in range(int(strata[b'"members"']))]
    for place, (at, elements) in inner.items():
        name, value = members[place]
        members[place] = name, value[:at] + elements + value[at:]
    return as_object(members)


def read_tail(path):
    """Which generation, and the elements of each list in the order in which the lists begin."""
    generation, elements = -1, {}
    for number, line in enumerate(path.read_bytes().split(b"\n")[:-1] if path.exists() else []):
        match = LINE.fullmatch(line)
        if not match or zlib.crc32(match[1]) != int(match[2], 16):
            if b"\0" in line:
                break                     # torn by a crash: it was never acknowledged
            sys.exit(f"{path}: damaged")
        members = dict(children(line))
        if number == 0:
            generation = int(members[b'"tail"'])
        elif members[b'"list"'] != b"null":
            elements.setdefault(json.loads(members[b'"list"']), []).append(members[b'"element"'])
    return generation, elements


def grow(value, path, elements):
    """Puts elements behind those of the list that is at the path of names in value."""
    if not path:
        return value[:-1] + b"," * (value != b"[]") + b",".join(elements) + b"]"
    members = list(children(value))
    places = [i for i, (name, _) in enumerate(members) if name == path[0]]
    if not places:
        members.append((path[0], b"{}" if path[1:] else b"[]"))
    place = places[-1] if places else len(members) - 1
    members[place] = path[0], grow(members[place][1], path[1:], elements)
    return as_object(members)


def main(store, key):
    store = pathlib.Path(store)
    if json.loads((store / "store.json").read_bytes())["min_reader"] > 2:
        sys.exit("the store is of a newer format")
    path = store / "sessions" / key / "metadata.json"
    folder = path.parent / "chunks"
    if not path.exists():
        path, folder = store / "collections" / f"{key}.metadata.json", store / "collections"
    generation, tail = read_tail(path.parent / "tail.jsonl")      # before the metadata
    whole = METADATA.fullmatch(path.read_bytes()) or sys.exit(f"{path}: damaged")
    outer = dict(children(checked(whole[1], whole[2].decode(), path) + b"}"))
    strata = dict(children(outer[b'"strata"']))
    text = read_value(folder, strata, outer.get(b'"session"'))
    if len(text) != int(strata[b'"bytes"']):
        sys.exit(f"{key}: damaged")
    if b'"edits"' not in strata:          # else the digest is of what it was before
        checked(text, json.loads(strata[b'"sha256"']), key)
    if generation == int(strata.get(b'"tail"', 0)):
        for name, elements in tail.items():
            text = grow(text, [b'"%s"' % part.encode() for part in name.split(".")], elements)
    sys.stdout.buffer.write(text + b"\n")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
