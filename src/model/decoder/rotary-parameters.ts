/**
 * Rotary frequencies from a configuration's rope parameters, with every scaling that Hugging Face's
 * `modeling_rope_utils` knows for the supported models, in its f32 arithmetic.
 */
import type { Rotary } from "../blocks/rotary.ts"

const f32 = Math.fround

/** base ^ (2 i / dims) for i < dims / 2 */
const wavelengths = (base: number, dims: number): ReadonlyArray<number> =>
  Array.from({ length: dims / 2 }, (_, i) => f32(f32(base) ** f32((2 * i) / dims)))

const inverse = (values: ReadonlyArray<number>): Float32Array => Float32Array.from(values, (value) => f32(1 / value))

export interface RotaryContext {
  /** Entries of a head that are turned. */
  readonly dims: number
  /** `max_position_embeddings` */
  readonly context: number
}

type Fields = Readonly<Record<string, unknown>>

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value)

/** Thrown only inside this file: the name of the field that lacks. */
class Lacking extends Error {}

const number = (fields: Fields, name: string, otherwise?: number): number => {
  const value = fields[name]
  if (isNumber(value) && value > 0) return value
  if ((value === undefined || value === null) && otherwise !== undefined) return otherwise
  throw new Lacking(name)
}

const numbers = (fields: Fields, name: string, count: number): ReadonlyArray<number> => {
  const value = fields[name]
  if (Array.isArray(value) && value.length === count && value.every((x) => isNumber(x) && x > 0)) {
    return value as ReadonlyArray<number>
  }
  throw new Lacking(`${name} of ${count} numbers`)
}

type Scaling = (fields: Fields, base: number, context: RotaryContext) => Omit<Rotary, "dims">

const unchanging = (frequencies: Float32Array, factor = 1): Omit<Rotary, "dims"> => ({
  frequencies: () => frequencies,
  factor
})

const plain: Scaling = (_fields, base, { dims }) => unchanging(inverse(wavelengths(base, dims)))

const linear: Scaling = (fields, base, { dims }) => {
  const factor = number(fields, "factor")
  return unchanging(inverse(wavelengths(base, dims)).map((value) => f32(value / factor)))
}

/** NTK-aware: the base grows with the context, once that exceeds the trained one. */
const dynamic: Scaling = (fields, base, { dims, context }) => {
  const factor = number(fields, "factor")
  return {
    factor: 1,
    frequencies: (time) => {
      const length = Math.max(time, context)
      const stretched = base * ((factor * length) / context - (factor - 1)) ** (dims / (dims - 2))
      return inverse(wavelengths(stretched, dims))
    }
  }
}

/** Llama 3.1: long wavelengths are divided by the factor, short ones kept, those between interpolated. */
const llama3: Scaling = (fields, base, { dims, context }) => {
  const factor = number(fields, "factor")
  const low = number(fields, "low_freq_factor")
  const high = number(fields, "high_freq_factor")
  const trained = number(fields, "original_max_position_embeddings", context)
  return unchanging(
    inverse(wavelengths(base, dims)).map((speed) => {
      const wavelength = f32((2 * Math.PI) / speed)
      if (wavelength > trained / low) return f32(speed / factor)
      if (wavelength < trained / high) return speed
      const smooth = (trained / wavelength - low) / (high - low)
      return f32(((1 - smooth) * speed) / factor + smooth * speed)
    })
  )
}

/** YaRN (Peng et al. 2023). */
const yarn: Scaling = (fields, base, { dims, context }) => {
  const trained = number(fields, "original_max_position_embeddings", context)
  const factor = number(fields, "factor", context / trained)
  const grown = (weight: number): number => (factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1)
  // 0 counts as absent, as in the library.
  const optional = (name: string, otherwise = Number.NaN): number =>
    fields[name] === 0 ? otherwise : number(fields, name, otherwise)
  const [mscale, all] = [optional("mscale"), optional("mscale_all_dim")]
  const attention = number(
    fields,
    "attention_factor",
    Number.isNaN(mscale) || Number.isNaN(all) ? grown(1) : grown(mscale) / grown(all)
  )
  const rotations = (count: number): number => (dims * Math.log(trained / (count * 2 * Math.PI))) / (2 * Math.log(base))
  const whole = fields["truncate"] !== false
  const [first, last] = [rotations(optional("beta_fast", 32)), rotations(optional("beta_slow", 1))] as const
  const from = Math.max(whole ? Math.floor(first) : first, 0)
  let to = Math.min(whole ? Math.ceil(last) : last, dims - 1)
  if (from === to) to += 0.001
  const frequencies = wavelengths(base, dims).map((length, i) => {
    const kept = 1 - Math.min(1, Math.max(0, f32(f32(i - from) / (to - from))))
    return f32((1 / (factor * length)) * (1 - kept) + (1 / length) * kept)
  })
  return unchanging(Float32Array.from(frequencies), attention)
}

