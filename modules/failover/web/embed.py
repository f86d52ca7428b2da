#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""embed.py OUTPUT FILE ...: the files of the page as a C file, for files.h"""

import os
import sys

TYPES = {".html": "text/html; charset=utf-8",
         ".css": "text/css; charset=utf-8",
         ".js": "text/javascript; charset=utf-8",
         ".svg": "image/svg+xml"}


def array(number: int, data: bytes) -> str:
    lines = [", ".join(str(byte) for byte in data[i:i + 16])
             for i in range(0, len(data), 16)]
    body = ",\n\t".join(lines)
    return f"static const uint8_t file{number}[] = {{\n\t{body}\n}};\n"


def main(output: str, names: list[str]) -> None:
    arrays, entries = [], []
    for number, name in enumerate(names):
        with open(name, "rb") as file:
            arrays.append(array(number, file.read()))
        base = os.path.basename(name)
        path = "/" if base == "index.html" else f"/{base}"
        ctype = TYPES[os.path.splitext(base)[1]]
        entries.append(f'\t{{"{path}", "{ctype}", file{number}, '
                       f'sizeof(file{number})}},\n')

    with open(output, "w", encoding="ascii") as file:
        file.write('/* Made by embed.py */\n#include "files.h"\n\n')
        file.write("\n".join(arrays))
        file.write("\nconst struct file filev[] = {\n")
        file.write("".join(entries))
        file.write(f"}};\n\nconst size_t filec = {len(names)};\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
