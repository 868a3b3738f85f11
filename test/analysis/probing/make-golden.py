"""Writes sae-probes.json: what sae-probes' own code ranks, fits and scores on features that both sides compute.

    pip install sae-lens==6.54.12; pip install --no-deps sae-probes==0.4.2
    python test/analysis/probing/make-golden.py
"""
import json
import pathlib
import sys
import types
import warnings

import numpy as np
import torch

warnings.simplefilter("ignore")
# Only its other probes need it.
sys.modules["xgboost"] = types.SimpleNamespace(XGBClassifier=None)
from sae_probes.run_sae_evals import get_sorted_indices, mean_act_normalization
from sae_probes.utils_training import find_best_reg

rows, test, features = 240, 100, 12


def feature(i, j):
    """Fires on some rows; the greater j, the more it does so where the row's label is yes."""
    noise = (i * 7919 + j * 104729 + i * j * 31) % 1009 / 1009
    yes = i % 2 == 0
    return (1 + j % 5) * noise if noise > (0.75 - 0.03 * j if yes else 0.75) else 0.0


x = np.array([[feature(i, j) for j in range(features)] for i in range(rows + test)], dtype=np.float32)
y = np.array([1 if i % 2 == 0 else 0 for i in range(rows + test)])
ranked = get_sorted_indices(torch.tensor(x[:rows]), torch.tensor(y[:rows]), mean_act_normalization).tolist()
probes = []
for k in (1, 4, 12):
    chosen = ranked[:k]
    found = find_best_reg(X_train=x[:rows][:, chosen], y_train=y[:rows], X_test=x[rows:][:, chosen], y_test=y[rows:], seed=42)
    metrics = found.metrics
    probes.append({"k": k, "auc": metrics.test_auc, "accuracy": metrics.test_acc, "f1": metrics.test_f1, "c": found.classifier.C,
                   "weights": found.classifier.coef_[0].tolist(), "bias": float(found.classifier.intercept_[0])})
out = {"sae_probes": "0.4.2", "rows": rows, "test": test, "features": features, "ranked": ranked, "probes": probes}
(pathlib.Path(__file__).parent / "sae-probes.json").write_text(json.dumps(out, indent=1) + "\n")
