"""Writes rankings.json: mutual information, the L1 path and best subsets by scikit-learn, on columns that both sides compute.

    pip install scikit-learn==1.9.1
    python test/analysis/probing/make-rankings.py
"""
import itertools
import json
import pathlib
import warnings

import numpy as np
from sklearn.feature_selection import mutual_info_classif
from sklearn.linear_model import LogisticRegression

warnings.simplefilter("ignore")
rows, columns = 120, 8


def value(i, j):
    """No two distances between rows are alike; the greater j, the more a row's label shows."""
    noise = (i * 7919 + j * 104729 + i * j * 31) % 1009 / 1009
    return noise * noise + (0.03 * j if i % 2 == 0 else 0.0)


x = np.array([[value(i, j) for j in range(columns)] for i in range(rows)])
y = np.array([i % 2 == 0 for i in range(rows)])
information = mutual_info_classif(x, y, discrete_features=False, random_state=0).tolist()

scaled = x / x.std(axis=0)
free = np.abs(scaled.T @ (y - 0.5)).max()
path = []
for step in range(1, 17):
    fit = LogisticRegression(l1_ratio=1, C=1 / (free * 0.75**step), solver="saga", tol=1e-8, max_iter=100000).fit(scaled, y)
    path.append([j for j in range(columns) if abs(fit.coef_[0][j]) > 1e-5])


def loss(chosen):
    fit = LogisticRegression(C=1, solver="lbfgs", tol=1e-10, max_iter=10000).fit(scaled[:, chosen], y)
    margins = np.where(y, 1, -1) * fit.decision_function(scaled[:, chosen])
    return float(np.log1p(np.exp(-margins)).sum() + (fit.coef_**2).sum() / 2)


subsets = []
for k in (1, 2, 3):
    tried = [(loss(list(chosen)), chosen) for chosen in itertools.combinations(range(columns), k)]
    least, chosen = min(tried)
    subsets.append({"k": k, "loss": least, "chosen": list(chosen)})
out = {"scikit_learn": "1.9.1", "rows": rows, "columns": columns, "information": information, "path": path, "subsets": subsets}
(pathlib.Path(__file__).parent / "rankings.json").write_text(json.dumps(out) + "\n")
