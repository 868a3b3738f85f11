/** How a run is shown: as NDJSON, line by line, or drawn on a terminal. */
import * as Effect from "effect/Effect"
import { jsonRenderer } from "./json-renderer.ts"
import { lineRenderer } from "./line-renderer.ts"
import type { Renderer } from "./renderer.ts"

const say = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

/**
 * The terminal's renderer is loaded only where there is a terminal.
 *
 * @param expected seconds that a stage may take, by id
 */
export const chooseRenderer = (json: boolean, expected: ReadonlyMap<string, number>): Effect.Effect<Renderer> => {
  if (json) return Effect.succeed(jsonRenderer(say))
  if (!process.stderr.isTTY || process.env["CI"] !== undefined) return Effect.succeed(lineRenderer(say))
  return Effect.map(
    Effect.promise(() => import("./listr-renderer.ts")),
    ({ listrRenderer }) => listrRenderer(say, expected)
  )
}
