#!/usr/bin/env python3
"""Holds deny.toml over the locked dependency tree: licences, bans, sources, yanked versions.

It reads the same lists as cargo-deny, without building that tool on every new machine, and first proves itself
on planted breaches. Exit code 0 when the tree is clean, 1 with one line a breach otherwise.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
YANKED = re.compile(r"package `([^`]+)` in Cargo\.lock is yanked")


def allowed_by(expression, allow):
    """Whether the SPDX `expression` can be met with the licences in `allow` alone."""
    tokens = re.findall(r"\(|\)|[^\s()/]+|/", expression)
    position = 0

    def peek():
        return tokens[position] if position < len(tokens) else None

    def take():
        nonlocal position
        position += 1
        return tokens[position - 1]

    def one():
        if peek() == "(":
            take()
            met = either()
            if peek() != ")":
                raise ValueError(f"unbalanced: {expression}")
            take()
            return met
        if peek() in (None, ")", "/", "OR", "AND", "WITH"):
            raise ValueError(f"not a licence expression: {expression}")
        name = take()
        if peek() == "WITH":
            take()
            name = f"{name} WITH {take()}"
        return name in allow

    def both():
        met = one()
        while peek() == "AND":
            take()
            met = one() and met
        return met

    def either():
        met = both()
        # A slash is the old spelling of OR.
        while peek() in ("OR", "/"):
            take()
            met = both() or met
        return met

    met = either()
    if position != len(tokens):
        raise ValueError(f"not a licence expression: {expression}")
    return met


def refused_licences(packages, allow):
    for package in packages:
        expression = package["license"]
        try:
            met = expression is not None and allowed_by(expression, allow)
        except ValueError as error:
            yield f"{name_of(package)}: {error}"
            continue
        if not met:
            yield f"{name_of(package)}: licence {expression} is not in deny.toml"


def unneeded_licences(packages, allow):
    """Licences without which the tree would pass all the same."""
    for licence in allow:
        rest = [other for other in allow if other != licence]
        if not list(refused_licences(packages, rest)):
            yield f"deny.toml: no crate needs the licence {licence}"


def banned(packages, deny):
    for package in packages:
        for ban in deny:
            if package["name"] == ban["crate"]:
                yield f"{name_of(package)}: banned: {ban['reason']}"


def foreign(packages, registries):
    for package in packages:
        source = package["source"]
        # A path dependency has no source: it is part of this repository.
        if source is not None and source.removeprefix("registry+") not in registries:
            yield f"{name_of(package)}: comes from {source}"


def wildcards(packages):
    for package in packages:
        for dependency in package["dependencies"]:
            if package["source"] is None and dependency["req"] == "*" and dependency.get("path") is None:
                yield f"{name_of(package)}: any version of {dependency['name']} would do; name one"


def breaches(packages, law):
    allow = law["licenses"]["allow"]
    yield from refused_licences(packages, allow)
    yield from unneeded_licences(packages, allow)
    yield from banned(packages, law["bans"]["deny"])
    yield from foreign(packages, law["sources"]["allow-registry"])
    yield from wildcards(packages)


def name_of(package):
    return f"{package['name']} {package['version']}"


def cargo(folder, *arguments):
    done = subprocess.run(["cargo", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"cargo {' '.join(arguments)} failed:\n{done.stderr}")
    return done


def yanked(folder):
    """Cargo asks the registry about every locked version while it packs; nothing is built or sent."""
    with tempfile.TemporaryDirectory() as scratch:
        done = cargo(folder, "package", "--locked", "--no-verify", "--allow-dirty", "--target-dir", scratch)
    # Without these words cargo did not come as far as asking.
    if "Packaged" not in done.stderr:
        sys.exit(f"cargo package did not say that it packed:\n{done.stderr}")
    return [f"{name}: yanked" for name in YANKED.findall(done.stderr)]


def prove():
    """Plants one breach a rule, and clean samples."""
    met = {
        "MIT": True,
        "MIT OR GPL-3.0": True,
        "GPL-3.0/MIT": True,
        "MIT AND GPL-3.0": False,
        "ISC AND (GPL-3.0 OR MIT)": True,
        "GPL-3.0 OR MIT AND GPL-2.0": False,
        "MIT WITH Odd-exception": False,
        "Apache-2.0 WITH LLVM-exception OR MIT": True,
        "GPL-3.0": False,
    }
    for expression, expected in met.items():
        assert allowed_by(expression, ["MIT", "ISC"]) is expected, expression
    for expression in ("MIT OR", "(MIT", "MIT ISC", ""):
        try:
            allowed_by(expression, ["MIT"])
        except ValueError:
            continue
        raise AssertionError(f"accepted as a licence expression: {expression!r}")

    def package(**fields):
        clean = {"name": "a", "version": "1.0.0", "license": "MIT", "source": "registry+r", "dependencies": []}
        return clean | fields

    def law(allow=("MIT",)):
        ban = {"crate": "openssl", "reason": "no"}
        return {"licenses": {"allow": list(allow)}, "bans": {"deny": [ban]}, "sources": {"allow-registry": ["r"]}}

    planted = {
        "licence GPL-3.0 is not": (package(license="GPL-3.0"), law(())),
        "licence None is not": (package(license=None), law(())),
        "no crate needs the licence ISC": (package(), law(("MIT", "ISC"))),
        "banned: no": (package(name="openssl"), law()),
        "comes from git+x": (package(source="git+x"), law()),
        "comes from registry+other": (package(source="registry+other"), law()),
        "any version of b": (package(source=None, dependencies=[{"name": "b", "req": "*"}]), law()),
    }
    for words, (sample, rules) in planted.items():
        found = list(breaches([sample], rules))
        assert len(found) == 1 and words in found[0], (words, found)
    own = package(source=None, dependencies=[{"name": "b", "req": "*", "path": "b"}, {"name": "c", "req": "^1"}])
    assert list(breaches([package(), own], law())) == []
    return len(met) + len(planted) + 5


def prove_yanked():
    """A crate locked to a version that its author withdrew: cargo must say so, and we must hear it."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "src").mkdir()
        (folder / "src/lib.rs").touch()
        head = '[package]\nname = "planted"\nversion = "0.0.0"\nedition = "2024"\n'
        wanted = 'futures-util = { version = "0.3.30", default-features = false }'
        (folder / "Cargo.toml").write_text(f"{head}\n[dependencies]\n{wanted}\n")
        cargo(folder, "update", "futures-util", "--precise", "0.3.30")
        assert yanked(folder) == ["futures-util v0.3.30: yanked"]


def main():
    samples = prove()
    prove_yanked()
    law = tomllib.loads((ROOT / "deny.toml").read_text())
    packages = json.loads(cargo(ROOT, "metadata", "--format-version", "1", "--locked", "--all-features").stdout)["packages"]
    found = list(breaches(packages, law)) + yanked(ROOT)
    for line in found:
        print(line)
    print(f"licences, bans, sources and yanked versions of {len(packages)} packages: {len(found)} breaches")
    print(f"the check itself was proven on {samples} planted samples and one yanked version")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
