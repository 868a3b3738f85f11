"""Writes patterns.json: what Oniguruma, as the Rust library `tokenizers` has it, cuts texts into. `pip install tokenizers`"""

import json
from pathlib import Path

from tokenizers import Regex, pre_tokenizers

TEXTS = [
    "naïve café Straße мир 東京 한국어 हिन्दी ไทย",
    "It's 1,024 words -- don't I'LL WE'RE 'ſ ſ K",
    "  leading\n\n  and trailing  \n",
    "\ta\tb\r\nc\rd\u0085e\u2028f\u00a0g\ufeffh\u200bi",
    "123456789 12 ½ ² ٣٤ Ⅷ 👩‍👦 👍🏽",
    "aaa abc aab ac abab $5 a+b=c <x> `y` ~z",
    "e\u0301 \u1e9b\u0323 ﬁ ß İ ı ϴ \u088f\u1c89 x_y",
    "a\n",
]
PATTERNS = [
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
    r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{M}]+(?i:'s|'ll)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*",
    r" ?[^(\s|[.,!?…。，、।۔،])]+",
    r"(?=(\d{3})+(?!\d))",
    r"\w+|[^\w\s]+",
    r"[\w]+",
    r"\b|\d",
    r"\B",
    r"^|$",
    r"\A.|.\z",
    r"\s+\Z",
    r"(?<=\p{L})(?=\p{N})",
    r"a*",
    r"(?<!a)b*",
    r"[[:punct:]]+",
    r"\p{Punct}+",
    r"[[:^alpha:]]+",
    r"[\p{L}&&[^\p{Han}]]+",
    r"[^\p{L}&&\p{Lu}]",
    r"[a-z&&[^aeiou]]+",
    r"(?>a+|ab)c?",
    r"(?:ab|a)++b?",
    r"a{2}+|e{,2}o",
    r"(?i)the|[a-k]+",
    r"\p{^L}+",
    r"[]a]+|[-b]+|[c-]+",
    r"\x41|\x{1F44D}|\u00e9",
    r"\R|\h+",
    r"\p{Greek}+|\p{Uppercase_Letter}|\p{Cn}",
    r"a??|",
]

if __name__ == "__main__":
    cut = lambda pattern, text: [t for t, _ in pre_tokenizers.Split(Regex(pattern), "isolated").pre_tokenize_str(text)]
    written = {"texts": TEXTS, "patterns": [{"pattern": p, "cut": [cut(p, t) for t in TEXTS]} for p in PATTERNS]}
    Path(__file__).with_name("patterns.json").write_text(json.dumps(written, ensure_ascii=False) + "\n", "utf8")
