/**
 * MXFP4 in safetensors, as GPT-OSS is published: `NAME_blocks` [..., groups, 16] holds two values in a byte, the first in its
 * lower half; `NAME_scales` [..., groups] one exponent, biased by 127, for each 32 of them. Source: Open Compute Project,
 * "OCP Microscaling Formats (MX) Specification" 1.0.
 */
import * as Effect from "effect/Effect"
import type { ArtifactError } from "../artifact/artifact-error.ts"
import type { WeightEntry, WeightTensors } from "./weight-tensors.ts"

/** E2M1: a sign, two bits of exponent, one of mantissa. */
const values = Float32Array.of(0, 0.5, 1, 1.5, 2, 3, 4, 6, -0, -0.5, -1, -1.5, -2, -3, -4, -6)

const groupBytes = 16
const groupValues = 2 * groupBytes

/**
 * @param blocks [groups * 16]
 * @param scales [groups]; 255 means NaN
 */
export const decodeMxfp4 = (blocks: Uint8Array, scales: Uint8Array): Float32Array<ArrayBuffer> => {
  const out = new Float32Array(blocks.length * 2)
  for (const [group, exponent] of scales.entries()) {
    const scale = exponent === 255 ? Number.NaN : 2 ** (exponent - 127)
    for (let i = 0; i < groupBytes; i++) {
      const byte = blocks[group * groupBytes + i] as number
      const at = group * groupValues + 2 * i
      out[at] = (values[byte & 15] as number) * scale
      out[at + 1] = (values[byte >> 4] as number) * scale
    }
  }
  return out
}

/** The same tensors, where `NAME_blocks` with its `NAME_scales` is a tensor [..., groups * 32]. */
export const withMxfp4 = (stored: WeightTensors): WeightTensors => {
  const { bytes } = stored
  if (bytes === undefined) return stored
  const entries = new Map<string, WeightEntry>(stored.entries)
  const scalesOf = new Map<string, string>()
  for (const [name, { dtype, shape }] of stored.entries) {
    const scales = name.replace(/_blocks$/, "_scales")
    const scaled = stored.entries.get(scales)
    if (scales === name || dtype !== "U8" || scaled?.dtype !== "U8") continue
    if (shape.at(-1) !== groupBytes || scaled.shape.join() !== shape.slice(0, -1).join()) continue
    scalesOf.set(name, scales)
    entries.delete(scales)
    entries.set(name, {
      dtype: "MXFP4",
      quantized: true,
      shape: [...shape.slice(0, -2), (shape.at(-2) as number) * groupValues]
    })
  }
  if (scalesOf.size === 0) return stored
  const float32 = (name: string): Effect.Effect<Float32Array<ArrayBuffer>, ArtifactError> => {
    const scales = scalesOf.get(name)
    if (scales === undefined) return stored.float32(name)
    return Effect.zipWith(bytes(name), bytes(scales), decodeMxfp4)
  }
  return { entries, float32, bytes }
}
