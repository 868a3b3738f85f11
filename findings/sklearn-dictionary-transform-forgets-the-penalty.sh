#!/usr/bin/env bash
# Good guess: DictionaryLearning(alpha=0.1) gives every row the code that its penalty asks for: fit_transform(X) and fit(X).transform(X) are
#   the same codes, as for NMF and SparsePCA, and held-out rows are encoded as the training rows were.
# What happens: transform does not solve the problem that was fitted. By default it is orthogonal matching pursuit with a tenth of the
#   DIMENSIONS as number of atoms, whatever alpha is: of 16 dimensions one atom a row, where training rows have three. The same rows, by the
#   same dictionary, have 0.99 of their variance explained by the one and 0.81 by the other, so a baseline whose training codes are
#   compared with its codes of held-out rows has lost a fifth of the variance to the method of counting. MiniBatchDictionaryLearning, its
#   sibling, gives the one-atom codes from fit_transform as well. transform_algorithm="lasso_cd" is what one means.
# Versions: scikit-learn 1.9.1, numpy 2.4.6. NMF's two codes are the control.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" scikit-learn==1.9.1 numpy==2.4.6
OMP_NUM_THREADS=1 PYTHONWARNINGS=ignore "$work/venv/bin/python" - <<'PY'
import numpy as np
from sklearn.decomposition import NMF, DictionaryLearning, MiniBatchDictionaryLearning

rng = np.random.default_rng(0)
atoms = rng.standard_normal((24, 16))
atoms /= np.linalg.norm(atoms, axis=1, keepdims=True)
x = rng.exponential(1, (400, 24)) * (rng.random((400, 24)) < 0.1) @ atoms


def measured(codes, model):
    explained = 1 - ((x - codes @ model.components_) ** 2).sum() / ((x - x.mean(0)) ** 2).sum()
    return (codes != 0).sum(1).mean(), explained


got = {}
for kind in (DictionaryLearning, MiniBatchDictionaryLearning):
    for alpha in (0.1, 0.4):
        model = kind(n_components=24, alpha=alpha, max_iter=100, random_state=0)
        ways = {"fit_transform": model.fit_transform(x), "transform": model.transform(x)}
        ways["lasso_cd"] = model.set_params(transform_algorithm="lasso_cd").transform(x)
        got[kind.__name__, alpha] = {way: measured(codes, model) for way, codes in ways.items()}
        for way, (l0, explained) in got[kind.__name__, alpha].items():
            print(f"{kind.__name__}, alpha {alpha}: {way:13} L0 {l0:.2f}, explained variance {explained:.3f}")

for alpha in (0.1, 0.4):
    full = got["DictionaryLearning", alpha]
    assert full["transform"][0] <= 1 and full["fit_transform"][0] > 1.5
    assert abs(full["fit_transform"][0] - full["lasso_cd"][0]) < 0.1 and abs(full["fit_transform"][1] - full["lasso_cd"][1]) < 0.01
    batches = got["MiniBatchDictionaryLearning", alpha]
    assert batches["fit_transform"] == batches["transform"] and batches["transform"][0] <= 1 < 1.5 < batches["lasso_cd"][0]
penalised = got["DictionaryLearning", 0.1]
assert penalised["fit_transform"][1] > 0.98 and penalised["transform"][1] < 0.86

nmf = NMF(n_components=8, max_iter=1000, random_state=0)
apart = np.abs(nmf.fit_transform(abs(x)) - nmf.transform(abs(x))).max()
print(f"NMF: codes of the two ways differ by at most {apart:.4f}")
assert apart < 0.01
PY
