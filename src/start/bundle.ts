/**
 * All modules of this package, with Effect, in two scripts, what nearly every process needs and the rest: read and compiled
 * once, where each process would else find, strip and link a thousand files. A module in them is evaluated when it is first
 * asked for, and once in a process.
 */
export type Namespace = Readonly<Record<string, unknown>>

export interface Bundle {
  /** Where its script is; a worker that is given this runs the same code. */
  readonly folder: string
  /** Says what this process does beyond what its use tells, such as a stage of a kind: what V8 compiled for that is worth keeping. */
  readonly did: (what: string) => void
  /** What V8 has compiled so far is there for the next process of this use. Nothing where all that was done is kept already. */
  readonly keepCompiled: () => void
  /** Modules of this package by absolute path. */
  readonly modules: Readonly<Record<string, () => Promise<Namespace>>>
  /** Modules of Effect, which a project's own stage kinds import too, by absolute path. */
  readonly packages: Readonly<Record<string, () => Namespace>>
}

/** Where `bin/bundle/open-bundle.mjs` puts it. */
const PLACE = Symbol.for("sae-pipeline.bundle")
type Global = typeof globalThis & { [PLACE]?: Bundle }

/** What this process runs from; undefined where that is the source files themselves. */
export const currentBundle = (): Bundle | undefined => (globalThis as Global)[PLACE]
