"""SAEBench's own meta_structure on the decoder of a .npy file: `python peers.py FILE SEEDS [--no-autocast]`; one line of JSON a seed."""
import json
import math
import sys

import numpy as np
import torch
from sae_bench.evals.meta_structure import main
from sae_bench.evals.meta_structure.eval_config import MetaStructureEvalConfig

torch.set_num_threads(1)
decoder = torch.from_numpy(np.load(sys.argv[1]))
config = MetaStructureEvalConfig(autocast="--no-autocast" not in sys.argv)
width = max(math.ceil(decoder.shape[0] * config.width_ratio), config.k)
for seed in range(int(sys.argv[2])):
    main._set_random_seed(config.random_seed + seed)
    meta, _ = main._train_meta_structure_on_decoder(decoder, width, config, "cpu")
    explained, _ = main._decoder_variance_metrics(meta, decoder, config.eval_batch_size)
    print(json.dumps(explained), flush=True)
