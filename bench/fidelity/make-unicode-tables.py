"""Writes src/text/tokenizer/unicode-tables.ts: what the Rust library `tokenizers` takes characters for, where that is not
what the JavaScript engine's Unicode says. The library's parts carry tables of several Unicode versions (8 to 17); here
every code point is tried. Run with `pip install tokenizers`, then `npx oxfmt`.
"""

import sys
from pathlib import Path

import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

CHARACTERS = [chr(c) for c in range(1, 0x110000) if not 0xD800 <= c <= 0xDFFF]
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
REMOVES_ACCENTS = normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False)
CLEANS = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False)


def base36(number):
    text = ""
    while True:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
        if number == 0:
            return text


def runs(points):
    """Lengths of runs outside and inside the set, in turn, from code point 0."""
    found = []
    for point in sorted(points):
        if found and found[-1][1] == point:
            found[-1][1] = point + 1
        else:
            found.append([point, point + 1])
    numbers, at = [], 0
    for start, end in found:
        numbers += [start - at, end - start]
        at = end
    return " ".join(map(base36, numbers))


def removed(normalizer):
    return {ord(c) for c in CHARACTERS if normalizer.normalize_str(c) == ""}


def matched(regex):
    return removed(normalizers.Replace(Regex(regex), ""))


def isolated(pre_tokenizer):
    return {ord(c) for c in CHARACTERS if len(pre_tokenizer.pre_tokenize_str("a" + c + "a")) == 3}


def scripts():
    """Pairs of a run's length and its class; class 0 goes with any other."""
    splits = pre_tokenizers.UnicodeScripts()
    apart = lambda a, b: len(splits.pre_tokenize_str(a + b)) > 1
    representatives, classes, last = ["a"], [], 0
    for c in CHARACTERS:
        if not apart("a", c) and not apart("Ж", c):
            found = 0
        elif last > 0 and not apart(representatives[last - 1], c):
            found = last
        else:
            found = next((i + 1 for i, other in enumerate(representatives) if not apart(other, c)), None)
            if found is None:
                representatives.append(c)
                found = len(representatives)
        last = found
        classes.append(found)
    numbers, at, current = [], 0, classes[0]
    for c, found in zip(CHARACTERS, classes):
        if found != current:
            numbers += [ord(c) - at, current]
            at, current = ord(c), found
    return " ".join(map(base36, numbers + [0x110000 - at, current]))


def decomposed_later(node_forms):
    """Characters that a later Unicode than the library's composes, decomposes or orders: to it they are like any letter."""
    import unicodedata

    later = set()
    for form, part in (("NFKD", normalizers.NFKD()), ("NFKC", normalizers.NFKC())):
        for c in CHARACTERS:
            if node_forms[form].get(c, c) != part.normalize_str(c):
                later.add(ord(c))
                later |= {ord(d) for d in node_forms["NFD"].get(c, c) if ord(d) > 0x36F}
    marks = normalizers.StripAccents()
    for c in CHARACTERS:
        if node_forms["class"].get(c, False) and marks.normalize_str(c) != "":
            later.add(ord(c))
    return later


if __name__ == "__main__":
    import json
    import subprocess

    # What the engine itself says, so that only what differs is written down.
    node = """
      const out = { NFD: {}, NFKD: {}, NFKC: {}, class: {} }
      for (let p = 1; p < 0x110000; p++) {
        if (p >= 0xd800 && p <= 0xdfff) continue
        const c = String.fromCodePoint(p)
        for (const form of ["NFD", "NFKD", "NFKC"]) if (c.normalize(form) !== c) out[form][c] = c.normalize(form)
        if (/\\p{M}/u.test(c)) out.class[c] = true
      }
      console.log(JSON.stringify(out))"""
    forms = json.loads(subprocess.run([sys.argv[1] if len(sys.argv) > 1 else "node", "-e", node], capture_output=True, check=True).stdout)
    assigned = json.loads(
        subprocess.run(
            [sys.argv[1] if len(sys.argv) > 1 else "node", "-e", "console.log(JSON.stringify(Array.from({length: 0x110000}, (_, p) => p).filter((p) => !/\\p{Cn}|\\p{Cs}/u.test(String.fromCodePoint(p)))))"],
            capture_output=True,
            check=True,
        ).stdout
    )
    tables = {
        "newInUnicode17": ("Assigned by the engine's Unicode (17), not yet by those of Oniguruma and Rust's regex (16).", runs(set(assigned) & matched(r"\p{Cn}"))),
        "punctuation": ("What Punctuation and BertPreTokenizer cut at.", runs(isolated(pre_tokenizers.Punctuation("isolated")))),
        "controls": ("What BertNormalizer's clean_text removes.", runs(removed(CLEANS) | {0})),
        "accents": ("What BertNormalizer's strip_accents removes, after NFD.", runs(removed(REMOVES_ACCENTS))),
        "marks": ("What StripAccents removes.", runs(removed(normalizers.StripAccents()))),
        "normalizedLater": ("Characters that the normalization forms of the library (Unicode 9) leave as they are, the engine's not.", runs(decomposed_later(forms))),
        "scripts": ("Scripts as UnicodeScripts knows them: lengths of runs, each with a class of its own; class 0 goes with any.", scripts()),
    }
    lines = [
        "/**",
        f" * What the Rust library takes characters for. Made by `bench/fidelity/make-unicode-tables.py` with tokenizers {tokenizers.__version__}.",
        " * Sets are lengths of runs outside and inside, in turn, from code point 0, in base 36.",
        " */",
    ]
    for name, (comment, text) in tables.items():
        lines += ["", f"/** {comment} */", f"export const {name} =", f'  "{text}"']
    Path(__file__).parents[2].joinpath("src/text/tokenizer/unicode-tables.ts").write_text("\n".join(lines) + "\n")
