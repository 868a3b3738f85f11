/** What Neuron to Graph asks the model: how strongly do latents fire at the end of prompts of our own making? */

/**
 * @param prompts [n, length] token ids, row-major, without BOS (whoever answers puts it in front).
 * @param latents [n]: the latent asked about, for each prompt.
 * @returns [n]: its activation at the prompt's last token.
 */
export type LatentProbe = (
  prompts: Int32Array<ArrayBuffer>,
  length: number,
  latents: Int32Array<ArrayBuffer>
) => Float32Array<ArrayBuffer>
