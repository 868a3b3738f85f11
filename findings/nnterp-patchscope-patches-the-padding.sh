#!/usr/bin/env bash
# Good guess: index_to_patch of a patchscope's target prompt is the index of a token of that prompt, whatever prompts share its batch; TargetPromptBatch is
#   for prompts with different indices.
# What happens: prompts are padded on the left and the index is used on the padded row. For all but the longest prompt an index from the front means an
#   earlier place: here it is padding, nothing is patched, and the probabilities are those of the prompt as it stands, at every layer.
#   get_token_activations refuses such an index; patchscope_lens does not. Counted from the end, the same place is patched as in a batch of one.
# Versions: nnterp 1.3.0, nnsight 0.7.0 (nnterp 1.3.0 cannot be imported beside 0.8), transformers 5.24.0, torch 2.15.0. A small model with random weights.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" nnterp==1.3.0 nnsight==0.7.0 transformers==5.24.0 torch==2.15.0 numpy==2.4.6
cat > "$work/patch.py" <<'PY'
import torch
from nnterp import StandardizedTransformer
from nnterp.interventions import TargetPrompt, patchscope_lens
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

words = ["<pad>", "<end>", *(f"w{n}" for n in range(198))]
raw = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<end>"))
raw.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="<pad>", eos_token="<end>", bos_token="<end>", padding_side="left")
torch.manual_seed(0)
size = dict(vocab_size=200, hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2)
model = LlamaForCausalLM(LlamaConfig(**size, pad_token_id=0, bos_token_id=1, eos_token_id=1)).eval()
with torch.no_grad():
    model.lm_head.weight.normal_(0, 0.3)
standard = StandardizedTransformer(model, tokenizer=tokenizer)

sources = ["w1 w2 w3", "w7 w8 w9"]
long, short = "w20 w21 w22 w23 w24 w25 w26", "w30 w31 w32 w33"
layers = [0, 1]  # after the last layer another token's state reaches no answer


def patched(targets, which):
    return patchscope_lens(standard, which, targets, layers=layers)


def unpatched(prompt):
    with torch.no_grad():
        return model(input_ids=tokenizer(prompt, return_tensors="pt")["input_ids"]).logits[0, -1].softmax(-1)


alone = [patched([TargetPrompt(text, 2)], [source])[0] for text, source in zip((long, short), sources)]
front = patched([TargetPrompt(long, 2), TargetPrompt(short, 2)], sources)
end = patched([TargetPrompt(long, -5), TargetPrompt(short, -2)], sources)
for name, row, text in (("longer", 0, long), ("shorter", 1, short)):
    effect, batched = ((probs - unpatched(text)).abs().max().item() for probs in (alone[row], front[row]))
    off = (end[row] - alone[row]).abs().max().item()
    print(f"{name} prompt, token 2: patching changes a probability by {effect:.4f} alone, by {batched:.7f} in the batch; counted from the end, alone and in the batch differ by {off:.7f}")
    assert effect > 0.01 and off < 1e-5
    assert batched < 1e-5 if text == short else abs(batched - effect) < 1e-5
PY
PYTHONWARNINGS=ignore HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 "$work/venv/bin/python" "$work/patch.py"
