/** Folders of golden values, and what kinds there are. */
import * as fs from "node:fs"
import * as path from "node:path"

export const goldensDirectory = process.env["GOLDENS_DIR"] ?? path.join(import.meta.dirname, "../../../shared/goldens")

/**
 * * `checkpoint`: a Hugging Face folder with weights and golden.safetensors
 * * `gguf`: golden.safetensors and the golden strings of a tokenizer, for a GGUF file that stands elsewhere
 */
export type GoldenKind = "checkpoint" | "gguf" | "unknown"

export const goldenKind = (folder: string): GoldenKind => {
  const has = (name: string): boolean => fs.existsSync(path.join(goldensDirectory, folder, name))
  if (!has("golden.safetensors")) return "unknown"
  if (has("config.json")) return "checkpoint"
  return has("tokenizer.json") && has("README.md") ? "gguf" : "unknown"
}
