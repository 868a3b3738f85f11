// GGML's types of tensors to f32, as src/kinds/language-model/gguf reads them and with the same bits: blocks of small integers with
// scales, and half floats. Source: the layouts of `ggml-common.h` (block_q4_0 and following). Scales times integers are exact in
// f32; where a minimum is taken off, only that is rounded.
#pragma once

#include "ops.h"

namespace {

inline float HalfAt(const uint8_t* at) {
  uint16_t bits;
  std::memcpy(&bits, at, 2);
  return Eigen::half_impl::half_to_float(Eigen::half_impl::raw_uint16_to_half(bits));
}

// Values i and i + 16 share a byte.
template <class F>
INLINED void Nibbles(const uint8_t* q, float* out, F value) {
#pragma omp simd
  for (int i = 0; i < 16; ++i) out[i] = value(q[i] & 15, i);
#pragma omp simd
  for (int i = 0; i < 16; ++i) out[16 + i] = value(q[i] >> 4, 16 + i);
}

INLINED void BlockF32(const uint8_t* at, float* out) { std::memcpy(out, at, 4); }
INLINED void BlockF16(const uint8_t* at, float* out) { *out = HalfAt(at); }
INLINED void BlockBF16(const uint8_t* at, float* out) {
  uint16_t bits;
  std::memcpy(&bits, at, 2);
  *out = __builtin_bit_cast(float, static_cast<uint32_t>(bits) << 16);
}

INLINED void BlockQ4_0(const uint8_t* at, float* out) {
  const float scale = HalfAt(at);
  Nibbles(at + 2, out, [=](int q, int) { return scale * (q - 8); });
}

INLINED void BlockQ4_1(const uint8_t* at, float* out) {
  const float scale = HalfAt(at), least = HalfAt(at + 2);
  Nibbles(at + 4, out, [=](int q, int) { return scale * q + least; });
}

INLINED uint32_t WordAt(const uint8_t* at) {
  uint32_t word;
  std::memcpy(&word, at, 4);
  return word;
}

INLINED void BlockQ5_0(const uint8_t* at, float* out) {
  const float scale = HalfAt(at);
  const uint32_t fifth = WordAt(at + 2);
  Nibbles(at + 6, out, [=](int q, int i) { return scale * static_cast<int>((q | (fifth >> i & 1) << 4) - 16); });
}

INLINED void BlockQ5_1(const uint8_t* at, float* out) {
  const float scale = HalfAt(at), least = HalfAt(at + 2);
  const uint32_t fifth = WordAt(at + 4);
  Nibbles(at + 8, out, [=](int q, int i) { return scale * static_cast<int>(q | (fifth >> i & 1) << 4) + least; });
}

INLINED void BlockQ8_0(const uint8_t* at, float* out) {
  const float scale = HalfAt(at);
  const int8_t* q = reinterpret_cast<const int8_t*>(at + 2);
#pragma omp simd
  for (int i = 0; i < 32; ++i) out[i] = scale * q[i];
}

constexpr float kUnevenSteps[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

INLINED void BlockIQ4_NL(const uint8_t* at, float* out) {
  const float scale = HalfAt(at);
  Nibbles(at + 2, out, [=](int q, int) { return scale * kUnevenSteps[q]; });
}

// Twice what floats of 4 bits stand for (E2M1, OCP Microscaling Formats 1.0), and half the scale. In f64: the smallest scales are no
// ordinary f32.
constexpr double kSmallFloats[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

INLINED void BlockMXFP4(const uint8_t* at, float* out) {
  const double scale = __builtin_bit_cast(double, static_cast<uint64_t>(1023 - 128 + at[0]) << 52);
  Nibbles(at + 1, out, [=](int q, int) { return static_cast<float>(scale * kSmallFloats[q]); });
}

// Eight 6-bit scales and eight 6-bit minima in 12 bytes; the upper bits of the last four lie over the first four.
template <bool kFifth>
INLINED void BlockQ45_K(const uint8_t* at, float* out) {
  const float scale = HalfAt(at), least_scale = HalfAt(at + 2);
  const uint8_t* packed = at + 4;
  const uint8_t* fifth = at + 16;
  for (int group = 0; group < 8; ++group) {
    const int i = group & 3;
    const int own = group < 4 ? packed[i] & 63 : (packed[8 + i] & 15) | packed[i] >> 6 << 4;
    const int own_least = group < 4 ? packed[4 + i] & 63 : packed[8 + i] >> 4 | packed[4 + i] >> 6 << 4;
    const float d = scale * own, least = least_scale * own_least;
    const uint8_t* q = at + (kFifth ? 48 : 16) + (group >> 1) * 32;
    const int shift = (group & 1) * 4;
    float* to = out + group * 32;
#pragma omp simd
    for (int k = 0; k < 32; ++k) {
      const int low = q[k] >> shift & 15;
      to[k] = d * (kFifth ? low | (fifth[k] >> group & 1) << 4 : low) - least;
    }
  }
}

INLINED void BlockQ6_K(const uint8_t* at, float* out) {
  const float scale = HalfAt(at + 208);
  const int8_t* scales = reinterpret_cast<const int8_t*>(at + 192);
  for (int group = 0; group < 16; ++group) {
    const int half = group >> 3, quarter = group >> 1 & 3, within = (group & 1) * 16;
    const uint8_t* low = at + half * 64 + (quarter & 1) * 32 + within;
    const uint8_t* high = at + 128 + half * 32 + within;
    const int low_shift = (quarter >> 1) * 4, high_shift = quarter * 2;
    const float d = scale * scales[group];
    float* to = out + group * 16;
#pragma omp simd
    for (int k = 0; k < 16; ++k) to[k] = d * (((low[k] >> low_shift & 15) | (high[k] >> high_shift & 3) << 4) - 32);
  }
}

INLINED void BlockQ2_K(const uint8_t* at, float* out) {
  const float scale = HalfAt(at + 80), least_scale = HalfAt(at + 82);
  for (int group = 0; group < 16; ++group) {
    const float d = scale * (at[group] & 15), least = least_scale * (at[group] >> 4);
    const uint8_t* q = at + 16 + (group >> 3) * 32 + (group & 1) * 16;
    const int shift = (group >> 1 & 3) * 2;
    float* to = out + group * 16;
#pragma omp simd
    for (int k = 0; k < 16; ++k) to[k] = d * (q[k] >> shift & 3) - least;
  }
}

// Pairs of bits as in Q2_K; a third bit that is not set takes 4 off.
INLINED void BlockQ3_K(const uint8_t* at, float* out) {
  const float scale = HalfAt(at + 108);
  for (int group = 0; group < 16; ++group) {
    const int low = at[96 + (group & 7)] >> (group < 8 ? 0 : 4) & 15, high = at[104 + (group & 3)] >> (group >> 2) * 2 & 3;
    const float d = scale * ((low | high << 4) - 32);
    const int within = (group & 1) * 16, pair = group >> 1 & 3, bit = (group >> 3) * 4 + pair;
    const uint8_t *q = at + 32 + (group >> 3) * 32 + within, *third = at + within;
    float* to = out + group * 16;
#pragma omp simd
    for (int k = 0; k < 16; ++k) to[k] = d * ((q[k] >> pair * 2 & 3) - (third[k] >> bit & 1 ? 0 : 4));
  }
}

INLINED void BlockIQ4_XS(const uint8_t* at, float* out) {
  const float scale = HalfAt(at);
  const int upper = at[2] | at[3] << 8;
  for (int group = 0; group < 8; ++group) {
    const int low = at[4 + (group >> 1)] >> (group & 1) * 4 & 15;
    const float d = scale * ((low | (upper >> 2 * group & 3) << 4) - 32);
    Nibbles(at + 8 + group * 16, out + group * 32, [=](int q, int) { return d * kUnevenSteps[q]; });
  }
}

struct BlockFormat {
  int type;    // GGML's number
  int values;  // of a block
  int bytes;   // of a block
  void (*decode)(const uint8_t* at, int64_t blocks, float* out);
};

template <void (*block)(const uint8_t*, float*), int kValues, int kBytes>
void DecodeEach(const uint8_t* at, int64_t blocks, float* out) {
  for (; blocks > 0; --blocks, at += kBytes, out += kValues) block(at, out);
}

template <void (*block)(const uint8_t*, float*), int kValues, int kBytes>
constexpr BlockFormat FormatOf(int type) {
  return {type, kValues, kBytes, DecodeEach<block, kValues, kBytes>};
}

constexpr BlockFormat kBlockFormats[] = {
    FormatOf<BlockF32, 1, 4>(0),           FormatOf<BlockF16, 1, 2>(1),      FormatOf<BlockQ4_0, 32, 18>(2),
    FormatOf<BlockQ4_1, 32, 20>(3),        FormatOf<BlockQ5_0, 32, 22>(6),   FormatOf<BlockQ5_1, 32, 24>(7),
    FormatOf<BlockQ8_0, 32, 34>(8),        FormatOf<BlockQ2_K, 256, 84>(10), FormatOf<BlockQ3_K, 256, 110>(11),
    FormatOf<BlockQ45_K<false>, 256, 144>(12), FormatOf<BlockQ45_K<true>, 256, 176>(13), FormatOf<BlockQ6_K, 256, 210>(14),
    FormatOf<BlockIQ4_NL, 32, 18>(20),     FormatOf<BlockIQ4_XS, 256, 136>(23), FormatOf<BlockBF16, 1, 2>(30),
    FormatOf<BlockMXFP4, 32, 17>(39)};

inline const BlockFormat* FindBlockFormat(int type) {
  for (const BlockFormat& format : kBlockFormats)
    if (format.type == type) return &format;
  return nullptr;
}

}  // namespace
