"""Figures of SAELens' own code on a random dictionary and random firings: `pip install sae-lens==6.54.12`, then run it here."""
import json

import torch
from sae_lens.synthetic.evals import (
    compute_classification_metrics,
    feature_uniqueness,
    mean_correlation_coefficient,
)

torch.manual_seed(0)
cases = []
for latents, features, d, rows in [(5, 8, 6, 40), (9, 6, 4, 40), (7, 7, 12, 30)]:
    W_dec = torch.randn(latents, d)
    truth = torch.nn.functional.normalize(torch.randn(features, d), dim=1)
    codes = torch.rand(rows, latents) * (torch.rand(rows, latents) < 0.3)
    fires = torch.rand(rows, features) * (torch.rand(rows, features) < 0.25)
    codes[:, 0] = 0
    figures = compute_classification_metrics(codes, fires, W_dec, truth)
    cases.append(
        {
            "d": d,
            "W_dec": W_dec.flatten().tolist(),
            "features": truth.flatten().tolist(),
            "codes": [[j for j in range(latents) if row[j] > 0] for row in codes.tolist()],
            "fires": [[i for i in range(features) if row[i] > 0] for row in fires.tolist()],
            "mcc": mean_correlation_coefficient(W_dec, truth),
            "uniqueness": feature_uniqueness(W_dec, truth),
            "f1": figures.f1_score,
            "precision": figures.precision,
            "recall": figures.recall,
        }
    )
with open("saelens-synthetic.json", "w") as file:
    json.dump(cases, file)
