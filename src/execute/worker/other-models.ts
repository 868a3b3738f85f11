/**
 * Whether a stage reads an SAE on a model that it was not trained on. There are good reasons to (a chat model, other weights of one
 * model), so it is no fault; but the figures then are of that SAE on that model, and easily taken for its own.
 */
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import type { Opened } from "../../stage/input.ts"

const isOpened = (value: object): value is Opened<unknown> => "artifact" in value && "value" in value

/** Every artifact among the inputs, by the name of its input. */
const openedOf = (input: string, value: unknown): ReadonlyArray<readonly [input: string, Opened<unknown>]> =>
  typeof value !== "object" || value === null
    ? []
    : isOpened(value)
      ? [[input, value]]
      : Object.values(value).flatMap((one: unknown) => openedOf(input, one))

const of = <Handle>(all: ReadonlyArray<readonly [string, Opened<unknown>]>, kind: string) =>
  all.flatMap(([input, { artifact, value }]) =>
    artifact.kind === kind && typeof value === "object" && value !== null ? [{ input, handle: value as Handle }] : []
  )

const short = (digest: string): string => digest.slice(0, 8)

/**
 * One line for each input whose SAEs were trained on a model that no other input is or has activations of. What says nothing of its
 * model (an SAE of another library, rows of no model) is not doubted.
 */
export const otherModels = (inputs: Readonly<Record<string, unknown>>): ReadonlyArray<string> => {
  const all = Object.entries(inputs).flatMap(([input, value]) => openedOf(input, value))
  const models = new Set([
    ...of<LanguageModelHandle>(all, "LanguageModel").map(({ handle }) => handle.digest),
    ...of<ActivationsHandle>(all, "Activations").map(({ handle }) => handle.model)
  ])
  if (models.size === 0 || models.has("")) return []
  const strange = of<Pick<SaeHandle, "model" | "rows">>(all, "Sae").flatMap(({ input, handle: { model, rows } }) =>
    rows !== "activations" || model === null || model === "" || models.has(model) ? [] : [{ input, model }]
  )
  return [...Map.groupBy(strange, ({ input }) => input)].map(
    ([input, saes]) =>
      `${input}: ${saes.length === 1 ? "the SAE was" : `${saes.length} SAEs were`} trained on model ` +
      `${[...new Set(saes.map(({ model }) => short(model)))].join(", ")}, and read here on ${[...models].map(short).join(", ")}: ` +
      "on its own model figures are others"
  )
}
