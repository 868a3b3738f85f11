/** The character sets of `unicode-tables.ts` as sources of character classes (with the flag `v`), and as tests. */
import * as tables from "./unicode-tables.ts"

const numbers = (runs: string): ReadonlyArray<number> => runs.split(" ").map((each) => Number.parseInt(each, 36))

const escaped = (point: number): string => `\\u{${point.toString(16)}}`

/** `\u{41}-\u{5a}...`, to stand within `[...]`. */
const classSource = (runs: string): string => {
  const lengths = numbers(runs)
  let [source, at] = ["", 0]
  for (let i = 0; i < lengths.length; i += 2) {
    const start = at + (lengths[i] as number)
    at = start + (lengths[i + 1] as number)
    source += at - start === 1 ? escaped(start) : `${escaped(start)}-${escaped(at - 1)}`
  }
  return source
}

/** Within `[...]`: characters that Oniguruma and Rust's regex, of an older Unicode, do not know yet. */
export const newInUnicode17 = classSource(tables.newInUnicode17)

/** `\w` of Rust's regex. */
export const wordCharacter = `[[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}]--[${newInUnicode17}]]`

export const punctuation = new RegExp(`[${classSource(tables.punctuation)}]`, "gv")
export const controls = new RegExp(`[${classSource(tables.controls)}]`, "gv")
export const accents = new RegExp(`[${classSource(tables.accents)}]`, "gv")
export const marks = new RegExp(`[${classSource(tables.marks)}]`, "gv")
/** Stretches that the library's normalization forms treat as the engine's do. */
export const normalizedAlike = new RegExp(`[^${classSource(tables.normalizedLater)}]+`, "gv")

/** Class of a character's script; 0 goes with any other. */
export const scriptOf = (() => {
  let runEnds: Uint32Array | undefined
  let classes: ReadonlyArray<number> = []
  const open = (): Uint32Array => {
    const pairs = numbers(tables.scripts)
    const ends = new Uint32Array(pairs.length / 2)
    let at = 0
    for (let i = 0; i < ends.length; i++) {
      // Code point 0 was not tried; the first run is given from 0.
      at += pairs[2 * i] as number
      ends[i] = at
    }
    classes = Array.from(ends, (_, i) => pairs[2 * i + 1] as number)
    return ends
  }
  return (point: number): number => {
    const ends = (runEnds ??= open())
    let [low, high] = [0, ends.length - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((ends[middle] as number) > point) high = middle
      else low = middle + 1
    }
    return classes[low] as number
  }
})()
