/**
 * The artifact kind Activations: the rows of one hook point over a Tokens artifact, split by document into rows to train
 * on and rows held out, in token order or (`shuffle-activations`) in a random one.
 *
 * Files: `activations.json` (`ActivationsInfo`, with row counts); `train.arrow`, `held_out.arrow` (Arrow IPC *file* format,
 * columns `activation` FixedSizeList[d_in] of Float32, Float16 or, for bf16, UInt16; `norm` Float32; `document`,
 * `position`, `token` Int32); `outliers.arrow` where rows are left out for their norm; and the contexts that the rows are
 * of, in the files of a Tokens artifact, so that a model can be run on held-out text without asking for more.
 *
 * Where rows are not materialized there are no Arrow files of rows: the model stands below `model/`, and whoever reads
 * rows computes them.
 */
import * as Effect from "effect/Effect"
import { makeKind } from "../../artifact/artifact-kind.ts"

export const Activations = makeKind({
  name: "Activations",
  version: 2,
  description: "activations of one hook point, split by document into training and held-out rows",
  open: (artifact) =>
    Effect.flatMap(
      Effect.promise(() => import("./read-activations.ts")),
      (module) => module.readActivations(artifact)
    )
})
