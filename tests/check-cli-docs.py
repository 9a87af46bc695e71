#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares `stratactl --help`, the manual page and the completions: they name the same commands and options.

    check-cli-docs.py STRATACTL DATA-FOLDER

Speaks TAP. Shells and man, where they are installed, also read the files.
"""
import pathlib
import re
import shutil
import subprocess
import sys

COMMON = {"--store", "--json", "--quiet", "--help", "--version"}
OPTION = r"(?<![\w-])(--[a-z]+(?:-[a-z]+)*|-o)(?![\w-])"


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def check(self, good, name, *details):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {name}")
        for detail in details if not good else ():
            print("# " + str(detail).replace("\n", "\n# "))

    def skip(self, name, why):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {why}")

    def finish(self):
        print(f"1..{self.count}")
        return 1 if self.failed else 0


def run(*command, **more):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **more)


# Each of these returns (command → its own options, options for all)

def of_help(text):
    commands = {}
    for name, arguments in re.findall(r"^  ([a-z]+) +.*(?:\n {14}(.*))?", text, re.MULTILINE):
        commands[name] = set(re.findall(OPTION, arguments))
    return commands, set(re.findall(r"^  (--[a-z-]+)", text, re.MULTILINE))


def of_manual(text):
    def options(piece):
        return {"-" + word for word in re.findall(r"\bFl (-?[a-z]+(?:-[a-z]+)*)", piece)}

    common, _, rest = text.partition(".Sh COMMANDS")
    rest = rest.partition(".Sh ENVIRONMENT")[0]
    pieces = re.split(r"^\.It Ic ([a-z]+)", rest, flags=re.MULTILINE)[1:]
    commands = {name: options(piece) - COMMON for name, piece in zip(pieces[::2], pieces[1::2])}
    return commands, options(common.partition(".Sh OPTIONS")[2])


def of_bash(path):
    def complete(*words):
        script = f'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _stratactl; printf "%s\\n" "${{COMPREPLY[@]}}"'
        return set(run("bash", "-c", script, path, "stratactl", *words).stdout.split())

    common = complete("-")
    return {name: complete(name, "-") - common for name in complete("")}, common


def of_zsh(text):
    names = re.findall(r"""^    ['"]([a-z]+):""", text, re.MULTILINE)
    common = set(re.findall(OPTION + r"(?=\[)", re.search(r"all=\((.*?)\n  \)", text, re.DOTALL).group(1)))
    commands = dict.fromkeys(names, set())
    for name, piece in re.findall(r"^        ([a-z]+)\)\n(.*?);;", text, re.DOTALL | re.MULTILINE):
        commands[name] = set(re.findall(OPTION + r"(?=\[)", piece))
    return commands, common


def of_fish(text):
    commands = {name: set() for name in re.findall(r"-n __fish_use_subcommand -a ([a-z]+)", text)}
    common = set()
    for line in re.findall(r"^complete -c stratactl.*", text, re.MULTILINE):
        long = {"--" + word for word in re.findall(r" -l ([a-z-]+)", line)}
        short = {"-" + word for word in re.findall(r" -s ([a-z])", line)}
        where = re.search(r"__fish_seen_subcommand_from ([a-z ]+)", line)
        for name in where.group(1).split() if where else ():
            commands.setdefault(name, set()).update(long | short)
        if not where:
            common |= long | short
    return commands, common


def check_shell(tap, shell, path):
    if shutil.which(shell):
        result = run(shell, "-n", path)
        tap.check(result.returncode == 0, f"{shell} can read its completions", result.stderr)
    else:
        tap.skip(f"{shell} can read its completions", f"{shell} is not installed")


def check_manual(tap, path):
    if shutil.which("groff"):
        result = run("groff", "-ww", "-mdoc", "-Tutf8", path)
        tap.check(result.returncode == 0 and not result.stderr, "groff finds no fault with the manual page", result.stderr)
    else:
        tap.skip("groff finds no fault with the manual page", "groff is not installed")


def main(stratactl, folder):
    tap = Tap()
    folder = pathlib.Path(folder)
    files = {"manual page": folder / "stratactl.1", "bash": folder / "completions" / "stratactl.bash",
             "zsh": folder / "completions" / "_stratactl", "fish": folder / "completions" / "stratactl.fish"}
    text = {name: path.read_text(encoding="utf-8") for name, path in files.items()}
    usage = run(stratactl, "--help").stdout
    commands, common = of_help(usage)
    tap.check(len(commands) >= 10 and common == COMMON, "--help can be read", commands, common)

    for name, found in {"manual page": of_manual(text["manual page"]), "zsh": of_zsh(text["zsh"]),
                        "fish": of_fish(text["fish"])}.items():
        tap.check(found == (commands, common), f"{name}: the commands and options of --help", found, (commands, common))
    if shutil.which("bash"):
        found = of_bash(files["bash"])
        tap.check(found == (commands, common), "bash: the commands and options of --help", found, (commands, common))
    else:
        tap.skip("bash: the commands and options of --help", "bash is not installed")

    for option, values in re.findall(r"(--[a-z]+) ((?:[a-z]+\|)+[a-z]+)", usage):
        words = values.split("|")
        tap.check(all(" ".join(words) in text[name] for name in ("bash", "zsh", "fish")) and
                  " | ".join(words) in text["manual page"], f"{option}: the same values everywhere")

    for command in commands:
        result = run(stratactl, "--store", "/nonexistent", command, "--no-such-option")
        tap.check(result.returncode == 2, f"{command} is there, and refuses an option that is not", result.stderr)
    check_manual(tap, files["manual page"])
    for shell in ("bash", "zsh", "fish"):
        check_shell(tap, shell, files[shell])
    return tap.finish()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
