/** Columns of `latents.arrow` of an Evaluation: one row a latent. */
export const latentsColumns = { density: { type: "f64" }, mean_active: { type: "f64" }, max: { type: "f64" } } as const
