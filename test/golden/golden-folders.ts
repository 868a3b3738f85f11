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

/** Our own goldens: further architectures and variants, made by `checkpoints/make.py`. */
export const ownGoldensDirectory = path.join(import.meta.dirname, "checkpoints")

/**
 * * `checkpoint`: a Hugging Face folder with weights and golden.safetensors
 * * `gguf`: golden.safetensors and the golden strings of a tokenizer, for a GGUF file that stands elsewhere
 */
export type GoldenKind = "checkpoint" | "gguf" | "unknown"

export const goldenKind = (place: string): GoldenKind => {
  const has = (name: string): boolean => fs.existsSync(path.join(place, name))
  if (!has("golden.safetensors")) return "unknown"
  if (has("config.json")) return "checkpoint"
  return has("tokenizer.json") && has("README.md") ? "gguf" : "unknown"
}
