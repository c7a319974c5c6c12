#!/usr/bin/env python3
"""Proves that the core stands on the named crates alone: `core_tree.py async-trait thiserror`.

With no feature on, cargo must hold exactly these as direct dependencies, and none of the optional ones (the
crates of adapters and app) anywhere in the tree. Exit code 1 with a line that says what is too much.
"""

import json
import subprocess
import sys


def cargo(*arguments):
    return subprocess.run(["cargo", *arguments], capture_output=True, text=True, check=True).stdout


def breaches(dependencies, tree, wanted):
    """`dependencies` as cargo metadata lists them, `tree` the names in the tree with no feature on."""
    normal = [d for d in dependencies if d["kind"] != "dev"]
    direct = {d["name"] for d in normal if not d["optional"]}
    optional = {d["name"] for d in normal if d["optional"]}
    yield from (f"the core depends on {name}" for name in sorted(direct - wanted))
    yield from (f"the core no longer depends on {name}" for name in sorted(wanted - direct))
    yield from (f"the core's tree holds {name}, an outer room's crate" for name in sorted(optional & tree))
    yield from (f"the tree lacks {name}: it was not read" for name in sorted(direct - tree))


def prove():
    thin = {"name": "thiserror", "kind": None, "optional": False}
    tokio = {"name": "tokio", "kind": None, "optional": True}
    tests = {"name": "proptest", "kind": "dev", "optional": False}
    planted = [
        ([thin, tokio, tests], {"thiserror", "syn"}, []),
        ([thin, tokio | {"optional": False}], {"thiserror", "tokio"}, ["the core depends on tokio"]),
        ([thin, tokio], {"thiserror", "tokio"}, ["the core's tree holds tokio, an outer room's crate"]),
        ([thin | {"optional": True}], set(), ["the core no longer depends on thiserror"]),
        ([thin], set(), ["the tree lacks thiserror: it was not read"]),
    ]
    for dependencies, tree, expected in planted:
        assert list(breaches(dependencies, tree, {"thiserror"})) == expected, expected


def main():
    prove()
    metadata = json.loads(cargo("metadata", "--locked", "--no-deps", "--format-version", "1"))
    listing = cargo("tree", "--locked", "--no-default-features", "--edges", "normal,build", "--prefix", "none")
    tree = {line.split()[0] for line in listing.splitlines() if line.strip()}
    dependencies = metadata["packages"][0]["dependencies"]
    found = list(breaches(dependencies, tree, set(sys.argv[1:])))
    for line in found:
        print(line)
    outer = sum(1 for d in dependencies if d["optional"])
    print(f"the core's tree: {len(tree)} crates, of {outer} outer ones none may be there: {len(found)} breaches")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
