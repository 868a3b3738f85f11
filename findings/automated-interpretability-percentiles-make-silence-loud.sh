#!/usr/bin/env bash
# Good guess: matching percentiles gives a simulator's predictions the distribution of the true activations (the class says so): as many silent tokens,
#   the same mean, and a prediction of 0 is an activation of 0.
# What happens: sorted predictions and sorted activations are handed to numpy's interp, which takes of equal predictions the LAST. Most predictions are
#   exactly 0, so 0 becomes the activation at the top of that block: a simulator that is right where it predicts anything but finds only half of the
#   active tokens has every silent token at 1.9 of at most 4, no token is silent, and the mean is 4.4 times the true one. Its R2 falls below 0 where
#   linear calibration has 0.4. No such harm where predictions have no ties (the control).
# Versions: automated-interpretability 0.0.24, numpy 1.26.4, scikit-learn 1.9.1.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" automated-interpretability==0.0.24 numpy==1.26.4 scikit-learn==1.9.1
"$work/venv/bin/python" -W ignore - <<'PY'
import asyncio

import numpy as np
from neuron_explainer.activations.activations import ActivationRecord
from neuron_explainer.explanations import calibrated_simulator
from neuron_explainer.explanations.explanations import ActivationScale, SequenceSimulation
from neuron_explainer.explanations.scoring import simulate_and_score
from neuron_explainer.explanations.simulator import NeuronSimulator


class Recorded(NeuronSimulator):
    """Predicts what was recorded for a text, kept under its first token."""

    def __init__(self, predictions):
        self.predictions = predictions

    async def simulate(self, tokens):
        values = self.predictions[tokens[0]]
        return SequenceSimulation(
            tokens=list(tokens),
            expected_activations=values,
            activation_scale=ActivationScale.SIMULATED_NORMALIZED_ACTIVATIONS,
            distribution_values=[[value] for value in values],
            distribution_probabilities=[[1.0] for _ in values],
        )


async def calibrated(name, simulator, records):
    by = await getattr(calibrated_simulator, name).create(simulator, records)
    said = [value for record in records for value in (await by.simulate(record.tokens)).expected_activations]
    return np.array(said), (await simulate_and_score(by, records)).rsquared_score


for seed in (0, 1):
    for ties in (True, False):
        rng = np.random.default_rng(seed)
        records, predictions = [], {}
        for text in range(20):
            fires = rng.random(64) < 0.2
            found = fires & (rng.random(64) < 0.5)
            noise = 0 if ties else rng.random(64) / 100
            records.append(ActivationRecord(tokens=[f"text {text}", *["word"] * 63], activations=np.where(fires, rng.uniform(0.5, 4, 64), 0).tolist()))
            predictions[f"text {text}"] = (np.where(found, rng.integers(1, 11, 64), 0) + noise).tolist()
        true = np.concatenate([record.activations for record in records])
        silent = np.concatenate(list(predictions.values())) < 0.5
        said, r2 = asyncio.run(calibrated("PercentileMatchingCalibratedNeuronSimulator", Recorded(predictions), records))
        _, linear = asyncio.run(calibrated("LinearCalibratedNeuronSimulator", Recorded(predictions), records))
        print(f"{'zeros' if ties else 'no ties'}: mean activation {true.mean():.3f}, calibrated {said.mean():.3f}; silent {np.mean(true == 0):.3f}, calibrated", end=" ")
        print(f"{np.mean(said == 0):.3f}; least calibrated prediction {said.min():.3f}; R2 {r2:.2f}, of linear calibration {linear:.2f}")
        if ties:
            assert said[silent].min() == said[silent].max() > 1.5 and said.mean() > 4 * true.mean() and r2 < 0 < linear
        else:
            assert abs(said.mean() - true.mean()) < 1e-6 and abs(np.mean(said == 0) - np.mean(true == 0)) < 0.01
PY
