/** Computes a stage twice on this machine and compares what came out, file by file. */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import type { Metrics } from "../artifact/artifact.ts"
import { instancesNamed } from "../plan/instances-named.ts"
import type { RunRequest } from "../run/run-options.ts"
import { Unreadable } from "../specification/expression.ts"
import { onCommandLine } from "../specification/location.ts"
import { SpecInvalid } from "../specification/spec-invalid.ts"
import type { NewAction } from "../store/action-record.ts"
import { Store } from "../store/store.ts"
import type { Experiment } from "./load-experiment.ts"
import { planSelected, runExperiment } from "./run-experiment.ts"

/** What differs has been told. */
export class NotDeterministic extends Data.TaggedError("NotDeterministic")<{ readonly stages: ReadonlyArray<string> }> {
  override readonly [Runtime.errorExitCode] = 1
  override get message(): string {
    return `not deterministic: ${this.stages.join(", ")}`
  }
}

/** Somebody else had the key. */
export class NotComputedTwice extends Data.TaggedError("NotComputedTwice")<{ readonly id: string }> {
  override get message(): string {
    return `${this.id} was not computed twice here: another run computed it meanwhile. Try again`
  }
}

export interface Verified {
  readonly id: string
  readonly same: boolean
  readonly digests: readonly [string, string]
  /** Paths whose bytes differ, or that one of the two has. */
  readonly files: ReadonlyArray<string>
  readonly metrics: ReadonlyArray<{
    readonly name: string
    readonly first: number | undefined
    readonly second: number | undefined
  }>
  /** False: both are equal, and the result that the key stands for is another one, of another engine or machine. */
  readonly asStored: boolean
}

/** A store that keeps its canonical results, and notes what is committed. */
const witness = (store: Store["Service"], noted: Map<string, Array<NewAction>>): Store["Service"] =>
  Store.of({
    ...store,
    commit: (action) => {
      noted.set(action.stage, [...(noted.get(action.stage) ?? []), action])
      return store.commit(action)
    }
  })

const differingMetrics = (a: Metrics, b: Metrics): Verified["metrics"] =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((name) => a[name] !== b[name])
    .map((name) => ({ name, first: a[name], second: b[name] }))

const differingFiles = Effect.fnUntraced(function* (store: Store["Service"], digests: readonly [string, string]) {
  const [a, b] = yield* Effect.forEach(digests, (digest) =>
    Effect.map(store.artifact(digest), ({ files }) => new Map(files.map(({ path, sha256 }) => [path, sha256])))
  )
  const paths = [...new Set([...(a?.keys() ?? []), ...(b?.keys() ?? [])])]
  return paths.filter((path) => a?.get(path) !== b?.get(path)).toSorted()
})

/** What stands above is computed where it is missing. Fails with `RunFailed` where a stage fails. */
export const verifyDeterminism = Effect.fn("verifyDeterminism")(function* (
  experiment: Experiment,
  stage: string,
  options: Pick<RunRequest, "onEvent" | "engine" | "jobs">
) {
  const store = yield* Store
  const inOrder = experiment.compiled.graph.instances.toSorted((a, b) => a.order - b.order)
  const instances = instancesNamed(inOrder, stage)
  if (instances instanceof Unreadable) {
    const at = onCommandLine(`--verify-determinism ${stage}`)
    return yield* new SpecInvalid({ problems: [{ at, path: "", message: instances.message }] })
  }
  const noted = new Map<string, Array<NewAction>>()
  const compute = (force: ReadonlyArray<string>) =>
    planSelected(experiment, { stages: [stage], force }).pipe(
      Effect.flatMap((planned) => runExperiment(planned, options)),
      Effect.provideService(Store, witness(store, noted))
    )
  yield* compute([])
  // What was there already was computed before, perhaps elsewhere.
  for (let times = 0; times < 2; times++) {
    const wanting = instances.filter(({ id }) => (noted.get(id)?.length ?? 0) < 2)
    if (wanting.length > 0) yield* compute(wanting.map(({ id }) => id))
  }
  return yield* Effect.forEach(
    instances,
    Effect.fnUntraced(function* ({ id }) {
      const [first, second] = noted.get(id) ?? []
      if (first === undefined || second === undefined) {
        return yield* new NotComputedTwice({ id })
      }
      const digests = [first.digest, second.digest] as const
      const same = first.digest === second.digest
      const verified: Verified = {
        id,
        same,
        digests,
        files: same ? [] : yield* differingFiles(store, digests),
        metrics: differingMetrics(first.metrics, second.metrics),
        asStored: (yield* store.action(first.key))?.digest === first.digest
      }
      return verified
    })
  )
})
