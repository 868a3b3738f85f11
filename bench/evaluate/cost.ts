/**
 * What evaluating eight SAEs of one hook costs beside one, beyond the SAEs' own passes (encoding, decoding, and the model from the
 * hook on with each reconstruction in place), with the baseline measured anew, and with one that is there.
 *
 *   node bench/evaluate/cost.ts [--cache FOLDER] [--repeats 3] [--contexts 128] [--folder DIR] [--set d_sae=4096 ...]
 *
 * The experiment is saes.yaml; `--folder` has its artifacts exported already.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import * as Effect from "effect/Effect"
import { openActivations } from "../../src/activations/open-activations.ts"
import { Activations } from "../../src/kinds/activations/activations.ts"
import { LanguageModel } from "../../src/kinds/language-model/language-model.ts"
import { Sae } from "../../src/kinds/sae/sae.ts"
import { openModel } from "../../src/model/open-model.ts"
import { crossEntropyFigures } from "../../src/sae/evaluate/cross-entropy-figures.ts"
import { evaluateReconstructions } from "../../src/sae/evaluate/evaluate-reconstruction.ts"
import { evaluationContexts } from "../../src/sae/evaluate/evaluation-contexts.ts"
import { heldOutUnits } from "../../src/sae/evaluate/held-out-units.ts"
import { hookAblations } from "../../src/sae/evaluate/hook-ablations.ts"
import { positionGroups, tokenFrequencyGroups } from "../../src/sae/evaluate/row-groupings.ts"
import { splicedLosses } from "../../src/sae/evaluate/spliced-losses.ts"
import { makeSaeModel, type SaeModel } from "../../src/sae/sae-model.ts"
import { loadEngine } from "../../src/tensor/engine/engine.ts"
import { folderArtifact } from "../../test/artifact/folder-artifact.ts"

const { values } = parseArgs({
  options: {
    cache: { type: "string", default: join(tmpdir(), "evaluate-saes-cache") },
    repeats: { type: "string", default: "3" },
    contexts: { type: "string", default: "128" },
    folder: { type: "string" },
    set: { type: "string", multiple: true, default: [] }
  }
})
const file = join(import.meta.dirname, "saes.yaml")
const folder = values.folder ?? mkdtempSync(join(tmpdir(), "evaluate-saes-"))
const pipeline = (...args: ReadonlyArray<string>): void => {
  const command = [join(import.meta.dirname, "../../bin/pipeline.mjs"), ...args, "--cache", values.cache]
  const set = values.set.flatMap((each) => ["--set", each])
  const { status } = spawnSync(process.execPath, [...command, ...set], { stdio: ["ignore", 2, 2] })
  if (status !== 0) process.exit(status ?? 1)
}
const seeds = 8
const saeStage = (seed: number): string => `sae[seed=${seed}]`
if (values.folder === undefined) pipeline("run", file)
for (const stage of values.folder !== undefined
  ? []
  : ["model", "capture", ...Array.from({ length: seeds }, (_, seed) => saeStage(seed))]) {
  pipeline("export", file, stage, join(folder, stage))
}

/** CPU seconds of this process, all threads: a busy machine does not change them much. */
const cpu = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

await Effect.runPromise(
  Effect.scoped(
    Effect.gen(function* () {
      const engine = yield* loadEngine("auto")
      const activations = yield* Activations.open(folderArtifact(join(folder, "capture"), "Activations"))
      const model = yield* openModel(yield* LanguageModel.open(folderArtifact(join(folder, "model"), "LanguageModel")))
      // An SAE's own passes: from encode to decode on rows; in the model, from its reconstruction to the next one's, or to the end of
      // the batch, which is the model from the hook on, and the losses.
      const own = { seconds: 0, since: 0 }
      const ends = (): void => {
        if (own.since > 0) own.seconds += cpu() - own.since
        own.since = 0
      }
      const begins = (): void => {
        ends()
        own.since = cpu()
      }
      const saes: Array<SaeModel> = []
      for (let seed = 0; seed < seeds; seed++) {
        const sae = yield* Sae.open(folderArtifact(join(folder, saeStage(seed)), "Sae"))
        const tensors = makeSaeModel(yield* sae.weights)
        saes.push({
          ...tensors,
          encode: (x) => {
            begins()
            return tensors.encode(x)
          },
          decode: (codes, x) => {
            const y = tensors.decode(codes, x)
            ends()
            return y
          },
          reconstruct: (x) => {
            begins()
            return tensors.reconstruct(x)
          }
        })
      }
      const rows = (yield* openActivations(activations)).held_out
      const chosen = yield* evaluationContexts(activations, Number(values.contexts))
      const { hook } = activations
      const baseline = yield* hookAblations(activations, model, chosen, { kl: true })

      const evaluate = Effect.fnUntraced(function* (count: number, fresh: boolean) {
        const some = saes.slice(0, count)
        own.seconds = 0
        const before = cpu()
        const groupings = [
          positionGroups(activations.context_size).groups,
          (yield* tokenFrequencyGroups(activations)).groups
        ]
        yield* evaluateReconstructions(some, rows, { units: heldOutUnits(activations), groupings })
        const { contexts } = yield* evaluationContexts(activations, Number(values.contexts))
        const against = fresh ? yield* hookAblations(activations, model, chosen, { kl: true }) : baseline
        const sums = yield* splicedLosses(model, some, { from: hook, to: hook }, contexts, {
          kl: true,
          onContexts: ends
        })
        crossEntropyFigures(against, sums, hook)
        return { all: cpu() - before, saes: own.seconds }
      })

      yield* evaluate(1, true)
      const median = (all: ReadonlyArray<number>): number => all.toSorted((a, b) => a - b)[all.length >> 1] as number
      const repeats = Array.from({ length: Number(values.repeats) }, (_, i) => i)
      console.log(
        `${engine.isa}; d_in ${activations.d_in}, d_sae ${saes[0]?.d_sae}, ${rows.rows} rows, ${chosen.contexts.length} contexts`
      )
      console.log("| baseline | SAEs | CPU s | of it SAEs' own passes | beyond them |")
      console.log("| --- | --- | --- | --- | --- |")
      for (const fresh of [true, false]) {
        const beyond: Array<number> = []
        for (const count of [1, seeds]) {
          const runs: Array<readonly [number, number, number]> = []
          for (const _ of repeats) {
            const { all, saes: passes } = yield* evaluate(count, fresh)
            runs.push([all, passes, all - passes])
          }
          const [all, passes, rest] = [0, 1, 2].map((i) => median(runs.map((run) => run[i] as number))) as [
            number,
            number,
            number
          ]
          beyond.push(rest)
          console.log(
            `| ${fresh ? "measured" : "there"} | ${count} | ${all.toFixed(2)} | ${passes.toFixed(2)} | ${rest.toFixed(2)} |`
          )
        }
        console.log(
          `beyond their own passes, eight cost ${((beyond[1] as number) / (beyond[0] as number)).toFixed(2)} times one`
        )
      }
    })
  )
)
if (values.folder === undefined) rmSync(folder, { recursive: true, force: true })
