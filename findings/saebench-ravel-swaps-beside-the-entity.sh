#!/usr/bin/env bash
# Good guess: SAEBench's RAVEL takes latents from the last token of the entity in one prompt and puts them at the last token of the entity in
#   another one, for every model that it supports (Pythia and Gemma).
# What happens: the place is minus the number of tokens of what follows the entity, encoded by itself. Where the tokenizer puts a BOS in front, that
#   is one token too many and so the right place; where it puts none (Pythia, GPT-2), it is the token after the entity ("is" of
#   "Paris is in"). The scores say nothing of it: the entity has been read there, and both places are swapped alike.
# Versions: sae-bench 0.6.0, transformers 5.24.0. The same words with a BOS are the control.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" sae-lens==6.54.12 transformer-lens==3.9.0 torch==2.15.0 \
  numpy==2.4.6 transformers==5.24.0 datasets==5.2.0
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" --no-deps sae-bench==0.6.0 collectibles==0.1.5 tabulate==0.9.0
PYTHONWARNINGS=ignore HF_HUB_OFFLINE=1 "$work/venv/bin/python" - <<'PY'
from sae_bench.evals.ravel.instance import RAVELInstance
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

words = "<bos> <unk> The city of Paris Kuala Lumpur is in the country".split()


def swapped(with_bos):
    raw = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<unk>"))
    raw.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    if with_bos:
        raw.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", 0)])
    instance = RAVELInstance()
    template = "The city of %s is in the country"
    instance.entityLBL_attrTYP_attrLBL = {name: {"Country": "?"} for name in ("Paris", "Kuala Lumpur")}
    instance.attribute_type_to_templates = {"Country": [template]}
    instance.template_splits = {template: "train"}
    instance.entity_splits = {"Paris": "train", "Kuala Lumpur": "train"}
    prompts = instance.build_and_tokenize_prompts(PreTrainedTokenizerFast(tokenizer_object=raw))
    found = {p.entity_label: words[p.input_ids[p.final_entity_token_pos]] for p in prompts}
    print("with a BOS:" if with_bos else "without one:", found)
    return found


assert swapped(True) == {"Paris": "Paris", "Kuala Lumpur": "Lumpur"}
assert swapped(False) == {"Paris": "is", "Kuala Lumpur": "is"}
PY
