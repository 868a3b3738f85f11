#!/usr/bin/env bash
# Good guess: toArray() of an Arrow JS vector is its numbers in a typed array: what get(i) gives, only faster.
# What happens: for half floats it is the raw 16 bits in a Uint16Array. A cache of float16 activations (FixedSizeList of
#   halves, the usual layout) reads 1.0 as 15360, negative numbers as the largest, and no error is raised: Uint16Array goes
#   wherever numbers go. Nulls come out as 0 in the same way. get(i) and iteration decode both rightly.
# Versions: apache-arrow (npm) 21.2.0, reading what pyarrow 26.0.1 wrote.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --no-compile pyarrow==26.0.1 numpy==2.4.6
npm install --silent --no-audit --no-fund --ignore-scripts apache-arrow@21.2.0
venv/bin/python - <<'PY'
import numpy as np
import pyarrow as pa

rows = np.array([[1.0, -2.5], [0.125, 0.0], [-0.5, 3.0]], dtype=np.float16)
table = pa.table({
    "acts": pa.FixedSizeListArray.from_arrays(pa.array(rows.reshape(-1)), 2),
    "loss": pa.array([0.5, None, 2.0], type=pa.float32()),
})
with pa.ipc.new_file("acts.arrow", table.schema) as file:
    file.write_table(table)
PY
cat >run.cjs <<'JS'
const assert = require('node:assert/strict')
const { readFileSync } = require('node:fs')
const { tableFromIPC } = require('apache-arrow')

const table = tableFromIPC(readFileSync('acts.arrow'))
const row = table.getChild('acts').get(0)
const loss = table.getChild('loss')
console.log('row 0 of [1, -2.5]: by get', [...row], ' toArray', row.toArray())
console.log('loss of [0.5, null, 2]: by get', [...loss], ' toArray', loss.toArray())
const all = new Float32Array(table.getChild('acts').getChildAt(0).toArray())
console.log('all activations, as float32:', all.join(' '))
assert.deepEqual([...row], [1, -2.5])
assert.deepEqual(row.toArray(), new Uint16Array([0x3c00, 0xc100]))
assert.deepEqual(all, new Float32Array([15360, 49408, 12288, 0, 47104, 16896]))
assert.deepEqual([...loss], [0.5, null, 2])
assert.deepEqual(loss.toArray(), new Float32Array([0.5, 0, 2]))
JS
node run.cjs
