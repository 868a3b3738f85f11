/** The classes of dictionary_learning, by the name that `config.json` states (`trainer.dict_class`). */
export type DictClass =
  | "AutoEncoder"
  | "AutoEncoderNew"
  | "AutoEncoderTopK"
  | "BatchTopKSAE"
  | "MatryoshkaBatchTopKSAE"
  | "JumpReluAutoEncoder"
  | "GatedAutoEncoder"
