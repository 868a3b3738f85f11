/**
 * What the page shows of latents beyond their line in the list, in as few bytes as that takes: base64 of one latent after the other. A
 * page holds thousands, and unpacks a range of them when one is looked at.
 */
import { contextAt, type DashboardText } from "../../kinds/dashboard/dashboard-text.ts"
import { type ByteReader, byteReader, bytesOf, type ByteWriter, byteWriter } from "./byte-stream.ts"
import type { ExampleData, LatentData } from "./latent-data.ts"

/** All but what the list has, and what only explanations have. */
export type PackedLatent = Pick<
  LatentData,
  "id" | "histogram" | "top" | "bands" | "promoted" | "suppressed" | "near" | "together" | "cosine" | "stitch"
>

type Pairs = LatentData["promoted"]

/** An activation as a share of the latent's largest, in 16 bits: finer than what is shown of it. */
const steps = 65_535

const list = <A>(out: ByteWriter, items: ReadonlyArray<A>, write: (item: A) => void): void => {
  out.uint(items.length)
  for (const item of items) write(item)
}

const writePairs = (out: ByteWriter, pairs: Pairs = []): void =>
  list(out, pairs, ([id, weight]) => {
    out.uint(id)
    out.float(weight)
  })

/** `length` tokens of the text, `pivot` of them before `position`. */
const inText = (text: DashboardText | undefined, position: number, pivot: number, length: number) => {
  const context = text && contextAt(text, position)
  const first = text === undefined ? 0 : (position % text.contextSize) - pivot
  return context === undefined || first < 0 ? undefined : context.subarray(first, first + length)
}

const writeExample = (
  out: ByteWriter,
  [position, pivot, tokens, activations]: ExampleData,
  max: number,
  text: DashboardText | undefined
): void => {
  out.uint(position)
  out.uint(pivot)
  const known = inText(text, position, pivot, tokens.length)
  const same = known !== undefined && tokens.every((token, i) => known[i] === token)
  // The text has most tokens already.
  out.uint(2 * tokens.length + Number(same))
  if (!same) for (const token of tokens) out.uint(token)
  const fired = activations.flatMap((value, i) => (value > 0 ? [[i, value] as const] : []))
  list(out, fired, ([i, value]) => {
    out.uint(i)
    out.uint(Math.max(1, Math.round((Math.min(value, max) / max) * steps)))
  })
}

const writeOptional = (out: ByteWriter, numbers: ReadonlyArray<number> | undefined): void =>
  list(out, numbers ?? [], out.float)

/** @param text that examples are from; what unpacks them is given the same */
export const packLatents = (
  latents: ReadonlyArray<PackedLatent & Pick<LatentData, "max">>,
  text: DashboardText | undefined
): string => {
  const out = byteWriter()
  list(out, latents, ({ id, max, histogram, top, bands, promoted, suppressed, near, together, cosine, stitch }) => {
    out.uint(id)
    out.float(max)
    list(out, histogram, out.uint)
    list(out, top, (each) => writeExample(out, each, max, text))
    list(out, bands, ([low, high, examples]) => {
      out.float(low)
      out.float(high)
      list(out, examples, (each) => writeExample(out, each, max, text))
    })
    for (const pairs of [promoted, suppressed, near, together]) writePairs(out, pairs)
    writeOptional(out, cosine === undefined ? undefined : [cosine])
    writeOptional(out, stitch)
  })
  return Buffer.from(out.bytes).toString("base64")
}

const readList = <A>(from: ByteReader, read: () => A): Array<A> => {
  const items: Array<A> = []
  for (let left = from.uint(); left > 0; left--) items.push(read())
  return items
}

const readPairs = (from: ByteReader): Pairs => readList(from, () => [from.uint(), rounded(from.float())] as const)

/** f32 of a number of few digits: as it was written. */
const rounded = (value: number): number => Number(value.toPrecision(6))

const readExample = (from: ByteReader, max: number, text: DashboardText | undefined): ExampleData => {
  const [position, pivot, size] = [from.uint(), from.uint(), from.uint()]
  const known = size % 2 === 1 ? inText(text, position, pivot, size >> 1) : undefined
  const tokens = Array.from(known ?? Array.from({ length: size >> 1 }, from.uint))
  const activations = tokens.map(() => 0)
  for (let left = from.uint(); left > 0; left--) {
    const i = from.uint()
    activations[i] = (from.uint() / steps) * max
  }
  return [position, pivot, tokens, activations]
}

export const unpackLatents = (packed: string, text: DashboardText | undefined): ReadonlyMap<number, PackedLatent> => {
  const from = byteReader(bytesOf(packed))
  const latents = readList(from, (): PackedLatent => {
    const id = from.uint()
    const max = from.float()
    const histogram = readList(from, from.uint)
    const top = readList(from, () => readExample(from, max, text))
    const bands = readList(from, () => {
      const [low, high] = [rounded(from.float()), rounded(from.float())]
      return [low, high, readList(from, () => readExample(from, max, text))] as const
    })
    const [promoted, suppressed, near, together] = [readPairs(from), readPairs(from), readPairs(from), readPairs(from)]
    const [cosine] = readList(from, () => rounded(from.float()))
    const [delta, nearness, nearest] = readList(from, from.float)
    return {
      id,
      histogram,
      top,
      bands,
      promoted,
      suppressed,
      near,
      together,
      ...(cosine === undefined ? {} : { cosine }),
      ...(delta === undefined || nearness === undefined || nearest === undefined
        ? {}
        : { stitch: [rounded(delta), rounded(nearness), nearest] as const })
    }
  })
  return new Map(latents.map((latent) => [latent.id, latent]))
}
