#!/usr/bin/env bash
# Good guess: a list of numbers that npyjs writes is read by numpy as int64 or float64, as np.save(..., [1, 2, 3]) would have it.
# What happens: the type is the smallest one that holds these numbers: counts up to 255 are uint8, so numpy multiplies and subtracts them modulo 256
#   (3 - 200 is 59, 3 * 100 is 44), or 65,536, and whether it does depends on the largest count of the file; numbers with a fraction are float32.
# Versions: npyjs 1.2.0, numpy 2.4.6. A typed array keeps its type: the control.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q numpy==2.4.6
npm install --silent --no-audit --no-fund npyjs@1.2.0
cat > write.mjs <<'JS'
import { writeFileSync } from "node:fs"
import { dump } from "npyjs"

const counts = [3, 200, 17]
const write = (name, bytes) => writeFileSync(name, Buffer.from(bytes))
write("counts.npy", dump(counts, [3]))
write("more.npy", dump([...counts, 300], [4]))
write("control.npy", dump(new Float64Array(counts), [3]))
write("shares.npy", dump([0.1, 0.2], [2]))
JS
node write.mjs
venv/bin/python - <<'PY'
import numpy as np

counts, more, control, shares = (np.load(f"{name}.npy") for name in ("counts", "more", "control", "shares"))
for name, found in (("counts", counts), ("with a larger one", more), ("control", control), ("shares", shares)):
    print(f"{name}: {found.dtype}, 100 times the first: {found[:1] * 100}, first less second: {found[:1] - found[1:2]}")
assert counts.dtype == np.uint8 and more.dtype == np.uint16 and control.dtype == np.float64 and shares.dtype == np.float32
assert (counts * 100)[0] == 44 and (counts[:1] - counts[1:2])[0] == 59
assert (control * 100)[0] == 300 and (control[:1] - control[1:2])[0] == -197
assert float(shares[0]) != 0.1
PY
