"""Our absorption of first letters beside SAEBench's own code (0.6.0), letter by letter, on the same model, SAE, words and prompts.

    pip install sae-bench==0.6.0
    python bench/absorption/peers.py [--cache FOLDER]

1. `FeatureAbsorptionCalculator` with our probe and our split latents: has to agree within 1e-3 for every letter, or this ends with 1.
2. `train_k_sparse_probes` in place of our selection, with 50 epochs as by default (one step each, since words are fewer than a batch) and with more,
   on codes as they are and on codes divided by their mean, as ours are. Each is held against the minimum of its own objective, which our solver
   gives with a duality gap below 1e-6 of it: where the probe has come to the minimum, its latents have to be those of the minimum.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import types

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error", TOKENIZERS_PARALLELISM="false", TQDM_DISABLE="1")
import numpy as np
import torch
import transformers
from sae_bench.evals.absorption import k_sparse_probing, probing
from sae_bench.evals.absorption.feature_absorption_calculator import FeatureAbsorptionCalculator
from sae_bench.evals.absorption.k_sparse_probing import train_k_sparse_probes
from sae_bench.evals.absorption.prompting import SpellingPrompt
from sae_lens import SAE
from sklearn.metrics import f1_score
from transformer_lens import HookedTransformer, HookedTransformerConfig
from transformer_lens.pretrained.weight_conversions import convert_gpt2_weights

torch.set_num_threads(1)
here = pathlib.Path(__file__).resolve().parent
root = here.parent.parent
arguments = argparse.ArgumentParser()
arguments.add_argument("--epochs", default="50,400,4000", help="of SAEBench's selecting probe")
arguments.add_argument("--cache", default=os.path.join(tempfile.gettempdir(), "absorption-peers-cache"))
given = arguments.parse_args()
cache, EPOCHS = given.cache, [int(each) for each in given.epochs.split(",")]
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
codes = sae.encode(x).detach()
# Each epoch is one batch of all words: without PyTorch's loader, which joins them one by one, forty times as fast.
probing.DataLoader = lambda dataset, **_: [dataset.tensors]
trained = {}
sparse_probe = k_sparse_probing.train_sparse_multi_probe


def recorded(*given, **options):
    trained["probe"] = sparse_probe(*given, **{**options, "show_progress": False})
    return trained["probe"]


k_sparse_probing.train_sparse_multi_probe = recorded


def objective(acts, weights, bias):
    """Per letter: what SAEBench's probe minimises, without its weight decay of 1e-6."""
    margins = acts @ weights.T + bias
    own = torch.nn.functional.one_hot(torch.tensor(labels[~test]).long(), 26).double()
    positives = own.sum(0)
    cost = own * (len(acts) / positives - 1) + (1 - own)
    loss = cost * torch.nn.functional.softplus(torch.where(own > 0, -margins, margins))
    return loss.mean(0) + 0.01 * weights.abs().sum(1)


def split_of(acts, ranked):
    """SAEBench's rule of F1 jumps on its own probes of the best latents."""
    split = []
    for letter in range(26):
        best, chosen = -100.0, []
        for k in range(1, 11):
            probe = ranked[k][letter]
            score = f1_score(labels[test] == letter, (probe(acts[test]) > 0).detach().numpy())
            if not score > best + 0.03:
                break
            best, chosen = score, probe.feature_ids.tolist()
        split.append(chosen)
    return split


class At:
    """As much of an SAE as `train_k_sparse_probes` asks for: codes divided by a unit."""

    def __init__(self, unit):
        self.unit, self.cfg, self.device, self.dtype = unit, sae.cfg, "cpu", torch.float32

    def encode(self, rows):
        return sae.encode(rows) / self.unit


def selection(unit, epochs, weights=None):
    """By SAEBench, trained so long; or, with weights given, by these in the place of its probe's."""
    torch.manual_seed(0)
    if weights is not None:
        given = types.SimpleNamespace(weights=weights)
        given.float = given.cpu = lambda: given
        k_sparse_probing.train_sparse_multi_probe = lambda *_, **__: given
    with torch.enable_grad():
        ranked = train_k_sparse_probes(At(unit), train, x[~test], ks=range(1, 11), num_epochs=epochs, precalc_sae_acts=True)
    k_sparse_probing.train_sparse_multi_probe = recorded
    return split_of(codes / unit, ranked)


print("selection                        above the minimum   fraction    full   splits   letters with the minimum's latents")
for name, unit, minimum in (("codes as they are", 1.0, "asItIs"), ("codes / mean", ours["unit"], "own")):
    acts = (codes / unit)[~test].double()
    weights = torch.tensor([each["weights"] for each in ours["selecting"][minimum]]).double()
    bias = torch.tensor([each["bias"] for each in ours["selecting"][minimum]]).double()
    least = objective(acts, weights, bias)
    best = selection(unit, 0, weights.float())
    for epochs in (0, *EPOCHS):
        what, above, split = "the minimum", 0.0, best
        if epochs > 0:
            what, split = f"SAEBench, {epochs} epochs", selection(unit, epochs)
            probe = trained["probe"]
            ends = objective(acts, probe.weights.detach().double(), probe.biases.detach().double())
            above = float((ends / least - 1).max())
        found = absorption(split)
        same = [set(a) == set(b) for a, b in zip(split, best)]
        print(f"{name + ', ' + what:42s}  {above:8.1e}  {found[:, 0].mean():9.4f}  {found[:, 1].mean():6.4f}  {np.mean([len(s) for s in split]):7.2f}  {sum(same):6d} of 26  other: {''.join(chr(97 + n) for n in range(26) if not same[n])}", flush=True)
    if minimum == "own":
        print(f"ours: {sum(set(a) == set(b) for a, b in zip(own, best))} of 26 letters have the latents of the minimum with SAEBench's rule")
sys.exit(0 if difference.max() < 1e-3 else 1)
