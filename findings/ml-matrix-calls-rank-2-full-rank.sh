#!/usr/bin/env bash
# Good guess: solve(X, y) of ml-matrix gives least squares as numpy's lstsq does, and where columns depend on each other it says so: QrDecomposition has
#   isFullRank(), and throws "Matrix is rank deficient".
# What happens: full rank is that no number on R's diagonal is exactly 0. Of three columns, one a mix of the others, rounding leaves 1e-16 there: full rank,
#   weights of 1e13, a fit 4 % worse than the best, no error. A probe on latents of which one is a mix of two has such columns.
# Versions: ml-matrix 6.15.1, numpy 2.4.6. solve(X, y, true), by singular values, agrees with numpy.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q numpy==2.4.6
npm install --silent --no-audit --no-fund ml-matrix@6.15.1
cat > solve.mjs <<'JS'
import assert from "node:assert"
import { execFileSync } from "node:child_process"
import { Matrix, QrDecomposition, solve } from "ml-matrix"

const rows = Array.from({ length: 40 }, (_, i) => {
  const [u, v] = [Math.sin(i * 1.7) + 1.1, Math.cos(i * 2.3) + 1.2]
  return [u, v, 0.3 * u + 0.7 * v]
})
const y = rows.map(([u, v], i) => 2 * u - v + 0.1 * Math.sin(i * 5))
const [X, Y] = [new Matrix(rows), Matrix.columnVector(y)]
const numpy = JSON.parse(
  execFileSync("venv/bin/python", ["-c", "import sys,json,numpy as np; X,y=json.load(sys.stdin); w,_,rank,_=np.linalg.lstsq(np.array(X),np.array(y),rcond=None); print(json.dumps([w.tolist(),int(rank)]))"], { input: JSON.stringify([rows, y]) })
)
const error = (w) => X.mmul(w).sub(Y).norm() ** 2 / 40
const [plain, singular] = [solve(X, Y), solve(X, Y, true)]
const full = new QrDecomposition(X).isFullRank()
console.log("solve:", plain.to1DArray(), "full rank:", full, "mean squared error:", error(plain))
console.log("by singular values:", singular.to1DArray(), error(singular), "numpy:", numpy[0], "rank", numpy[1])
assert.ok(full && numpy[1] === 2)
assert.ok(Math.max(...plain.to1DArray().map(Math.abs)) > 1e10)
assert.ok(error(plain) > 1.01 * error(singular))
for (const [i, w] of numpy[0].entries()) assert.ok(Math.abs(w - singular.get(i, 0)) < 1e-8)
JS
node solve.mjs
