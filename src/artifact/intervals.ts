/** 95 % intervals by the name of what they belong to, as files of artifacts hold them. One that could not be told is left out. */
import * as Schema from "effect/Schema"

export const Intervals = Schema.Record(Schema.String, Schema.Struct({ low: Schema.Finite, high: Schema.Finite }))
export type Intervals = typeof Intervals.Type

export const toldIntervals = (intervals: Readonly<Record<string, Intervals[string] | undefined>>): Intervals =>
  Object.fromEntries(
    Object.entries(intervals).flatMap(([name, interval]) => (interval === undefined ? [] : [[name, interval]]))
  )