const longrope: Scaling = (fields, base, { dims, context }) => {
  const trained = number(fields, "original_max_position_embeddings", context)
  const factor = number(fields, "factor", context / trained)
  const own = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(trained))
  const scaled = (name: string): Float32Array => {
    const by = numbers(fields, name, dims / 2)
    return inverse(wavelengths(base, dims).map((length, i) => f32(f32(by[i] as number) * length)))
  }
  const [short, long] = [scaled("short_factor"), scaled("long_factor")]
  return {
    factor: number(fields, "attention_factor", own),
    frequencies: (time) => (time > trained ? long : short)
  }
}

/** The first share of the frequencies of the whole head; the others are 0, so that their pairs are not turned. */
const proportional: Scaling = (fields, base, { dims }) => {
  const turned = Math.trunc((number(fields, "partial_rotary_factor", 1) * dims) / 2)
  const factor = number(fields, "factor", 1)
  return unchanging(inverse(wavelengths(base, dims)).map((speed, i) => (i < turned ? f32(speed / factor) : 0)))
}

/** As GGUF files carry it: each frequency's own divisor. */
const divisors: Scaling = (fields, base, { dims }) => {
  const by = numbers(fields, "divisors", dims / 2)
  return unchanging(inverse(wavelengths(base, dims)).map((speed, i) => f32(speed / (by[i] as number))))
}

const scalings: Readonly<Record<string, { readonly scaling: Scaling; readonly reads: ReadonlyArray<string> }>> = {
  // Without scaling, or with the same one everywhere, the trained length says nothing.
  default: { scaling: plain, reads: ["original_max_position_embeddings"] },
  linear: { scaling: linear, reads: ["factor", "original_max_position_embeddings"] },
  dynamic: { scaling: dynamic, reads: ["factor"] },
  llama3: {
    scaling: llama3,
    reads: ["factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"]
  },
  yarn: {
    scaling: yarn,
    reads: [
      "factor",
      "original_max_position_embeddings",
      "attention_factor",
      "beta_fast",
      "beta_slow",
      "mscale",
      "mscale_all_dim",
      "truncate"
    ]
  },
  longrope: {
    scaling: longrope,
    reads: ["factor", "original_max_position_embeddings", "attention_factor", "short_factor", "long_factor"]
  },
  proportional: { scaling: proportional, reads: ["factor"] },
  divisors: { scaling: divisors, reads: ["divisors"] }
}

/**
 * In every type: its name, its base, how much of a head is turned. `finetuned` tells where weights are from. Axes of images
 * (`mrope_...`) count alike for text, and only text is run.
 */
const always = new Set([
  "rope_type",
  "type",
  "rope_theta",
  "partial_rotary_factor",
  "finetuned",
  "mrope_section",
  "mrope_interleaved"
])

/** The first key that the type does not know and that is not at the one value that changes nothing. */
const unknownKey = (fields: Fields, reads: ReadonlyArray<string>, context: number): string | undefined =>
  Object.keys(fields).find((key) => {
    const value = fields[key]
    if (value === null || value === undefined || always.has(key) || reads.includes(key)) return false
    const isContext = key === "original_max_position_embeddings" || key === "max_position_embeddings"
    return !(key === "factor" && value === 1) && !(isContext && value === context)
  })

/** How much longer a context than the trained one the parameters are meant for, beyond `max_position_embeddings`. */
export const contextStretch = (fields: Fields): number => {
  const { factor } = fields
  return (fields["rope_type"] ?? fields["type"]) === "dynamic" && isNumber(factor) ? Math.max(1, factor) : 1
}

/** @returns the rotary embedding, or a sentence that says what config.json lacks */
export const rotaryOf = (fields: Fields, base: number, context: RotaryContext): Rotary | string => {
  const { dims } = context
  const name = fields["rope_type"] ?? fields["type"] ?? "default"
  const known = typeof name === "string" && Object.hasOwn(scalings, name) ? scalings[name] : undefined
  if (known === undefined) {
    return `rope_type ${JSON.stringify(name)} is not implemented (there are ${Object.keys(scalings).join(", ")})`
  }
  const { scaling, reads } = known
  const odd = unknownKey(fields, reads, context.context)
  if (odd !== undefined) {
    return `${odd} ${JSON.stringify(fields[odd])} of the rotary parameters (rope_parameters or rope_scaling) is not implemented for rope_type ${String(name)}`
  }
  if (dims < 2 || dims % 2 !== 0) return `${dims} entries of a head are to be rotated, which is not an even number`
  if (!(base > 0 && Number.isFinite(base))) return `rope_theta ${base} is not a positive number`
  try {
    return { dims, ...scaling(fields, base, context) }
  } catch (error) {
    if (error instanceof Lacking) return `rope_type ${String(name)} needs ${error.message}`
    throw error
  }
}
