# SPDX-License-Identifier: GPL-3.0-or-later
"""Migrating, by turns with copying and with backing up the same files.

A part of run.py.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time

ROUNDS = 3
# ext4 goes out of its way not to use inodes again that were freed less than five seconds ago, which is nobody's fault here
REST_SECONDS = 6


class Contestant:
    """One way to take in the files, and what it took in each round."""

    def __init__(self, name, command, begin=None, environment=None):
        self.name, self.command, self.begin = name, command, begin
        self.environment = {**os.environ, **(environment or {})}
        self.rounds = []

    def run(self, timed, folder):
        if self.begin is not None:
            subprocess.run(self.begin, check=True, stdout=subprocess.DEVNULL, env=self.environment)
        with open(os.path.join(folder, 'out'), 'wb') as out:
            self.rounds.append(timed(self.command, stdout=out, env=self.environment))

    def median(self, column):
        return statistics.median(figures[column] for figures in self.rounds)


class Strata(Contestant):
    """The migration, its verification included; the search index that is made after it is told apart."""

    def run(self, timed, folder):
        super().run(timed, folder)
        with open(os.path.join(folder, 'out'), 'rb') as out:
            told = json.load(out)
        wall, user, system, peak = self.rounds[-1]
        self.rounds[-1] = (told['seconds']['total'], user, system, peak, told['seconds']['verify'], wall - told['seconds']['total'])


def contestants(build, folder, old):
    strata, copy, restic, borg = (os.path.join(folder, name) for name in ('store', 'copy', 'restic', 'borg'))
    yield Strata('strata', [os.path.join(build, 'app', 'stratactl'), '--store', strata, '--quiet', '--json', 'migrate', old])
    yield Contestant('cp -a, sync', ['sh', '-c', f"cp -a '{old}' '{copy}' && sync"])
    if shutil.which('restic'):
        yield Contestant('restic backup', ['sh', '-c', f"restic -q -r '{restic}' --no-cache backup '{old}' && sync"],
                         ['restic', '-q', '-r', restic, '--no-cache', 'init'], {'RESTIC_PASSWORD': 'x'})
    else:
        print('restic is not installed')
    if shutil.which('borg'):
        yield Contestant('borg create', ['sh', '-c', f"borg create '{borg}::a' '{old}' && sync"],
                         ['borg', 'init', '-e', 'none', borg], {'BORG_BASE_DIR': os.path.join(folder, 'borg-own')})
    else:
        print('borg is not installed')


def print_round(number, everybody):
    walls = ', '.join(f'{one.name} {one.rounds[-1][0]:.2f} s' for one in everybody)
    print(f'round {number}, load {os.getloadavg()[0]:.1f}: {walls}', flush=True)


def print_table(everybody, size):
    print(f"{'medians':16}{'wall s':>8}{'user s':>8}{'sys s':>8}{'MB/s':>8}")
    for one in everybody:
        print(f'{one.name:16}{one.median(0):8.2f}{one.median(1):8.2f}{one.median(2):8.2f}'
              f'{size / 1e6 / one.median(0):8.0f}')
    strata = everybody[0]
    print(f'strata: {strata.median(4):.2f} s of it verification; the search index took {strata.median(5):.2f} s more, '
          'and its share of user and sys; '
          f'{max(figures[3] for figures in strata.rounds) / 1024:.0f} MiB of anonymous memory at most', flush=True)


def race(build, scratch, old, rounds, timed):
    folder = os.path.join(scratch, 'race')
    everybody = list(contestants(build, folder, old))
    size = sum(os.path.getsize(os.path.join(root, name)) for root, _, names in os.walk(old) for name in names)
    print(f'dataset: {old}, {size / 1e6:.1f} MB', flush=True)
    for number in range(rounds):
        # Each begins once
        turn = number % len(everybody)
        for one in everybody[turn:] + everybody[:turn]:
            shutil.rmtree(folder, ignore_errors=True)
            os.makedirs(folder)
            os.sync()
            time.sleep(REST_SECONDS)
            one.run(timed, folder)
        print_round(number + 1, everybody)
    shutil.rmtree(folder)
    print_table(everybody, size)


def bench_migration(build, scratch, sessions, sample, timed):
    """@timed: runs a command and gives its wall, user and system seconds and the highest anonymous KiB"""
    print('\n## Migration, verification included, beside cp -a and sync, restic and borg')
    old = os.path.join(scratch, 'old')
    make = [os.path.join(build, 'bench', 'make-legacy'), '--output', old, '--sessions', str(sessions),
            '--image-every', '6', '--audio-every', '4']
    print('$ ' + ' '.join(make), flush=True)
    if subprocess.run(make, stdout=subprocess.DEVNULL, check=False).returncode != 0:
        sys.exit('it failed')
    race(build, scratch, old, ROUNDS, timed)
    race(build, scratch, sample, ROUNDS, timed)
