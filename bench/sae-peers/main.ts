/**
 * Explained variance of our SAEs beside those of other libraries' trainers, on the same rows with the same constants:
 *   SAELENS_PYTHON=/path/to/python node bench/sae-peers/main.ts [--set steps=500 ...] [STAGE...]
 * Needs a Python with dictionary-learning, sae-lens and pyarrow. The experiment is peers.yaml; the table is Markdown.
 */
import { spawnSync } from "node:child_process"
import { tmpdir } from "node:os"
import { join } from "node:path"

const here = import.meta.dirname
if (process.env["SAELENS_PYTHON"] === undefined) {
  process.stderr.write(
    "SAELENS_PYTHON must name a Python: python3 -m venv peers && peers/bin/pip install sae-lens dictionary-learning\n"
  )
  process.exit(2)
}

interface StageLine {
  readonly id: string
  readonly status: string
  readonly seconds?: number
  readonly metrics?: Readonly<Record<string, number>>
}

const command = ["run", join(here, "peers.yaml"), "--json", "--cache", join(tmpdir(), "sae-peers-cache")]
const { status, stdout } = spawnSync(
  process.execPath,
  [join(here, "../../bin/pipeline.mjs"), ...command, ...process.argv.slice(2)],
  { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 2 ** 28 }
)
if (stdout.trim() === "") process.exit(status ?? 1)
const lines = stdout.trim().split("\n")
const { stages = [] } = JSON.parse(lines.at(-1) ?? "{}") as { readonly stages?: ReadonlyArray<StageLine> }
const metricsOf = (stage: string) =>
  new Map(
    stages.flatMap(({ id, metrics }) => {
      const match = /^(.*)\[architecture=(.*)\]$/.exec(id)
      return match?.[1] === stage && metrics?.["explained_variance"] !== undefined
        ? [[match[2] as string, metrics] as const]
        : []
    })
  )
const [ours, peers] = [metricsOf("evaluate-ours"), metricsOf("evaluate-peer")]
const figure = (metrics: Readonly<Record<string, number>>, name: string, digits: number) =>
  (metrics[name] as number).toFixed(digits)
process.stdout.write(
  "| architecture | peer | EV ours | EV peer | difference | L0 ours | L0 peer | CE recovered ours | peer |\n"
)
process.stdout.write("| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
for (const [architecture, own] of ours) {
  const peer = peers.get(architecture)
  if (peer === undefined) continue
  const difference = (own["explained_variance"] as number) - (peer["explained_variance"] as number)
  const cells = [
    architecture,
    architecture === "jumprelu" ? "SAELens" : "dictionary_learning",
    figure(own, "explained_variance", 4),
    figure(peer, "explained_variance", 4),
    `${difference >= 0 ? "+" : ""}${difference.toFixed(4)}`,
    figure(own, "l0", 2),
    figure(peer, "l0", 2),
    figure(own, "ce_recovered", 4),
    figure(peer, "ce_recovered", 4)
  ]
  process.stdout.write(`| ${cells.join(" | ")} |\n`)
}
process.exit(status ?? 1)
