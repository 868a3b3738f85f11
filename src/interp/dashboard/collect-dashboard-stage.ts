/** The stage collect-dashboard: what every latent of some SAEs of one hook fires on, in one pass over its rows. */
import * as Effect from "effect/Effect"
import { requireModelOf, requireReads, requireTextOrder, requireTrainingRows } from "../../activations/fit.ts"
import { openActivations } from "../../activations/open-activations.ts"
import type { ArtifactWriter } from "../../artifact/artifact.ts"
import { openArrowWriter } from "../../format/arrow/arrow-writer.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import {
  type DashboardFile,
  dashboardFileName,
  examplesFileName,
  latentsFileName
} from "../../kinds/dashboard/dashboard.ts"
import {
  type DashboardShape,
  exampleColumns,
  latentColumns,
  latentsPerBatch
} from "../../kinds/dashboard/dashboard-columns.ts"
import type { DashboardText } from "../../kinds/dashboard/dashboard-text.ts"
import { writeDashboardText } from "../../kinds/dashboard/dashboard-text-file.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import type { SaeWeights } from "../../kinds/sae/stored/sae-weights.ts"
import { openModel } from "../../model/open-model.ts"
import type { RunnableModel } from "../../model/run-model.ts"
import { openSaeModel } from "../../sae/sae-model.ts"
import { breathe } from "../../stage/breathe.ts"
import type { Opened } from "../../stage/input.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { openTokenizer } from "../../text/open-tokenizer.ts"
import type { CollectedActivations } from "../collect-activations.ts"
import { collectOfAll } from "../collect-activations.ts"
import { decoderLogits } from "../decoder-logits.ts"
import type { Firings } from "../firings.ts"
import type { TokenStream } from "../token-stream.ts"
import { type DashboardOptions, dashboardRows } from "./dashboard-rows.ts"
import { encoderDecoderCosines } from "./encoder-decoder-cosines.ts"
import { firingTogether } from "./firing-together.ts"
import { nearestDirections } from "./nearest-directions.ts"

interface DashboardInputs {
  readonly saes: ReadonlyArray<Opened<SaeHandle>>
  readonly activations: Opened<ActivationsHandle>
  readonly model: Opened<LanguageModelHandle>
}

interface Subject {
  readonly index: number
  readonly digest: string
  readonly weights: SaeWeights
  readonly collected: CollectedActivations
}

/** What the files name: token ids, and contexts that examples are from. */
interface Seen {
  readonly tokens: Set<number>
  readonly contexts: Set<number>
}

const textOf = ({ ids, contextSize, leading }: TokenStream, seen: Seen): DashboardText => {
  const contexts = Int32Array.from(seen.contexts).toSorted()
  const kept = new Int32Array(contexts.length * contextSize)
  for (const [i, context] of contexts.entries()) {
    kept.set(ids.subarray(context * contextSize, (context + 1) * contextSize), i * contextSize)
  }
  return { contextSize, leading, contexts, ids: kept }
}

const writeSubject = Effect.fnUntraced(function* (
  output: ArtifactWriter,
  { index, digest, weights, collected }: Subject,
  { model, hook, stream }: { readonly model: RunnableModel; readonly hook: string; readonly stream: TokenStream },
  shape: DashboardShape,
  options: DashboardOptions,
  seen: Seen
) {
  const { d_sae, W_dec } = weights
  const d_out = W_dec.length / d_sae
  const live = [...collected.counts.keys()].filter((latent) => (collected.counts[latent] as number) > 0)
  const cosines = encoderDecoderCosines(weights)
  const near = nearestDirections(W_dec, d_out, shape.neighbours)
  const together = firingTogether(collected.firings, collected.positions, shape.neighbours)
  const latents = yield* openArrowWriter(output, latentsFileName(index), latentColumns(shape))
  const examples = yield* openArrowWriter(output, examplesFileName(index), exampleColumns(shape))
  let shown = 0
  for (let first = 0; first < live.length; first += latentsPerBatch) {
    const own = live.slice(first, first + latentsPerBatch)
    const logits = decoderLogits(model, { hook, W_dec, d_out }, own, shape.logitTokens)
    const rows = dashboardRows(
      stream,
      own.map((latent, i) => ({
        latent,
        firings: collected.firings[latent] as Firings,
        cosine: cosines[latent] as number,
        logits: logits?.[i],
        neighbours: near[latent] ?? [[], []],
        coactive: together[latent] ?? [[], []]
      })),
      shape,
      options
    )
    for (const column of [rows.examples.tokens, rows.latents.promoted, rows.latents.suppressed]) {
      for (const token of column) if (token >= 0) seen.tokens.add(token)
    }
    for (const position of rows.examples.position) seen.contexts.add(Math.floor(position / stream.contextSize))
    yield* latents.append(own.length, rows.latents)
    yield* examples.append(rows.exampleRows, rows.examples)
    shown += rows.exampleRows
    yield* breathe
  }
  yield* latents.close
  yield* examples.close
  return { digest, d_sae, live: live.length, examples: shown }
})

