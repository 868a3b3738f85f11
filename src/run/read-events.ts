/** The events of a past or present run, as its store keeps them. */
import * as Effect from "effect/Effect"
import type { RunEvent } from "./event.ts"
import type { RunSummary } from "../store/run-record.ts"

/** What looks like no event of this version is left out. */
export const isEvent = (value: unknown): value is RunEvent =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string"

export const readEvents = ({ events }: RunSummary): Effect.Effect<ReadonlyArray<RunEvent>> =>
  Effect.map(events, (all) => all.filter(isEvent))
