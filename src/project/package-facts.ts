import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as Schema from "effect/Schema"
import { packageDirectory } from "./package-directory.ts"

const Facts = Schema.fromJsonString(
  Schema.Struct({
    name: Schema.String,
    version: Schema.String,
    exports: Schema.Record(
      Schema.String,
      Schema.Union([Schema.String, Schema.Struct({ types: Schema.String, default: Schema.String })])
    )
  })
)

/** What this package says of itself in its package.json. */
export const packageFacts = Schema.decodeUnknownSync(Facts)(
  readFileSync(join(packageDirectory, "package.json"), "utf8")
)
