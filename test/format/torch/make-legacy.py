"""Makes legacy.bin: a state dict in the layout that torch.save had before PyTorch 1.6.

    pip install torch
    python make-legacy.py

Written with torch 2.15.0.
"""
import os
from collections import OrderedDict

import torch

base = torch.arange(12, dtype=torch.float32).reshape(3, 4) / 8
state = OrderedDict(
    whole=base,
    turned=base.T,
    row=base[1],
    half=torch.tensor([0.5, -2.0, 3.25], dtype=torch.float16),
    brain=torch.tensor([1.5, -0.25], dtype=torch.bfloat16),
    wide=torch.tensor([[0.1]], dtype=torch.float64),
    mask=torch.tensor([True, False]),
    count=torch.tensor(7),
)
state._metadata = OrderedDict({"": {"version": 1}})
here = os.path.dirname(os.path.abspath(__file__))
torch.save(state, os.path.join(here, "legacy.bin"), _use_new_zipfile_serialization=False)
