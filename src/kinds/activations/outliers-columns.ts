/** Columns of `outliers.arrow`: one row for every token that is left out for its norm. */
export const outliersColumns = {
  position: { type: "i32" },
  /** The largest ratio of a norm to its hook's median. */
  ratio: { type: "f32" }
} as const

export const outliersPath = "outliers.arrow"
/** Rows of a record batch. */
export const outliersBatchRows = 2 ** 18
