/** Draws rows from the last block to the first: see draw-ahead.ts, whose thread runs this file. */
import { workerData } from "node:worker_threads"
import * as Rng from "../../random/rng.ts"
import type { DrawnBlock, DrawThreadData } from "./draw-ahead.ts"
import { drawRows, rngOfRows, rowsOfBlock } from "./initial-weights.ts"

const { asked, from, drawn, port } = workerData as DrawThreadData

const { d_in, d_sae } = asked
const step = rowsOfBlock(asked)
const rng = rngOfRows(asked)
/** Where the generator is before each block: passing over a number costs a twentieth of drawing it. */
const states: Array<ReturnType<Rng.Rng["state"]>> = []
for (let first = 0; first < d_sae; first += step) {
  states.push(rng.state())
  // A normal takes two words.
  for (let words = 2 * d_in * Math.min(step, d_sae - first); words > 0; words--) rng.uint32()
}
for (let block = states.length - 1; block >= from; block--) {
  // From here on somebody else has drawn them.
  if (Atomics.load(drawn, 0) >= block) break
  const rows = new Float32Array(Math.min(step, d_sae - block * step) * d_in)
  drawRows(Rng.fromState(states[block]!), asked, rows)
  const message: DrawnBlock = { block, rows }
  port.postMessage(message, [rows.buffer])
}
