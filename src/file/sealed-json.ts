/**
 * JSON that carries the sha256 of all of itself, for records that decide a result: a flipped bit makes such a record
 * unreadable instead of another one.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { sha256Of } from "./hash-file.ts"

const start = `{"record":`
const end = (sha256: string): string => `,"sha256":"${sha256}"}\n`
const endLength = end("0".repeat(64)).length

/** @param json the text of one JSON value */
export const sealJson = (json: string): string => start + json + end(sha256Of(json))

/** The text that was sealed; undefined where a single byte differs. */
export const unsealJson = (text: string): string | undefined => {
  const json = text.slice(start.length, -endLength)
  return sealJson(json) === text ? json : undefined
}

/** Decodes sealed texts; none where the seal is broken or the record is of another schema. */
export const decodeSealed = <A>(schema: Schema.Codec<A>): ((text: string) => Option.Option<A>) => {
  const decode = Schema.decodeUnknownOption(schema)
  return (text) => {
    const json = unsealJson(text)
    if (json === undefined) return Option.none()
    try {
      return decode(JSON.parse(json))
    } catch {
      // What was sealed was no JSON.
      return Option.none()
    }
  }
}
