/**
 * The README.md of an SAE in SAELens's folder, as the Hugging Face hub shows it: a header that names the library, what the SAE is,
 * what was measured, and how to load it.
 */
import type { Metrics } from "../../artifact/artifact.ts"
import type { SaeInfo } from "./stored/sae-weights.ts"

const row = (name: string, value: string): string => `| ${name} | ${value} |`

/** Six digits; a bar would end the cell. */
const shown = (value: unknown): string =>
  (typeof value === "number" ? String(Number(value.toPrecision(6))) : String(value)).replaceAll("|", "\\|")

export const modelCard = (info: SaeInfo, metadata: Readonly<Record<string, unknown>>, metrics: Metrics): string => {
  const facts = Object.entries({
    architecture: info.architecture,
    "k (latents per row)": info.k,
    d_in: info.d_in,
    d_sae: info.d_sae,
    hook: info.hook,
    model: metadata["model_name"],
    text: metadata["dataset_path"],
    "context size": metadata["context_size"]
  }).filter(([, value]) => value !== null && value !== undefined)
  return `${[
    "---",
    "library_name: saelens",
    "tags:",
    "- sparse-autoencoder",
    "- mechanistic-interpretability",
    "---",
    "",
    "# Sparse autoencoder",
    "",
    "| | |",
    "| --- | --- |",
    ...facts.map(([name, value]) => row(name, shown(value))),
    "",
    "Metrics of the stage that it is of:",
    "",
    "| metric | value |",
    "| --- | --- |",
    ...Object.entries(metrics)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => row(name, shown(value))),
    "",
    "```python",
    "from sae_lens import SAE",
    "",
    'sae = SAE.load_from_disk("folder of this file")',
    "```"
  ].join("\n")}\n`
}