export const collectDashboard = Effect.fn("collectDashboard")(function* ({
  inputs,
  settings,
  output,
  progress
}: StageContext<unknown, unknown, DashboardInputs, DashboardOptions>) {
  const [handle, language] = [inputs.activations.value, inputs.model.value]
  for (const { value } of inputs.saes) yield* requireReads(value, handle)
  yield* requireModelOf(handle, language)
  yield* requireTextOrder(handle)
  yield* requireTrainingRows(handle)
  const model = yield* openModel(language)
  const tokenizer = yield* openTokenizer(language.tokenizer)
  const activations = yield* openActivations(handle)
  const { contexts, hook } = activations
  const block = yield* contexts.read(0, contexts.contexts)
  const stream: TokenStream = {
    ids: block.ids,
    contextSize: contexts.context_size,
    leading: contexts.bos_id === null ? 0 : 1
  }
  const shape: DashboardShape = {
    window: settings.left + 1 + settings.right,
    logitTokens: settings.logitTokens,
    neighbours: settings.neighbours
  }
  const subjects = yield* Effect.forEach(inputs.saes, ({ value }) =>
    Effect.gen(function* () {
      const weights = yield* value.weights
      const sae = yield* openSaeModel(weights)
      return { digest: value.digest, weights, sae, latents: Array.from({ length: weights.d_sae }, (_, i) => i) }
    })
  )
  const total = Math.min(settings.rows, activations.train.rows)
  const all = yield* collectOfAll(subjects, activations.train, {
    rows: total,
    include: () => true,
    progress: (rows) => progress({ done: rows, total, unit: "rows" })
  })
  const seen: Seen = { tokens: new Set(), contexts: new Set() }
  const saes: Array<DashboardFile["saes"][number]> = []
  for (const [index, { digest, weights }] of subjects.entries()) {
    const collected = all[index] as CollectedActivations
    const written = yield* writeSubject(
      output,
      { index, digest, weights, collected },
      { model, hook, stream },
      shape,
      settings,
      seen
    )
    if (written.live === 0) {
      return yield* stageFailed(
        `no latent of SAE ${index + 1} fires on ${total} rows`,
        "Train it for longer, or give the activations that it was trained on."
      )
    }
    saes.push(written)
  }
  const text = textOf(stream, seen)
  yield* writeDashboardText(output, text)
  const tokens = new Set([...seen.tokens, ...text.ids])
  const file: DashboardFile = {
    format: 2,
    hook,
    rows: total,
    window: shape.window,
    context_size: stream.contextSize,
    leading: stream.leading,
    contexts: text.contexts.length,
    logit_tokens: shape.logitTokens,
    neighbours: shape.neighbours,
    bands: settings.bands,
    saes,
    token_texts: Object.fromEntries(
      [...tokens].toSorted((a, b) => a - b).map((id) => [String(id), tokenizer.tokenText(id)])
    )
  }
  yield* output.writeJson(dashboardFileName, file)
  return {
    rows: total,
    live_latents: saes.reduce((sum, { live }) => sum + live, 0),
    examples: saes.reduce((sum, { examples }) => sum + examples, 0)
  }
}, Effect.scoped)
