#!/usr/bin/env bash
# Good guess: the step score "mc_dropout_prob_avg" is an average of probabilities over dropout masks (its documentation says so), between 0 and 1, and asking
#   for a score changes neither the other scores nor the attributions.
# What happens: it puts the model into training mode and never back. From the second token on, all that the same call measures is under one random dropout
#   mask, and so is every later call on the same model: attributions of one text differ from call to call, without a word. What it gives is
#   no average either, but how many standard deviations the probability lies above that of the masks: negative where theirs is higher.
# Versions: inseq 0.7.1, captum 0.9.0, transformers 5.24.0, torch 2.15.0. A small model with random weights; calls without the score are the control.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" inseq==0.7.1 captum==0.9.0 transformers==5.24.0 torch==2.15.0 numpy==2.4.6
cat > "$work/dropout.py" <<'PY'
import inseq
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

words = ["<pad>", "<end>", *(f"w{n}" for n in range(98))]
raw = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<end>"))
raw.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="<pad>", eos_token="<end>", bos_token="<end>", unk_token="<end>", padding_side="left")
torch.manual_seed(0)
size = dict(vocab_size=100, n_embd=32, n_layer=2, n_head=4, n_positions=64)
model = GPT2LMHeadModel(GPT2Config(**size, bos_token_id=1, eos_token_id=1, pad_token_id=0, tie_word_embeddings=False)).eval()
with torch.no_grad():
    model.lm_head.weight.normal_(0, 0.2)
attributing = inseq.load_model(model, "saliency", tokenizer=tokenizer)


def attribute(*scores):
    one = attributing.attribute("w1 w2 w3", "w1 w2 w3 w4 w5 w6 w7", step_scores=["probability", *scores], show_progress=False).sequence_attributions[0]
    return one.step_scores, torch.nan_to_num(one.target_attributions)


def changed(ours, theirs):
    return ((ours - theirs).norm() / ours.norm()).item()


before, first = attribute()
_, second = attribute()
asked, _ = attribute("mc_dropout_prob_avg")
after, third = attribute()
_, fourth = attribute()
shown = {name: [round(value, 5) for value in values.tolist()] for name, values in asked.items()}
print(f"two calls before: attributions differ by {changed(first, second):.3f} of their length; probabilities {[round(value, 5) for value in before['probability'].tolist()]}")
print(f"the call with the score: {shown}; the model is in training mode: {attributing.model.training}")
print(f"two calls after: differ from the first by {changed(first, third):.3f} and {changed(first, fourth):.3f}, from each other by {changed(third, fourth):.3f}")
assert changed(first, second) == 0 and attributing.model.training
assert asked["probability"][0] == before["probability"][0] and (asked["probability"][1:] != before["probability"][1:]).all()
assert changed(first, third) > 0.05 and changed(third, fourth) > 0.05
assert asked["mc_dropout_prob_avg"].abs().max() > 0.2 > 5 * before["probability"].max()
PY
PYTHONWARNINGS=ignore HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 "$work/venv/bin/python" "$work/dropout.py"
