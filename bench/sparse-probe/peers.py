"""Our sparse probes beside sae-probes' own code (0.4.2), task by task, on the same rows, labels and activations, k 1 and 16.

    pip install sae-lens==6.54.12; pip install --no-deps sae-probes==0.4.2
    python bench/sparse-probe/peers.py [--cache FOLDER]

Ends with 1 where an AUC, an accuracy or an F1 differs by 1e-3 or more though both chose the same penalty. Where the AUCs of two penalties on the
rows left out differ by rounding alone, lbfgs' tolerance decides which comes first; such probes are listed, with what both give.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import types
import warnings

import numpy as np
import torch

warnings.simplefilter("ignore")
# Only its other probes need it.
sys.modules["xgboost"] = types.SimpleNamespace(XGBClassifier=None)
from sae_probes.run_sae_evals import get_sorted_indices, mean_act_normalization
from sae_probes.utils_training import find_best_reg

torch.set_num_threads(2)
here = pathlib.Path(__file__).resolve().parent
root = here.parent.parent
arguments = argparse.ArgumentParser()
arguments.add_argument("--cache", default=os.path.join(tempfile.gettempdir(), "absorption-peers-cache"))
cache = arguments.parse_args().cache
folder = pathlib.Path(tempfile.mkdtemp(prefix="sparse-probe-peers-"))
experiment = str(root / "bench/absorption/peers.yaml")


def run(*command):
    subprocess.run(command, check=True, cwd=root, stdout=sys.stderr)


run("node", "bin/pipeline.mjs", "run", experiment, "sae", "--cache", cache)
run("node", "bin/pipeline.mjs", "export", experiment, "sae", str(folder / "sae"), "--cache", cache)
run("npx", "--no-install", "node", str(here / "rows.ts"), str(folder / "sae"), str(folder))
given = json.loads((folder / "tasks.json").read_text())
features = {name: np.fromfile(folder / f"{name}.f32", dtype=np.float32).reshape(given["rows"], -1) for name in ("latents", "basis")}

print("task                 features   k     AUC ours  sae-probes   F1 ours  sae-probes   same features  C ours  sae-probes")
worst, elsewhere, sums = 0.0, [], {}
for task in given["tasks"]:
    y, z = np.array(task["trained"]), np.array(task["tested"])
    for own in task["probes"]:
        # Controls, with the labels of latents and of the basis in a random order.
        if own["features"].startswith("shuffled"):
            continue
        x = features[own["features"]]
        train, test, k = x[task["train"]], x[task["test"]], own["k"]
        ranked = get_sorted_indices(torch.tensor(train), torch.tensor(y), mean_act_normalization).tolist()[:k]
        found = find_best_reg(X_train=train[:, ranked], y_train=y, X_test=test[:, ranked], y_test=z, seed=42)
        theirs = found.metrics
        c = found.classifier.C
        same = set(ranked) == set(own["chosen"])
        difference = max(abs(own["auc"] - theirs.test_auc), abs(own["accuracy"] - theirs.test_acc), abs(own["f1"] - theirs.test_f1))
        print(f"{task['name']:20s} {own['features']:8s} {k:3d}   {own['auc']:10.6f}  {theirs.test_auc:10.6f}  {own['f1']:8.4f}  {theirs.test_f1:10.4f}   {str(same):13s}  {own['c']:6.3g}  {c:10.3g}")
        if abs(np.log10(own["c"] / c)) < 0.1 and same:
            worst = max(worst, difference)
        else:
            elsewhere.append((task["name"], own["features"], k, difference))
        sums.setdefault((own["features"], k), []).append((own["auc"], theirs.test_auc))
for (name, k), pairs in sums.items():
    mine, theirs = np.mean(pairs, axis=0)
    print(f"mean over {len(pairs)} tasks, {name}, k {k}: AUC {mine:.6f}, sae-probes {theirs:.6f}, difference {abs(mine - theirs):.1e}")
print(f"same features and penalty: largest difference {worst:.2e}, of {sum(map(len, sums.values())) - len(elsewhere)} probes")
for name, kind, k, difference in elsewhere:
    print(f"another penalty or feature: {name}, {kind}, k {k}: {difference:.2e}")
sys.exit(0 if worst < 1e-3 else 1)
