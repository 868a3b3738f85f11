import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as Schema from "effect/Schema"
import { packageDirectory } from "../project/package-directory.ts"

const Package = Schema.fromJsonString(Schema.Struct({ version: Schema.String }))

/** The version of this package. */
export const version: string = Schema.decodeUnknownSync(Package)(
  readFileSync(join(packageDirectory, "package.json"), "utf8")
).version
