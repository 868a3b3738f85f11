"""Makes quants.json: blocks of GGML's formats, in hexadecimal, and the values that gguf-py's own decoder gives.

    pip install gguf numpy
    python make-quants.py

Written with gguf 0.19.0.
"""

import json
import os

import numpy as np
from gguf import GGMLQuantizationType
from gguf.quants import dequantize
from gguf.constants import GGML_QUANT_SIZES

random = np.random.default_rng(0)
result = {}
for name in ["Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS", "MXFP4", "Q4_0", "Q8_0", "Q4_1", "Q5_0", "Q5_1"]:
    kind = GGMLQuantizationType[name]
    values, size = GGML_QUANT_SIZES[kind]
    blocks = random.integers(0, 256, size=(1, size), dtype=np.uint8)
    # Scales that are ordinary numbers: 0x2c is a positive exponent byte of a half float near 0.06.
    for at in {"Q2_K": [81, 83], "Q3_K": [109], "Q4_K": [1, 3], "Q5_K": [1, 3], "Q6_K": [209], "IQ4_NL": [1],
               "IQ4_XS": [1], "MXFP4": [], "Q4_0": [1], "Q8_0": [1], "Q4_1": [1, 3], "Q5_0": [1],
               "Q5_1": [1, 3]}[name]:
        blocks[:, at] = 0x2C
    if name == "MXFP4":
        blocks[:, 0] = 125
    given = dequantize(blocks, kind).astype(np.float32)
    result[name] = {"bytes": blocks.tobytes().hex(), "values": [float(x) for x in given.ravel()]}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "quants.json"), "w") as file:
    json.dump(result, file)
    file.write("\n")
