/** The stage export-curves. */
import * as Effect from "effect/Effect"
import { tensorboardEvents } from "../../format/tensorboard-events.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import type { Coordinates } from "../../stage/coordinates.ts"
import type { Opened } from "../../stage/input.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"

/** The run's name in TensorBoard: `width=512,seed=0`; what is no plain character of a file name is `_`. */
const runName = (at: Coordinates, index: number): string =>
  Object.entries(at)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(",")
    .replaceAll(/[^\w.,=+-]/g, "_") || `sae-${index}`

export const exportCurves = Effect.fn("exportCurves")(function* ({
  inputs,
  output,
  log
}: StageContext<unknown, unknown, { readonly saes: ReadonlyArray<Opened<SaeHandle>> }>) {
  const names = new Set<string>()
  let points = 0
  for (const [index, { at, value }] of inputs.saes.entries()) {
    const curve = yield* value.curve
    if (curve?.["step"] === undefined || curve["step"].length === 0) {
      log(`SAE ${index + 1} has no training curve: it was not trained here`)
      continue
    }
    const { step: steps, ...columns } = curve
    const events = Array.from(steps ?? [], (step, row) => ({
      step,
      scalars: Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[row] as number]))
    }))
    const name = runName(at, index)
    const run = names.has(name) ? `${name}-${index}` : name
    names.add(run)
    yield* output.write(`${run}/events.out.tfevents.0`, tensorboardEvents(events))
    points += events.length
  }
  if (names.size === 0) {
    return yield* stageFailed("none of these SAEs has a training curve", "Give SAEs that `train-sae` made.")
  }
  return { runs: names.size, points }
})
