// The exponential function, sums of rows in a fixed order, and both of a row of attention scores.
#pragma once

#include <cmath>

#include "ops.h"

namespace {

// Within two units in the last place; without branches, so that loops over it become vector instructions.
inline float Exp(float x) {
  x = std::min(std::max(x, -87.f), 88.f);
  const float n = std::nearbyint(x * 1.44269504f);
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float y = 1.9875691500e-4f;
  y = y * r + 1.3981999507e-3f;
  y = y * r + 8.3334519073e-3f;
  y = y * r + 4.1665795894e-2f;
  y = y * r + 1.6666665459e-1f;
  y = y * r + 5.0000001201e-1f;
  y = y * r * r + r + 1;
  return y * __builtin_bit_cast(float, (static_cast<int>(n) + 127) << 23);
}

inline float Sum(const float* x, int d) {
  constexpr int kLanes = 32;
  float sums[kLanes] = {};
  int c = 0;
  for (; c + kLanes <= d; c += kLanes) {
#pragma omp simd
    for (int l = 0; l < kLanes; ++l) sums[l] += x[c + l];
  }
  for (int half = kLanes / 2; half > 0; half /= 2)
    for (int l = 0; l < half; ++l) sums[l] += sums[l + half];
  for (; c < d; ++c) sums[0] += x[c];
  return sums[0];
}

// What scores are multiplied with; x becomes cap tanh(x / cap) where cap is more than 0; a further score that takes its share
// (kLowest: there is none).
struct ScoreRules {
  float scale, cap, sink;
};

// Of n scores less the greatest; `total` is their sum, which the softmax divides them by.
inline void Exponentials(const float* in, float* y, int64_t n, const ScoreRules& rules, float* total) {
  const float scale = rules.scale;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] = in[i] * scale;
  if (rules.cap > 0)
    for (int64_t i = 0; i < n; ++i) y[i] = rules.cap * std::tanh(y[i] / rules.cap);
  float most = rules.sink;
#pragma omp simd reduction(max : most)
  for (int64_t i = 0; i < n; ++i) most = most > y[i] ? most : y[i];
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] = Exp(y[i] - most);
  *total = Sum(y, n);
  if (rules.sink > kLowest) *total += Exp(rules.sink - most);
}

}  // namespace
