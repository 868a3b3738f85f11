// Products of rows with latents, tile by tile: 6 rows and 64 latents at a time, so that whoever uses them does so while they
// are in cache. In f32 every product is one sum of fused steps in the order of the columns, the same bits whatever the
// vectors are; bfloat16 (AVX-512 BF16, on operands rounded to it) is for estimates.
#pragma once

#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

#include "ops.h"

namespace {

constexpr int kTileRows = 6, kPanel = 64;

enum class By { kFloat, kFloat512, kHalf512 };

// Latents whose words stand side by side in a panel: what a kernel reads one after the other.
inline int StripOf(By by) { return by == By::kFloat ? 16 : kPanel; }

// Memory that is written before it is read.
struct Words {
  std::unique_ptr<uint32_t[]> owned;
  void Make(int64_t n) { owned.reset(new uint32_t[n]); }
  uint32_t* at(int64_t i) const { return owned.get() + i; }
};

inline bool CpuHas(By by) {
#ifdef __x86_64__
  if (by == By::kFloat512) return __builtin_cpu_supports("avx512f");
  if (by == By::kHalf512) return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bf16");
#endif
  return by == By::kFloat;
}

// Columns of words: one f32, or two bfloat16 side by side.
inline int WordsOf(By by, int d) { return by == By::kHalf512 ? (d + 1) / 2 : d; }

#ifdef __x86_64__
__attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16"))) inline void TileHalf512(const uint32_t* const* rows,
                                                                                        const uint32_t* panel, int words,
                                                                                        float* out) {
  __m512 sums[kTileRows][4];
  for (auto& row : sums)
    for (auto& sum : row) sum = _mm512_setzero_ps();
  for (int k = 0; k < words; ++k) {
    __m512bh w[4];
    for (int v = 0; v < 4; ++v) w[v] = (__m512bh)_mm512_loadu_si512(panel + static_cast<int64_t>(k) * kPanel + 16 * v);
#pragma GCC unroll 6
    for (int r = 0; r < kTileRows; ++r) {
      const __m512bh x = (__m512bh)_mm512_set1_epi32(rows[r][k]);
#pragma GCC unroll 4
      for (int v = 0; v < 4; ++v) sums[r][v] = _mm512_dpbf16_ps(sums[r][v], w[v], x);
    }
  }
  for (int r = 0; r < kTileRows; ++r)
    for (int v = 0; v < 4; ++v) _mm512_storeu_ps(out + r * kPanel + 16 * v, sums[r][v]);
}

__attribute__((target("avx512f"))) inline void TileFloat512(const uint32_t* const* rows, const uint32_t* panel, int words,
                                                            float* out) {
  __m512 sums[kTileRows][4];
  for (auto& row : sums)
    for (auto& sum : row) sum = _mm512_setzero_ps();
  for (int k = 0; k < words; ++k) {
    __m512 w[4];
    for (int v = 0; v < 4; ++v) w[v] = _mm512_loadu_ps(panel + static_cast<int64_t>(k) * kPanel + 16 * v);
#pragma GCC unroll 6
    for (int r = 0; r < kTileRows; ++r) {
      const __m512 x = _mm512_castsi512_ps(_mm512_set1_epi32(rows[r][k]));
#pragma GCC unroll 4
      for (int v = 0; v < 4; ++v) sums[r][v] = _mm512_fmadd_ps(w[v], x, sums[r][v]);
    }
  }
  for (int r = 0; r < kTileRows; ++r)
    for (int v = 0; v < 4; ++v) _mm512_storeu_ps(out + r * kPanel + 16 * v, sums[r][v]);
}

