/** What attention needs beside weights, made once for a pass and shared by the blocks that want the same. */
import type { AttentionDescription } from "./decoder/architecture.ts"
import { causalSight, type Sight } from "./blocks/attention.ts"
import { type Rotary, type RotaryTables, rotaryTables } from "./blocks/rotary.ts"

export interface PassTables {
  readonly sight: Sight
  readonly rotary: RotaryTables | undefined
}

/** Call in a tidy that lasts as long as the pass. */
export const makePassTables = (
  attention: ReadonlyArray<AttentionDescription>,
  time: number
): ((layer: number) => PassTables) => {
  const sights = new Map<number, Sight>()
  const turns = new Map<Rotary, RotaryTables>()
  const byLayer = attention.map(({ window = time, rotary }): PassTables => {
    const reach = Math.min(window, time)
    const sight = sights.get(reach) ?? causalSight(time, reach)
    sights.set(reach, sight)
    if (rotary === undefined) return { sight, rotary: undefined }
    const tables = turns.get(rotary) ?? rotaryTables(rotary, time)
    turns.set(rotary, tables)
    return { sight, rotary: tables }
  })
  return (layer) => byLayer[layer] as PassTables
}
