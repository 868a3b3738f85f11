/** Columns of `train.arrow` and `held_out.arrow`: one row a token. */
export const activationsColumns = (d_in: number) =>
  ({
    activation: { type: "f32", list: d_in },
    document: { type: "i32" },
    position: { type: "i32" },
    token: { type: "i32" }
  }) as const

/** Rows in a record batch: about 4 MiB, so that a batch costs one verified read and little memory. */
export const activationsBatchRows = (d_in: number): number => Math.max(1, Math.floor(2 ** 20 / (d_in + 3)))