inline void TileFloat(const uint32_t* const* rows, const uint32_t* panel, int words, float* out) {
  for (int s = 0; s < kPanel; s += 16) {
    __m256 sums[kTileRows][2];
    for (auto& row : sums) row[0] = row[1] = _mm256_setzero_ps();
    for (int k = 0; k < words; ++k) {
      const float* at = reinterpret_cast<const float*>(panel) + static_cast<int64_t>(s) * words + k * 16;
      const __m256 a = _mm256_loadu_ps(at), b = _mm256_loadu_ps(at + 8);
#pragma GCC unroll 6
      for (int r = 0; r < kTileRows; ++r) {
        const __m256 x = _mm256_broadcast_ss(reinterpret_cast<const float*>(rows[r]) + k);
        sums[r][0] = _mm256_fmadd_ps(a, x, sums[r][0]);
        sums[r][1] = _mm256_fmadd_ps(b, x, sums[r][1]);
      }
    }
    for (int r = 0; r < kTileRows; ++r) {
      _mm256_storeu_ps(out + r * kPanel + s, sums[r][0]);
      _mm256_storeu_ps(out + r * kPanel + s + 8, sums[r][1]);
    }
  }
}
#else
inline void TileFloat(const uint32_t* const* rows, const uint32_t* panel, int words, float* out) {
  for (int s = 0; s < kPanel; s += 16) {
    float sums[kTileRows][16] = {};
    for (int k = 0; k < words; ++k) {
      const float* w = reinterpret_cast<const float*>(panel) + static_cast<int64_t>(s) * words + k * 16;
      for (int r = 0; r < kTileRows; ++r) {
        const float x = reinterpret_cast<const float*>(rows[r])[k];
#pragma omp simd
        for (int l = 0; l < 16; ++l) sums[r][l] = __builtin_fmaf(w[l], x, sums[r][l]);
      }
    }
    for (int r = 0; r < kTileRows; ++r) std::copy_n(sums[r], 16, out + r * kPanel + s);
  }
}
#endif

// [kTileRows, kPanel] products of rows of words with a panel.
inline void Tile(By by, const uint32_t* const* rows, const uint32_t* panel, int words, float* out) {
#ifdef __x86_64__
  if (by == By::kHalf512) return TileHalf512(rows, panel, words, out);
  if (by == By::kFloat512) return TileFloat512(rows, panel, words, out);
#endif
  TileFloat(rows, panel, words, out);
}

// Rows of words [kPanel, words] to a panel of strips [words, strip]; rows that are not there count as zeros.
inline void Transpose(By by, const uint32_t* const* rows, int present, int words, uint32_t* panel) {
  const int strip = StripOf(by);
  for (int l = 0; l < kPanel; l += 8) {
    uint32_t* to = panel + static_cast<int64_t>(l / strip) * strip * words + l % strip;
    int k = 0;
#ifdef __x86_64__
    for (; l + 8 <= present && k + 8 <= words; k += 8) {
      __m256 r[8], s[8], t[8];
      for (int i = 0; i < 8; ++i) r[i] = _mm256_loadu_ps(reinterpret_cast<const float*>(rows[l + i]) + k);
      for (int i = 0; i < 8; i += 2) {
        s[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
        s[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
      }
      for (int i = 0; i < 8; i += 4) {
        t[i] = _mm256_shuffle_ps(s[i], s[i + 2], 0x44);
        t[i + 1] = _mm256_shuffle_ps(s[i], s[i + 2], 0xee);
        t[i + 2] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0x44);
        t[i + 3] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0xee);
      }
      for (int i = 0; i < 4; ++i) {
        float* at = reinterpret_cast<float*>(to) + static_cast<int64_t>(k + i) * strip;
        _mm256_storeu_ps(at, _mm256_permute2f128_ps(t[i], t[i + 4], 0x20));
        _mm256_storeu_ps(at + 4 * strip, _mm256_permute2f128_ps(t[i], t[i + 4], 0x31));
      }
    }
#endif
    for (; k < words; ++k)
      for (int i = 0; i < 8; ++i) to[static_cast<int64_t>(k) * strip + i] = l + i < present ? rows[l + i][k] : 0;
  }
}

inline int PanelsOf(int64_t m) { return (m + kPanel - 1) / kPanel; }

}  // namespace
