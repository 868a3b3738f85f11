/**
 * Damaged copies of a file, the same ones for the same seed: bits turned, bytes and lengths replaced by those that readers
 * get wrong most tellingly, ends cut off, pieces put elsewhere, doubled, taken out or taken from another file. In texts
 * numbers, brackets and names are damaged too, so that the text stays one that is read.
 */
import type { Rng } from "../../src/random/rng.ts"

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

const join = (...parts: ReadonlyArray<Uint8Array>): Uint8Array => new Uint8Array(Buffer.concat(parts))

const extremeBytes = [0, 1, 0x7f, 0x80, 0xff]

/** What a length, a count or an offset is replaced by; the file's own size is near the right one. */
const lengths = (size: number): ReadonlyArray<bigint> =>
  [0, 1, 8, size - 1, size, size + 1, 0x7fff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 2 ** 40, 2 ** 53]
    .map(BigInt)
    .concat(0x7fff_ffff_ffff_ffffn, 0xffff_ffff_ffff_ffffn)

const numbers = ["0", "-1", "1e9", "1e308", "2147483648", "9007199254740993", "-0.5", "1e-320", "99999999999999999999"]
const words = ["null", "true", "[]", "{}", '""', '"\\ud800"', "[[[[]]]]", '{"__proto__":{"x":1}}', '"../../x"']

const pick = <A>(rng: Rng, from: ReadonlyArray<A>): A => from[rng.int(from.length)] as A

type Damage = (bytes: Uint8Array, rng: Rng, other: Uint8Array) => Uint8Array

const replaceMatch = (text: string, pattern: RegExp, rng: Rng, by: (found: string) => string): string => {
  const found = [...text.matchAll(pattern)]
  if (found.length === 0) return text
  const { 0: match, index } = pick(rng, found)
  return text.slice(0, index) + by(match) + text.slice(index + match.length)
}

const binary: ReadonlyArray<Damage> = [
  (bytes, rng) => bytes.slice(0, rng.int(bytes.length)),
  (bytes, rng) => {
    const result = bytes.slice()
    for (let n = 1 + rng.int(8); n > 0; n--) {
      const at = rng.int(result.length)
      result[at] = (result[at] as number) ^ (1 << rng.int(8))
    }
    return result
  },
  (bytes, rng) => {
    const at = rng.int(bytes.length)
    return bytes.slice().fill(pick(rng, extremeBytes), at, at + 1 + rng.int(8))
  },
  (bytes, rng) => {
    // A length field: of 2, 4 or 8 bytes, mostly where one may stand.
    const width = pick(rng, [2, 4, 4, 8, 8])
    if (bytes.length < width) return bytes
    const result = bytes.slice()
    const free = rng.int(bytes.length - width + 1)
    const at = rng.int(4) === 0 ? free : free - (free % width)
    const field = Buffer.alloc(8)
    field.writeBigUInt64LE(BigInt.asUintN(64, pick(rng, lengths(bytes.length))))
    if (rng.int(4) === 0) field.subarray(0, width).reverse()
    result.set(field.subarray(0, width), at)
    return result
  },
  (bytes, rng) => {
    // Splice: another place of the file stands here.
    const from = rng.int(bytes.length)
    return bytes.slice().copyWithin(rng.int(bytes.length), from, from + 1 + rng.int(64))
  },
  (bytes, rng) => {
    // A chunk twice.
    const at = rng.int(bytes.length)
    const end = Math.min(bytes.length, at + 1 + rng.int(256))
    return join(bytes.subarray(0, end), bytes.subarray(at, end), bytes.subarray(end))
  },
  (bytes, rng) => {
    const at = rng.int(bytes.length)
    return join(bytes.subarray(0, at), bytes.subarray(at + 1 + rng.int(64)))
  },
  (bytes, rng, other) => {
    // The beginning of this file and the end of another of its format.
    return join(bytes.subarray(0, rng.int(bytes.length)), other.subarray(rng.int(Math.max(1, other.length))))
  }
]

const textual: ReadonlyArray<Damage> = [
  (bytes, rng) => bytesOf(replaceMatch(textOf(bytes), /-?\d+(\.\d+)?/g, rng, () => pick(rng, numbers))),
  (bytes, rng) =>
    bytesOf(replaceMatch(textOf(bytes), /"[^"\n]*"|\b\d+\b|true|false|null/g, rng, () => pick(rng, words))),
  (bytes, rng) => bytesOf(replaceMatch(textOf(bytes), /[[\]{}:,"]/g, rng, (found) => found.repeat(rng.int(3)))),
  (bytes, rng) => bytesOf(replaceMatch(textOf(bytes), /"[^"\n]{1,40}"/g, rng, (found) => `"${found.slice(1, -1)}x"`)),
  (bytes, rng) => {
    const [open, close] = pick(rng, [
      ["[", "]"],
      ["{a: ", "}"],
      ['{"a":', "}"],
      ["(", ")"]
    ] as const)
    const depth = pick(rng, [3, 70, 2000])
    const deep = `${open.repeat(depth)}1${close.repeat(depth)}`
    return bytesOf(replaceMatch(textOf(bytes), /"[^"\n]*"|\b\d+\b/g, rng, () => deep))
  },
  (bytes, rng) => bytesOf(replaceMatch(textOf(bytes), /\w+/g, rng, (found) => found.repeat(pick(rng, [2, 40, 5000]))))
]

/** A word that is repeated again and again would be a test of the disk. */
const mostBytes = 1 << 20

/**
 * One to three damages.
 * @param other a further file of the format
 */
export const mutate = (bytes: Uint8Array, other: Uint8Array, isText: boolean, rng: Rng): Uint8Array => {
  let result = bytes
  for (let n = 1 + rng.int(3); n > 0 && result.length > 0 && result.length < mostBytes; n--) {
    const damages = isText && rng.int(2) === 0 ? textual : binary
    result = pick(rng, damages)(result, rng, other)
  }
  return result
}
