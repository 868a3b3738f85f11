import type { Json } from "../json/canonical-json.ts"

/** Coordinates of a matrix instance: `{ width: 512, seed: 0 }`. Empty for a stage without a matrix. */
export type Coordinates = Readonly<Record<string, Json>>
