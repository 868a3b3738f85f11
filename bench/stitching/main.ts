/**
 * Time and memory of stitching a large SAE to a small one: TopK SAEs of random dictionaries that share half of the small one's latents, on
 * rows that are sums of the large one's directions. Rows are made when they are read, so that the memory is the stitching's.
 *
 *   node bench/stitching/main.ts [--small 16384] [--large 65536] [--d_in 512] [--rows 30000] [--k 32]
 */
import { parseArgs } from "node:util"
import * as Effect from "effect/Effect"
import type { RowBatches } from "../../src/analysis/stitching/standing-alone.ts"
import { stitchSaes } from "../../src/analysis/stitching/stitch-saes.ts"
import type { SaeWeights } from "../../src/kinds/sae/stored/sae-weights.ts"
import { randomUnitRows } from "../../src/random/random-unit-rows.ts"
import * as Rng from "../../src/random/rng.ts"
import { loadEngine } from "../../src/tensor/engine/engine.ts"

const { values } = parseArgs({
  options: {
    small: { type: "string", default: "16384" },
    large: { type: "string", default: "65536" },
    d_in: { type: "string", default: "512" },
    rows: { type: "string", default: "30000" },
    k: { type: "string", default: "32" }
  }
})
const [small, large, d, rows, k] = [values.small, values.large, values.d_in, values.rows, values.k].map(Number) as [
  number,
  number,
  number,
  number,
  number
]
const batchRows = 2048

/** TopK, its encoder the transpose of its decoder. */
const topk = (W_dec: Float32Array<ArrayBuffer>): SaeWeights => {
  const d_sae = W_dec.length / d
  const W_enc = new Float32Array(W_dec.length)
  for (let j = 0; j < d_sae; j++) for (let i = 0; i < d; i++) W_enc[i * d_sae + j] = W_dec[j * d + i]!
  return {
    d_in: d,
    d_sae,
    activation: { type: "topk", k },
    apply_b_dec_to_input: false,
    W_enc,
    W_dec,
    b_enc: new Float32Array(d_sae),
    b_dec: new Float32Array(d),
    threshold: undefined
  }
}

const directions = randomUnitRows(large, d, 1)
/** Half of the small SAE's latents are the large one's, each of the others is in the middle of two of them. */
const narrow = directions.slice(0, small * d)
for (let j = small >> 1; j < small; j++) {
  const other = ((j + small) % large) * d
  for (let i = 0; i < d; i++) narrow[j * d + i] = (narrow[j * d + i]! + directions[other + i]!) / Math.SQRT2
}

const batches = (name: string): RowBatches<never> => ({
  batches: Math.ceil(rows / batchRows),
  read: (index) =>
    Effect.sync(() => {
      const rng = Rng.make(index, name)
      const x = new Float32Array(Math.min(batchRows, rows - index * batchRows) * d)
      for (let row = 0; row < x.length; row += d) {
        for (let n = 0; n < k; n++) {
          const [from, size] = [rng.int(large) * d, 1 + rng.float()]
          for (let i = 0; i < d; i++) x[row + i]! += size * directions[from + i]!
        }
      }
      return x
    })
})

const MiB = 2 ** 20
const cpu = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

const program = Effect.gen(function* () {
  const engine = yield* loadEngine("tensorflow", { threads: 2 })
  const saes = { small: topk(narrow), large: topk(directions) }
  const weights = 2 * 4 * (narrow.length + directions.length)
  console.log(
    `${engine.isa}; ${small} and ${large} latents, d_in ${d}, ${rows} rows, k ${k}; weights ${(weights / MiB).toFixed(0)} MiB, ` +
      `process before ${(process.memoryUsage.rss() / MiB).toFixed(0)} MiB`
  )
  console.log("| part | CPU s | s | largest memory so far, MiB |\n| --- | ---: | ---: | ---: |")
  const start = { cpu: cpu(), wall: performance.now() }
  let [since, part] = [start, "thresholds of TopK"]
  const next = (what: string) => {
    if (what === part) return
    const now = { cpu: cpu(), wall: performance.now() }
    const memory = process.resourceUsage().maxRSS / 1024
    console.log(
      `| ${part} | ${(now.cpu - since.cpu).toFixed(1)} | ${((now.wall - since.wall) / 1000).toFixed(1)} | ${memory.toFixed(0)} |`
    )
    since = now
    part = what
  }
  const { file } = yield* stitchSaes(
    saes,
    batches("held-out rows"),
    batches("rows for thresholds"),
    { b_dec: "best", threshold_from: "youden", fixed_threshold: 0.7, unmatched: "nearest" },
    next
  )
  next("")
  since = start
  part = "all"
  next("")
  const { counts, small: first, large: last } = file
  console.log(
    `${counts.novel} novel, AUC ${file.proxy.auc.toFixed(3)}, ${file.path.length - 1} steps, L0 ${first.l0.toFixed(1)} to ${last.l0.toFixed(1)}, ` +
      `explained variance ${first.ev.toFixed(4)} to ${last.ev.toFixed(4)}, largest group ${counts.largest_component}`
  )
})

await Effect.runPromise(Effect.scoped(program))
