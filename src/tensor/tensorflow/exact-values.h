// The exact values of given pairs of x W^T + bias: `Dots` of ops.h. Latents are taken in groups whose weights stay in cache, and
// in a group row after row.
#pragma once

#include <utility>
#include <vector>

#include "ops.h"

namespace {

struct Operands {
  const float *x, *weights, *bias, *limit;
  int rows, m, d;
};

// Those of a row are from start[row] on, latents ascending.
struct Pairs {
  std::vector<int64_t> start;
  std::vector<int> latent;
  std::vector<float> value;

  // `latents(row)`: those of a row, which is not asked for them again.
  template <class F>
  void Fill(OpKernelContext* c, int rows, F latents) {
    start.assign(rows + 1, 0);
    for (int row = 0; row < rows; ++row) start[row + 1] = start[row] + latents(row).size();
    latent.resize(start[rows]);
    value.resize(start[rows]);
    ForBlocks(c, rows, 64, [&](int64_t row, int64_t last) {
      for (; row < last; ++row) {
        std::copy(latents(row).begin(), latents(row).end(), latent.begin() + start[row]);
        std::vector<int>().swap(latents(row));
      }
    });
  }
};

// Of n pairs of a row; `next` is the row that comes after it.
INLINED void ValuesInto(const Operands& of, const float* x, const int* latent, int n, float* value, const float* next) {
  for (; n > 0; n -= 4, latent += 4, value += 4, next = nullptr) {
    const float* w[4];
    for (int p = 0; p < std::min(n, 4); ++p) w[p] = of.weights + static_cast<int64_t>(latent[p]) * of.d;
    if (n >= 4) Dots<4>(x, w, of.d, value, next);
    else if (n == 3) Dots<3>(x, w, of.d, value, next);
    else if (n == 2) Dots<2>(x, w, of.d, value, next);
    else Dots<1>(x, w, of.d, value, next);
    for (int p = 0; p < std::min(n, 4); ++p) value[p] += of.bias[latent[p]];
  }
}
WIDE inline void ValuesWide(const Operands& of, const float* x, const int* latent, int n, float* value, const float* next) {
  ValuesInto(of, x, latent, n, value, next);
}
inline void ValuesNarrow(const Operands& of, const float* x, const int* latent, int n, float* value, const float* next) {
  ValuesInto(of, x, latent, n, value, next);
}

inline void Evaluate(OpKernelContext* c, const Operands& of, Pairs& pairs) {
  constexpr int kBlock = 256;
  // 800 kB of weights: of the second cache.
  int shift = 4;
  while ((int64_t{8} << shift) * of.d <= 800'000) ++shift;
  const int groups = (of.m >> shift) + 1;
  const int64_t blocks = (of.rows + kBlock - 1) / kBlock;
  // Pairs by group, in each as they are.
  std::vector<int64_t> place(groups * blocks);
  const auto forPairs = [&](auto f) {
    ForBlocks(c, of.rows, kBlock, [&](int64_t from, int64_t to) {
      for (int64_t i = pairs.start[from]; i < pairs.start[to]; ++i) f(place[(pairs.latent[i] >> shift) * blocks + from / kBlock], i);
    });
  };
  forPairs([](int64_t& count, int64_t) { ++count; });
  int64_t all = 0;
  for (int64_t& each : place) all += std::exchange(each, all);
  std::vector<int> order(pairs.latent.size());
  forPairs([&](int64_t& to, int64_t i) { order[to++] = i; });
  const auto values = IsWide() ? ValuesWide : ValuesNarrow;
  ForBlocks(c, groups, 1, [&](int64_t group, int64_t) {
    int64_t at = group == 0 ? 0 : place[group * blocks - 1];
    const int64_t last = place[(group + 1) * blocks - 1];
    if (at == last) return;
    const auto rowOf = [&](int64_t i, int row) {
      while (pairs.start[row + 1] <= i) ++row;
      return row;
    };
    for (int row = rowOf(order[at], 0), next; at < last; row = next) {
      const int64_t first = order[at];
      int n = 1;
      while (at + n < last && order[at + n] < pairs.start[row + 1]) ++n;
      at += n;
      next = at < last ? rowOf(order[at], row) : row;
      const auto x = [&](int64_t r) { return of.x + r * of.d; };
      values(of, x(row), &pairs.latent[first], n, &pairs.value[first], x(next));
    }
  });
}

}  // namespace
