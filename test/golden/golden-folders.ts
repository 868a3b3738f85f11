/** Folders of golden values, and what kinds there are. */
import * as fs from "node:fs"
import * as path from "node:path"

/** Absolute paths of the folders in a directory. */
export const foldersIn = (directory: string): ReadonlyArray<string> =>
  fs.existsSync(directory)
    ? fs
        .readdirSync(directory, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => path.join(directory, name))
        .toSorted()
    : []

export const goldensDirectory = process.env["GOLDENS_DIR"] ?? path.join(import.meta.dirname, "../../../shared/goldens")

/** Folders of folders that the golden tests go through: what `GOLDENS_DIR` names, or the goldens and cases beside the checkout. */
export const goldenDirectories: ReadonlyArray<string> =
  process.env["GOLDENS_DIR"] === undefined
    ? [goldensDirectory, path.join(import.meta.dirname, "../../../shared/cases/models")]
    : [goldensDirectory]

/** Our own goldens: further architectures and variants, made by `checkpoints/make.py`. */
export const ownGoldensDirectory = path.join(import.meta.dirname, "checkpoints")

/**
 * * `checkpoint`: a Hugging Face folder with weights and golden.safetensors
 * * `weights`: a Hugging Face folder with weights and nothing to compare them with
 * * `gguf`: golden.safetensors and the golden strings of a tokenizer, for a GGUF file that stands elsewhere
 */
export type GoldenKind = "checkpoint" | "weights" | "gguf" | "unknown"

export const goldenKind = (place: string): GoldenKind => {
  const has = (name: string): boolean => fs.existsSync(path.join(place, name))
  if (has("config.json")) return has("golden.safetensors") ? "checkpoint" : "weights"
  if (!has("golden.safetensors")) return "unknown"
  return has("tokenizer.json") && has("README.md") ? "gguf" : "unknown"
}
