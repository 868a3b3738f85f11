/** Writes and reads a dashboard's text: `text.arrow`, one row a context. */
import * as Effect from "effect/Effect"
import type { ArtifactWriter } from "../../artifact/artifact.ts"
import { openArrow } from "../../format/arrow/arrow-reader.ts"
import { openArrowWriter } from "../../format/arrow/arrow-writer.ts"
import type { DashboardText } from "./dashboard-text.ts"
import { type DashboardHandle, textFileName } from "./dashboard.ts"

const textColumns = (contextSize: number) =>
  ({ context: { type: "i32" }, ids: { type: "i32", list: contextSize } }) as const

/** Ids in a record batch. */
const batchIds = 65_536

export const writeDashboardText = Effect.fn("writeDashboardText")(function* (
  output: ArtifactWriter,
  { contextSize, contexts, ids }: DashboardText
) {
  const file = yield* openArrowWriter(output, textFileName, textColumns(contextSize))
  const most = Math.max(1, Math.floor(batchIds / contextSize))
  for (let first = 0; first < contexts.length; first += most) {
    const own = contexts.slice(first, first + most)
    yield* file.append(own.length, {
      context: own,
      ids: ids.slice(first * contextSize, (first + own.length) * contextSize)
    })
  }
  yield* file.close
})

export const readDashboardText = Effect.fn("readDashboardText")(function* (handle: DashboardHandle) {
  const { artifact, context_size: contextSize, leading, contexts: kept } = handle
  const columns = textColumns(contextSize)
  const file = yield* openArrow(yield* artifact.open(textFileName), columns, textFileName, artifact.digest)
  const text = { contexts: new Int32Array(kept), ids: new Int32Array(kept * contextSize) }
  let filled = 0
  for (let batch = 0; batch < file.batches; batch++) {
    const { rows, values } = yield* file.readBatch(batch)
    text.contexts.set(values.context, filled)
    text.ids.set(values.ids, filled * contextSize)
    filled += rows
  }
  return { contextSize, leading, ...text } satisfies DashboardText
}, Effect.scoped)
