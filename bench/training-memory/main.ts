/**
 * The largest memory of a training run's process, beside its weights: `train-sae` as `pipeline run` does it, on rows in a file
 * that is larger than the bound, with checkpoints on its way.
 *   node bench/training-memory/main.ts [--shapes 768x12288,2304x65536] [--rows 40000] [--batch 2048] [--steps 12]
 *     [--architecture topk] [--checkpoint 0] [--keep DIR]
 * The bound: 3.2 times the weights (themselves and Adam's two moments, and a fifth) and 0.5 GiB.
 */
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"

const { values: given } = parseArgs({
  options: {
    shapes: { type: "string", default: "768x12288,2304x16384" },
    rows: { type: "string", default: "40000" },
    batch: { type: "string", default: "2048" },
    steps: { type: "string", default: "12" },
    architecture: { type: "string", default: "topk" },
    /** Further options of train-sae. */
    with: { type: "string", default: '{"k":32,"dead_after":10000000}' },
    /** Seconds between checkpoints; 0: after every step. */
    checkpoint: { type: "string", default: "5" },
    /** Rows are made once and kept here. */
    keep: { type: "string" }
  }
})
const MiB = 2 ** 20
const folder = given.keep ?? mkdtempSync(join(tmpdir(), "bench-training-memory-"))
mkdirSync(folder, { recursive: true })
const main = join(import.meta.dirname, "../../bin/pipeline.mjs")

const experiment = (d_in: number, d_sae: number): string => `name: training-memory
stages:
  rows:
    uses: make-synthetic
    with: { features: 512, d_in: ${d_in}, rows: ${given.rows}, orthogonal_steps: 0 }
  sae:
    uses: train-sae
    with:
      activations: "\${{ stages.rows }}"
      architecture: ${given.architecture}
      d_sae: ${d_sae}
      batch_rows: ${given.batch}
      steps: ${given.steps}
${Object.entries(JSON.parse(given.with) as object)
  .map(([name, value]) => `      ${name}: ${JSON.stringify(value)}`)
  .join("\n")}
`

interface Action {
  readonly record: {
    readonly manifest: { readonly kind: string }
    readonly seconds: number
    readonly provenance: { readonly peakMemory: number }
  }
}

/** The latest record of the stage that trains. */
const trained = (cache: string): Action["record"] => {
  const files = readdirSync(join(cache, "actions"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".json"))
    .map((name) => join(cache, "actions", name))
    .toSorted((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)
  const records = files.map((file) => (JSON.parse(readFileSync(file, "utf8")) as Action).record)
  const found = records.find(({ manifest }) => manifest.kind === "train-sae")
  if (found === undefined) throw new Error("nothing was trained")
  return found
}

console.log(
  "| d_in x d_sae | weights, MiB | rows, MiB | largest process, MiB | bound, MiB | (largest - 0.5 GiB) / weights | s |"
)
console.log("| --- | --- | --- | --- | --- | --- | --- |")
for (const shape of given.shapes.split(",")) {
  const [d_in, d_sae] = shape.split("x").map(Number) as [number, number]
  const file = join(folder, `${shape}.yaml`)
  writeFileSync(file, experiment(d_in, d_sae))
  const cache = join(folder, `cache-${d_in}-${given.rows}`)
  const { status, stderr, stdout } = spawnSync(
    process.execPath,
    [main, "run", file, "--cache", cache, "--force", "sae"],
    { encoding: "utf8", maxBuffer: 2 ** 26, env: { ...process.env, PIPELINE_CHECKPOINT_SECONDS: given.checkpoint } }
  )
  if (status !== 0) throw new Error(stdout + stderr)
  const { seconds, provenance } = trained(cache)
  const weights = (2 * d_in * d_sae * 4) / MiB
  const peak = provenance.peakMemory / MiB
  const cells = [
    shape,
    weights.toFixed(0),
    ((Number(given.rows) * d_in * 4) / MiB).toFixed(0),
    peak.toFixed(0),
    (3.2 * weights + 512).toFixed(0),
    ((peak - 512) / weights).toFixed(2),
    seconds.toFixed(0)
  ]
  console.log(`| ${cells.join(" | ")} |`)
}
if (given.keep === undefined) rmSync(folder, { recursive: true, force: true })
