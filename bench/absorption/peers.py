"""Our absorption of first letters beside SAEBench's own code (0.6.0), letter by letter, on the same model, SAE, words and prompts.

    pip install sae-bench==0.6.0
    python bench/absorption/peers.py [--cache FOLDER]

1. `FeatureAbsorptionCalculator` with our probe and our split latents: has to agree within 1e-3 for every letter, or this ends with 1.
2. `train_k_sparse_probes` in place of our selection: with the 50 epochs of its defaults (one step each, since words are fewer than a batch), and
   with 400. Nothing has to agree: its probe has not converged, and is on codes as they are, ours on codes divided by their mean.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error", TOKENIZERS_PARALLELISM="false", TQDM_DISABLE="1")
import numpy as np
import torch
import transformers
from sae_bench.evals.absorption.feature_absorption_calculator import FeatureAbsorptionCalculator
from sae_bench.evals.absorption.k_sparse_probing import train_k_sparse_probes
from sae_bench.evals.absorption.prompting import SpellingPrompt
from sae_lens import SAE
from sklearn.metrics import f1_score
from transformer_lens import HookedTransformer, HookedTransformerConfig
from transformer_lens.pretrained.weight_conversions import convert_gpt2_weights

torch.set_num_threads(2)
here = pathlib.Path(__file__).resolve().parent
root = here.parent.parent
arguments = argparse.ArgumentParser()
arguments.add_argument("--cache", default=os.path.join(tempfile.gettempdir(), "absorption-peers-cache"))
cache = arguments.parse_args().cache
folder = pathlib.Path(tempfile.mkdtemp(prefix="absorption-peers-"))


def run(*command):
    subprocess.run(command, check=True, cwd=root, stdout=sys.stderr)


run("npx", "--no-install", "pipeline", "run", str(here / "peers.yaml"), "sae", "--cache", cache)
run("npx", "--no-install", "pipeline", "export", str(here / "peers.yaml"), "sae", str(folder / "sae"), "--cache", cache)
run("npx", "--no-install", "node", str(here / "words.ts"), str(folder / "sae"), str(folder / "words.json"))
ours = json.loads((folder / "words.json").read_text())

hf = transformers.AutoModelForCausalLM.from_pretrained(root / "models/tiny-speller", dtype=torch.float32).eval()
c = hf.config
cfg = HookedTransformerConfig(
    n_layers=c.n_layer, d_model=c.n_embd, n_heads=c.n_head, d_head=c.n_embd // c.n_head, d_mlp=4 * c.n_embd,
    d_vocab=c.vocab_size, n_ctx=c.n_positions, act_fn="gelu_new", eps=c.layer_norm_epsilon, normalization_type="LN",
    device="cpu", dtype=torch.float32)
model = HookedTransformer(cfg, move_to_device=False)
model.load_state_dict(convert_gpt2_weights(hf, cfg), strict=False)
model.eval()
# Prompts are ours, as token ids: the calculator asks for the tokens of a text.
ids = {f"prompt {n}": torch.tensor(row) for n, row in enumerate(ours["ids"])}
model.to_tokens = lambda text, **_: ids[text][None]
run_with_cache = model.run_with_cache
model.run_with_cache = lambda texts, **options: run_with_cache(torch.stack([ids[text] for text in texts]), **options)

sae = SAE.load_from_disk(str(folder / "sae"), device="cpu")
labels, test = np.array(ours["labels"]), np.array(ours["test"])
x = torch.tensor(ours["x"]).reshape(len(labels), -1)
d = x.shape[1]
directions = torch.tensor(ours["probe"]["directions"], dtype=torch.float32).reshape(26, d)
weights = torch.tensor(ours["probe"]["weights"]).reshape(26, d)
predicted = (x.double() @ weights.double().T + torch.tensor(ours["probe"]["bias"]).double()).argmax(1).numpy()
hits = [np.flatnonzero(test & (labels == n) & (predicted == n)) for n in range(26)]


class Calculator(FeatureAbsorptionCalculator):
    def _build_prompts(self, words):
        return [SpellingPrompt(base=f"prompt {row}", answer="", word=ours["words"][row]) for row in words]


calculator = Calculator(model=model, icl_word_list=[], word_token_pos=ours["position"], batch_size=64)


def absorption(split):
    """Per letter: mean fraction, and share of full absorption; by SAEBench's calculator."""
    figures = []
    for letter, rows in enumerate(hits):
        if len(rows) == 0:
            figures.append((0.0, 0.0))
            continue
        found = calculator.calculate_absorption(
            sae, words=list(rows), probe_direction=directions[letter], main_feature_ids=list(split[letter]), layer=1,
            show_progress=False).word_results
        figures.append((
            sum(word.absorption_fraction for word in found) / len(rows),
            sum(word.is_full_absorption for word in found) / len(rows)))
    return np.array(figures)


own = [letter["split"] for letter in ours["letters"]]
mine = np.array([
    (sum(word["fraction"] for word in letter["absorbed"]) / max(1, letter["truePositives"]),
     sum(word["full"] for word in letter["absorbed"]) / max(1, letter["truePositives"]))
    for letter in ours["letters"]])
assert [len(rows) for rows in hits] == [letter["truePositives"] for letter in ours["letters"]]
theirs = absorption(own)
difference = np.abs(theirs - mine).max(1)
print("letter  words  split   fraction: ours  SAEBench   full: ours  SAEBench")
for n in range(26):
    print(f"{chr(97 + n):6s}  {len(hits[n]):5d}  {len(own[n]):5d}   {mine[n, 0]:14.4f}  {theirs[n, 0]:8.4f}   {mine[n, 1]:10.4f}  {theirs[n, 1]:8.4f}")
print(f"same probe and split latents: largest difference of a letter {difference.max():.2e}")

train = [(ours["words"][n], int(labels[n])) for n in np.flatnonzero(~test)]
acts = sae.encode(x).detach()


def split_of(epochs):
    """Its own selection of a letter's latents, with its rule of F1 jumps."""
    torch.manual_seed(0)
    with torch.enable_grad():
        probes = train_k_sparse_probes(sae, train, x[~test], ks=range(1, 11), num_epochs=epochs, precalc_sae_acts=True)
    split = []
    for letter in range(26):
        best, chosen = -100.0, []
        for k in range(1, 11):
            probe = probes[k][letter]
            score = f1_score(labels[test] == letter, (probe(acts[test]) > 0).detach().numpy())
            if not score > best + 0.03:
                break
            best, chosen = score, probe.feature_ids.tolist()
        split.append(chosen)
    return split


print("selection                    fraction    full   splits   letters with our split latents")
figures = [("ours, converged", own, theirs)]
for epochs in (50, 400):
    split = split_of(epochs)
    figures.append((f"SAEBench's, {epochs} epochs", split, absorption(split)))
for name, split, found in figures:
    same = sum(set(a) == set(b) for a, b in zip(split, own))
    print(f"{name:26s}  {found[:, 0].mean():9.4f}  {found[:, 1].mean():6.4f}  {np.mean([len(s) for s in split]):7.2f}  {same:6d} of 26")
sys.exit(0 if difference.max() < 1e-3 else 1)
