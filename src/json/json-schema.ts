/** JSON inside of what is decoded by a Schema. */
import * as Schema from "effect/Schema"
import type { Json } from "./canonical-json.ts"

/** Whatever it holds: who parsed the text has seen to that. */
export const AnyJson: Schema.Codec<Json> = Schema.Json as Schema.Codec<Json>
export const JsonMap = Schema.Record(Schema.String, AnyJson)
