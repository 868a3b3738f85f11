#!/usr/bin/env bash
# Good guess: hyparquet gives a column of bytes as bytes; only columns that the file says are text are decoded.
# What happens: with the default options every BYTE_ARRAY without a logical type is decoded as UTF-8, though the file has text marked as such: what is no
#   UTF-8 becomes U+FFFD, so vectors kept as bytes, hashes and compressed pieces are lost, without an error. Where bytes happen to be UTF-8, they are
#   a string, and rows of one column have lengths that differ from those of the file. Fixed-length bytes are left alone. `utf8: false` gives bytes.
# Versions: hyparquet 1.33.0, pyarrow 21.0.0
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q pyarrow==21.0.0
npm install --silent --no-audit --no-fund hyparquet@1.33.0
venv/bin/python - <<'PY'
import struct

import pyarrow as pa
import pyarrow.parquet as pq

vectors = [struct.pack("<4f", *row) for row in ([0.5, -1.25, 3.0, 1e-3], [1.0, 2.0, -4.0, 0.1])]
pq.write_table(
    pa.table({"vector": pa.array(vectors, pa.binary()), "fixed": pa.array(vectors, pa.binary(16)), "token": ["a", "\u00e9"]}), "rows.parquet"
)
PY
cat > read.mjs <<'JS'
import assert from "node:assert"
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet"

const file = await asyncBufferFromFile("rows.parquet")
const floats = (bytes) => [...new Float32Array(Uint8Array.from(bytes).buffer)]
const [row] = await parquetReadObjects({ file })
const [asked] = await parquetReadObjects({ file, utf8: false })
const again = new TextEncoder().encode(row.vector)
console.log("as read:", JSON.stringify(row.vector), "bytes of it:", again.length, "of 16")
console.log("fixed length:", floats(row.fixed), "utf8: false:", floats(asked.vector), "token:", asked.token)
assert.equal(typeof row.vector, "string")
assert.ok(row.vector.includes("\uFFFD"))
assert.notEqual(again.length, 16)
assert.deepEqual(floats(row.fixed), floats(asked.vector))
assert.equal(asked.token, "a")
JS
node read.mjs
