#!/usr/bin/env python3
"""Is every public type, trait and function shown in use? Reads what rustdoc knows of the crate (its JSON, the one
argument) and names what stands in no example near it.

An example may be on the item, on one of its methods, on a neighbour in its file, or on the module through which it
is reached: the pages that a reader has open. Fields, variants and methods are shown by the examples of their type."""

import json
import re
import sys

KINDS = {"struct", "enum", "trait", "function", "type_alias", "macro", "union"}
# What mockall makes cannot have docs of its own.
MADE = re.compile(r"^Mock|^__mock")


def examples(docs):
    """The code of the doctests in a text; blocks marked as something else are not run."""
    blocks = re.findall(r"^```([^\n]*)\n(.*?)^```", docs or "", flags=re.M | re.S)
    return "\n".join(code for kind, code in blocks if not kind or kind.split(",")[0] in ("rust", "no_run"))


def main(path):
    with open(path) as file:
        crate = json.load(file)
    index, root = crate["index"], str(crate["root"])
    shown, wanted, seen = {}, [], set()

    def children(inner, kind):
        if kind == "module":
            return inner["items"]
        if kind == "trait":
            return inner["items"]
        if kind in ("struct", "enum", "union"):
            impls = [index.get(str(i)) for i in inner["impls"]]
            own = [i for i in impls if i and not i["inner"]["impl"]["trait"]]
            return [item for i in own for item in i["inner"]["impl"]["items"]]
        return []

    def walk(identifier, page):
        item = index.get(str(identifier))
        if item is None or str(identifier) in seen or item["crate_id"] != 0:
            return
        seen.add(str(identifier))
        ((kind, inner),) = item["inner"].items()
        if kind == "use":
            walk(inner["id"], page)
            return
        if item["span"] is None:
            return
        file = item["span"]["filename"]
        shown[file] = shown.get(file, "") + examples(item["docs"])
        if kind in KINDS and not MADE.match(item["name"]):
            wanted.append((file, item["span"]["begin"][0], kind, item["name"], page))
        page = file if kind == "module" else page
        for child in children(inner, kind):
            below = index.get(str(child))
            if below and kind in ("struct", "enum", "union", "trait"):
                if below["span"]:
                    place = below["span"]["filename"]
                    shown[place] = shown.get(place, "") + examples(below["docs"])
            else:
                walk(child, page)

    walk(root, None)
    missing = [
        (file, line, kind, name)
        for file, line, kind, name, page in sorted(wanted)
        if not re.search(rf"\b{re.escape(name)}\b", shown.get(file, "") + shown.get(page, ""))
    ]
    for file, line, kind, name in missing:
        print(f"{file}:{line}: the {kind} {name} is in no example near it")
    print(f"{len(wanted)} public types, traits and functions, {len(missing)} of them in no example")
    return 1 if missing or len(wanted) < 100 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
