#!/usr/bin/env python3
"""clang-tidy over FILES, which share most of what they include: first over several of them as one translation unit,
then, where that one is not clean, over each of its files, whose words alone count.

  tidy.py BUILD_DIR CHECKS FILE …      BUILD_DIR has compile_commands.json; exit status 1 if a file is not clean
"""
import itertools
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

BATCH = 8
NAME = re.compile(r'^(?!namespace|using \w+::)[A-Za-z][^(={;\[\n]*?(\w+)\s*[(={;\[]', re.MULTILINE)
ALIAS = re.compile(r'^\s*(?:namespace (\w+) = |using [\w:]+::(\w+);).*$', re.MULTILINE)
IGNORED = re.compile(r'//.*|"(?:[^"\\\n]|\\.)*"|^#include.*$', re.MULTILINE)


def goes_alone(file):
    """LibTorch's headers outweigh what is shared; and clang-tidy looks for unused aliases and included sources only in
    the file that it is called for."""
    text = open(file).read()
    body = ALIAS.sub('', IGNORED.sub('', text))
    names = [name for names in ALIAS.findall(text) for name in names if name]
    return bool(re.search(r'^#include (<ATen/|["<].*\.(c|cc|cpp|cxx)[">])', text, re.MULTILINE)) or any(
        not re.search(rf'\b{name}\b', body) for name in names)


def flags_of(build, files):
    """What the preprocessor must know for any of the files, and the warnings, each flag once, in the commands' order."""
    wanted = {os.path.realpath(file) for file in files}
    flags = ['-std=c++20']
    for entry in json.load(open(os.path.join(build, 'compile_commands.json'))):
        if os.path.realpath(entry['file']) not in wanted:
            continue
        words = shlex.split(entry['command'])
        for word, after in zip(words, words[1:] + ['']):
            flag = word + after if word == '-isystem' else word
            if flag.startswith(('-D', '-I', '-isystem', '-W')) and flag not in flags:
                flags.append(flag)
    return flags


def batches_of(files):
    """The files in batches within which no two files define a name that begins a line."""
    batches = []
    for file in files:
        names = set(NAME.findall(open(file).read()))
        room = (batch for batch in batches if len(batch[0]) < BATCH and not names & batch[1])
        files_there, names_there = next(room, ([], set()))
        if not files_there:
            batches.append((files_there, names_there))
        files_there.append(file)
        names_there |= names
    return [files_there for files_there, _ in batches]


def run(*arguments):
    """Whether clang-tidy is content, and what it says."""
    done = subprocess.run(['clang-tidy', '-quiet', *arguments], capture_output=True, text=True)
    return done.returncode == 0, done.stdout + (done.stderr if 'error: ' in done.stderr else '')


class Tidy:
    """One run over a project: what is the same for all its units."""

    def __init__(self, build, checks, flags, folder):
        self.build, self.checks, self.flags, self.folder = build, checks, flags, folder
        self.units = itertools.count()

    def unit_is_clean(self, files):
        unit = os.path.join(self.folder, f'unit_{next(self.units)}.cpp')
        with open(unit, 'w') as out:
            out.writelines(f'#include "{os.path.realpath(file)}"\n' for file in files)
        checks = f'--checks={self.checks},-bugprone-suspicious-include'
        return run(checks, f'--config-file={os.path.realpath(".clang-tidy")}', unit, '--', *self.flags)[0]

    def unclean(self, files):
        """Those of the files that are not clean, each with clang-tidy's words about it."""
        if len(files) == 1:
            clean, words = run('-p', self.build, f'--checks={self.checks}', files[0])
            return [] if clean else [(files[0], words)]
        if self.unit_is_clean(files):
            return []
        return [entry for file in files for entry in self.unclean([file])]


def main():
    build, checks, files = sys.argv[1], sys.argv[2], sys.argv[3:]
    alone = [file for file in files if goes_alone(file)]
    shared = [file for file in files if file not in alone]
    batches = [[file] for file in alone] + batches_of(shared)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        tidy = Tidy(build, checks, flags_of(build, shared), folder)
        found = [entry for entries in pool.map(tidy.unclean, batches) for entry in entries]
        units = next(tidy.units)
    for file, words in found:
        print(f'{file}:\n{words}')
    print(f'clang-tidy: {len(files)} files, {len(found)} of them not clean; {units} units of several files')
    sys.exit(1 if found else 0)


main()
