/** Where a store is, for a worker that has to open it: JSON, without credentials. */
import * as Schema from "effect/Schema"

/** `kind` names the file that opens it, `src/store/<kind>/<kind>-store.ts`; the rest is its own. */
export const StoreDescription = Schema.Struct({ kind: Schema.String, directory: Schema.String })
export type StoreDescription = typeof StoreDescription.Type
