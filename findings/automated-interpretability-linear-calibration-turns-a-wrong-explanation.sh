#!/usr/bin/env bash
# Good guess: calibrating a simulator linearly leaves the correlation score of an explanation as it is (the class says so of itself): an explanation
#   that says the opposite of what a neuron does scores as far below 0 as its negation scores above.
# What happens: the line is fitted by least squares without a bound on its slope. Where predictions and activations go against each other the slope is
#   negative, every prediction is turned over, and so is the score's sign: -0.61 becomes +0.61. An explanation and its exact opposite have the same
#   score, none is below 0 but by chance. make_explanation_simulator calibrates so by default.
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
from neuron_explainer.explanations.calibrated_simulator import LinearCalibratedNeuronSimulator
from neuron_explainer.explanations.explanations import ActivationScale, SequenceSimulation
from neuron_explainer.explanations.scoring import simulate_and_score
from neuron_explainer.explanations.simulator import NeuronSimulator


class Follows(NeuronSimulator):
    """Follows an explanation, on which tokens the neuron fires, to the letter: 8 there, 1 elsewhere."""

    def __init__(self, fires):
        self.fires = fires

    async def simulate(self, tokens):
        values = [8.0 if self.fires(token) else 1.0 for token in tokens]
        return SequenceSimulation(
            tokens=list(tokens),
            expected_activations=values,
            activation_scale=ActivationScale.SIMULATED_NORMALIZED_ACTIVATIONS,
            distribution_values=[[value] for value in values],
            distribution_probabilities=[[1.0] for _ in values],
        )


def records(rng, count):
    """The neuron fires, more or less, on digits."""
    texts = [["7" if digit else "word" for digit in rng.random(64) < 0.2] for _ in range(count)]
    return [ActivationRecord(tokens=text, activations=[float(rng.exponential(2)) if token == "7" else 0.0 for token in text]) for text in texts]


async def scores(fires, calibration, validation):
    simulator = Follows(fires)
    calibrated = await LinearCalibratedNeuronSimulator.create(simulator, calibration)
    return [(await simulate_and_score(each, validation)).ev_correlation_score for each in (simulator, calibrated)]


for seed in (0, 1):
    rng = np.random.default_rng(seed)
    calibration, validation = records(rng, 10), records(rng, 10)
    right = asyncio.run(scores(str.isdigit, calibration, validation))
    opposite = asyncio.run(scores(str.isalpha, calibration, validation))
    print("correlation score of 'fires on digits', plain and calibrated: {:+.3f} {:+.3f}".format(*right), end="; ")
    print("of 'fires on all but digits': {:+.3f} {:+.3f}".format(*opposite))
    assert right[0] > 0.5 and abs(right[1] - right[0]) < 1e-9
    assert opposite[0] < -0.5 and abs(opposite[1] + opposite[0]) < 1e-9 and abs(opposite[1] - right[1]) < 1e-9
PY
