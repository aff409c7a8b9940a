"""The ABI as a list: every struct, member and constant of sdk/include/esim.

  abi.py names FOLDER   prints "STRUCT x", "MEMBER x, y", "VALUE z", in order
  abi.py write          measures them with the compiler and writes abi_sizes.c

exchange.h is the helper library's and capability.h has names only: neither is ABI.
"""
import os
import re
import subprocess
import sys
import tempfile

HEADERS = ["abi.h", "adapter.h", "flow.h", "inbound.h", "session.h"]
HEAD = """/* The ABI, frozen: sizes, places and numbers that adapters outside this tree are built on.
 * Written by `python3 tests/lint/abi.py write`; a change here needs a line in the ABI log
 * of sdk/include/esim/abi.h. For 64-bit systems. */
#include <assert.h>

#include "esim/adapter.h"
#include "esim/flow.h"
#include "esim/inbound.h"
#include "esim/session.h"

#define STRUCT(name, bytes) \\
    static_assert(sizeof(struct name) == (bytes), "size of struct " #name " changed")
#define MEMBER(name, member, at)                          \\
    static_assert(offsetof(struct name, member) == (at), \\
                  #member " of struct " #name " moved")
#define VALUE(name, number) static_assert((name) == (number), #name " changed")

/* clang-format off */
"""


def rows_of(text):
    """(kind, arguments) in the order of the header."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    for match in re.finditer(r"\b(?:struct (\w+)|enum(?: \w+)?) \{(.*?)\n?\};?", text, re.S):
        name, body = match.groups()
        if name is None:
            for item in body.split(","):
                if item.strip():
                    yield "VALUE", item.split("=")[0].strip()
            continue
        yield "STRUCT", name
        for member in body.split(";"):
            if not member.strip():
                continue
            found = re.search(r"\(\*(\w+)\)", member)
            found = found or re.search(r"(\w+)\s*(?:\[[^]]*\]\s*)*$", member.strip())
            yield "MEMBER", f"{name}, {found.group(1)}"


def all_rows(folder):
    for header in HEADERS:
        path = os.path.join(folder, header)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                yield from rows_of(file.read())


def measured(rows, include):
    """The same rows with the compiler's numbers."""
    ask = {"STRUCT": "sizeof(struct {0})", "MEMBER": "offsetof(struct {0}, {1})", "VALUE": "{0}"}
    lines = [f"#include <stdio.h>\n#include <stddef.h>\n"]
    lines += [f'#include "esim/{header}"\n' for header in HEADERS]
    lines += ["int main(void)\n{\n"]
    for kind, names in rows:
        expression = ask[kind].format(*names.split(", "))
        lines.append(f'printf("{kind}({names}, %lld);\\n", (long long)({expression}));\n')
    lines += ["return 0;\n}\n"]
    with tempfile.TemporaryDirectory() as folder:
        source, program = os.path.join(folder, "ask.c"), os.path.join(folder, "ask")
        with open(source, "w", encoding="utf-8") as file:
            file.write("".join(lines))
        subprocess.run(["gcc", f"-I{include}", "-o", program, source], check=True)
        return subprocess.run([program], check=True, capture_output=True, text=True).stdout


def main():
    if sys.argv[1:2] == ["names"]:
        for kind, names in all_rows(sys.argv[2]):
            print(kind, names)
        return
    top = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    include = os.path.join(top, "sdk", "include")
    text = measured(all_rows(os.path.join(include, "esim")), include)
    with open(os.path.join(top, "tests", "lint", "abi_sizes.c"), "w", encoding="utf-8") as file:
        file.write(HEAD + text)


if __name__ == "__main__":
    main()
