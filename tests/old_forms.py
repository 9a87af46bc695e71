# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the forms that files of old stores have, with code that shares nothing with the program."""

import base64
import gzip
import json

GZIP = 'GZIP_V1:'


def pretty(value):
    """As JSON.stringify (value, null, 2) has it."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def checksum(text):
    """The old program's: over the UTF-16 code units, in base 36."""
    value = 0
    units = text.encode('utf-16-le', 'surrogatepass')
    for at in range(0, len(units), 2):
        value = (value * 31 + int.from_bytes(units[at:at + 2], 'little')) & 0xffffffff
    value -= (value & 0x80000000) << 1
    digits, rest = '', abs(value)
    while rest or not digits:
        digits = '0123456789abcdefghijklmnopqrstuvwxyz'[rest % 36] + digits
        rest //= 36
    return ('-' if value < 0 else '') + digits


def packed(text):
    """The text of a value, compressed, as a string."""
    return GZIP + base64.b64encode(gzip.compress(text.encode('utf-8', 'surrogatepass'), mtime=0)).decode()


def wrap(value, timestamp, data, **more):
    """An envelope around data; of value comes its checksum."""
    return pretty({'version': 1, 'checksum': checksum(pretty(value)), 'timestamp': timestamp, **more, 'data': data})


def as_string(value, timestamp):
    """As the old program saves what is large: its text as a string."""
    return wrap(value, timestamp, pretty(value), compressed=False)


def as_gzip(value, timestamp):
    """As the old program saves what is small."""
    return wrap(value, timestamp, packed(pretty(value)), compressed=True)


def as_plain(value, timestamp):
    """As one version saved everything."""
    return wrap(value, timestamp, value)


def backup(timestamp, **collections):
    """As createBackup() writes all collections into one file; a value is an array, an object, or a string of one."""
    return pretty({'version': 1, 'timestamp': timestamp, 'collections': collections})
