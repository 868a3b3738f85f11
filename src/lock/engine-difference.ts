/** How two engines differ, in words: what digests may differ by on two machines. */
import type { EngineInfo } from "../tensor/engine-info.ts"

const words = {
  name: (value) => `engine ${value}`,
  version: (value) => `version ${value}`,
  device: (value) => `${value}`,
  isa: (value) => `${value}`,
  threads: (value) => `${value} threads`,
  kernels: (value) => `${value} kernels`
} satisfies { readonly [K in keyof EngineInfo]: (value: EngineInfo[K]) => string }

const fields = Object.keys(words) as ReadonlyArray<keyof EngineInfo>

const tell = (info: EngineInfo, which: ReadonlyArray<keyof EngineInfo>): string =>
  which.map((field) => (words[field] as (value: unknown) => string)(info[field])).join(", ")

/** `x64-avx2, locked with x64-avx512`; undefined where the engines are equal. */
export const engineDifference = (locked: EngineInfo | null, now: EngineInfo | null): string | undefined => {
  if (locked === null && now === null) return undefined
  if (locked === null) return `with the engine ${tell(now as EngineInfo, fields)}, locked without one`
  if (now === null) return `without an engine, locked with ${tell(locked, fields)}`
  const differing = fields.filter((field) => locked[field] !== now[field])
  return differing.length === 0 ? undefined : `${tell(now, differing)}, locked with ${tell(locked, differing)}`
}
