#!/usr/bin/env bash
# Good guess: SAEBench's RAVEL counts a pair that should change the answer as cause, and one that should leave it as isolation; an intervention
#   that changes nothing has a cause of 0 and an isolation of 1.
# What happens: which of the two a pair is, is not kept but told by whether the first token of both answers is the same. Where a cause pair's
#   answers begin alike ("South Korea" and "South Africa", "the ..."), it counts as isolation, and is right there if it says the source's label:
#   doing nothing gets an isolation of 0.5 where half of the pairs are such. Cause never
#   sees them: where all begin alike, it is NaN.
# Versions: sae-bench 0.6.0, transformers 5.24.0. The model here answers as it would without an intervention; answers of unlike beginnings are the control.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" sae-lens==6.54.12 transformer-lens==3.9.0 torch==2.15.0 \
  numpy==2.4.6 transformers==5.24.0 datasets==5.2.0
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" --no-deps sae-bench==0.6.0 collectibles==0.1.5 tabulate==0.9.0
PYTHONWARNINGS=ignore HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 "$work/venv/bin/python" - <<'PY'
import types

import torch
import sae_bench.sae_bench_utils.activation_collection as activation_collection
from sae_bench.evals.ravel import intervention, main
from sae_bench.evals.ravel.eval_config import RAVELEvalConfig
from sae_bench.evals.ravel.instance import Prompt
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

words = "<pad> Seoul Pretoria Tokyo Lima is in speaks South Korea Africa Japan Peru Korean Zulu Japanese Spanish".split()
raw = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<pad>"))
raw.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="<pad>")
main.AutoTokenizer = types.SimpleNamespace(from_pretrained=lambda name: tokenizer)
truth = {
    "Seoul": ("South Korea", "Korean"), "Pretoria": ("South Africa", "Zulu"),
    "Tokyo": ("Japan", "Japanese"), "Lima": ("Peru", "Spanish"),
}


class Model:
    """Answers with the truth, two tokens, whatever is done to it."""

    device = "cpu"

    def generate(self, input_ids, attention_mask, max_new_tokens, do_sample):
        answers = []
        for row in input_ids.tolist():
            city, *_, asked = tokenizer.decode([i for i in row if i != 0]).split()
            ids = tokenizer.encode(truth[city][asked == "speaks"])
            answers.append((ids + [0])[:2])
        return torch.cat([input_ids, torch.tensor(answers)], 1)


activation_collection.get_layer_activations = lambda *_: None
activation_collection.get_module = lambda *_: torch.nn.Identity()
nothing = types.SimpleNamespace(layer_intervened=0, create_intervention_hook=lambda *_, **__: lambda *_: None)


def prompt(city, attribute):
    text = f"{city} is in" if attribute == "Country" else f"{city} speaks"
    label = truth[city][attribute == "Language"]
    ids = tokenizer.encode(text)
    return Prompt(
        text=text, template="", attribute_type=attribute, attribute_label=label, entity_label=city, context_split="train", entity_split="train",
        input_ids=ids, attention_mask=[1] * len(ids), final_entity_token_pos=1 - len(ids), first_generated_token_id=tokenizer.encode(label)[0],
    )


made = main.create_dataloader_from_pairs
# The training part, which is not needed, is empty.
main.create_dataloader_from_pairs = lambda pairs, *more: made(pairs, *more) if pairs else []


def scores(one, other):
    def pairs(attribute):
        return [[prompt(city, attribute) for city in cities for _ in range(8)] for cities in ((one, other), (other, one))]

    _, loader = main.create_dataloaders(
        *pairs("Country"), *pairs("Language"), Model(), RAVELEvalConfig(llm_batch_size=8), train_test_split=0.0
    )
    isolation, cause = intervention.generate_batched_interventions(Model(), nothing, tokenizer, loader, max_new_tokens=2)
    return cause, isolation


unlike, alike = scores("Tokyo", "Lima"), scores("Seoul", "Pretoria")
print("nothing is changed: cause, isolation of Japan and Peru:", unlike, "of South Korea and South Africa:", alike)
assert unlike == (0.0, 1.0)
assert alike[1] == 0.5
PY
