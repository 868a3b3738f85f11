// Estimates of every pair of x W^T + bias by a cheap product, with a bound of their errors. With x' and w' the operands as they
// are multiplied, without columns that hold most of the norm (`Apart` of rounded-rows.h), which are added in f32:
// |x w - estimate| <= |x| |w - w'| + |x - x'| |w'| by Cauchy-Schwarz, plus the rounding of both sums, n 2^-24 |x| |w| for n
// roundings one after the other, whatever their order (Higham, Accuracy and Stability of Numerical Algorithms, 3.1).
#pragma once

#include <cfloat>
#include <vector>

#include "candidate-pool.h"
#include "rounded-rows.h"

namespace {

// Rows whose candidates are collected together: with a panel of the weights they fit the second cache.
constexpr int kBlockRows = 96;
// A pair's exact value costs as much as the estimates in 8 bits spare of so many pairs.
constexpr int64_t kMoreWorth = 48;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct Operands {
  const float *x, *weights, *bias, *limit;
  int rows, m, d;
};

// The error of a pair is at most the sum of the products of a row's and a latent's factors, and a share of the estimate.
struct RowFactors {
  float rest, off, sum, scale;
};
constexpr float kShare = 0x1p-21f;

// Bit l: whether size[l] + error[l] reaches floor[l], or is unknown.
inline uint32_t Reaching(const float* size, const float* error, const float* floor) {
  static_assert(kLanes == 16);
#ifdef __x86_64__
  const auto half = [&](int l) -> uint32_t {
    const __m256 high = _mm256_add_ps(_mm256_loadu_ps(size + l), _mm256_loadu_ps(error + l));
    return _mm256_movemask_ps(_mm256_cmp_ps(high, _mm256_loadu_ps(floor + l), _CMP_NLT_UQ));
  };
  return half(0) | half(8) << 8;
#else
  uint32_t bits = 0;
  for (int l = 0; l < kLanes; ++l) bits |= static_cast<uint32_t>(!(size[l] + error[l] < floor[l])) << l;
  return bits;
#endif
}

struct Estimates {
  By by;
  bool absolute;
  Operands of;
  int words, stride, padded;
  Words panels, inputs;
  // [padded] each: bias and limits, scales, factors of the bound, weights of the columns apart.
  std::vector<float> biases, limits, scales, latentRest, latentOff, latentSum, apartWeights;
  std::vector<RowFactors> factors;
  Apart apart;

  Estimates(OpKernelContext* c, By kind, bool magnitudes, const Operands& operands)
      : by(kind), absolute(magnitudes), of(operands) {
    const int d = of.d, m = of.m;
    words = WordsOf(by, d);
    stride = words + (by == By::kByte512);
    padded = PanelsOf(m) * kPanel;
    if (by == By::kHalf512 || by == By::kByte512) apart = Apart::Of(c, of.x, of.rows, d);
    const int columns = apart.columns.size(), room = words + kLanes;
    panels.Make(static_cast<int64_t>(padded) * words);
    for (auto* each : {&biases, &limits, &scales, &latentRest, &latentOff, &latentSum}) each->resize(padded);
    apartWeights.resize(static_cast<int64_t>(columns) * padded);
    // Roundings one after the other in the estimate, in the columns apart, and in the exact sum.
    const float gamma = ((InIntegers(by) ? 8 : 1.02f * (d + 16)) + d / kLanes + 2 * kLanes) * 0x1p-24f * 1.01f;
    ForBlocks(c, m, kPanel, [&](int64_t from, int64_t to) {
      std::vector<uint32_t> rounded(static_cast<int64_t>(kPanel) * room);
      std::vector<float> rest(d + kLanes);
      const uint32_t* at[kPanel];
      for (int64_t j = from; j < to; ++j) {
        const float* w = of.weights + j * d;
        uint32_t* own = rounded.data() + (j - from) * room;
        const Norms norms = RoundRow(by, true, w, d, apart, rest.data(), own);
        at[j - from] = own;
        biases[j] = of.bias[j];
        limits[j] = of.limit == nullptr ? 0 : of.limit[j];
        scales[j] = norms.scale;
        latentRest[j] = norms.off * 1.00001f + 0x1p-60f * (1 + norms.whole);
        latentOff[j] = norms.rounded * 1.00001f + 0x1p-40f;
        latentSum[j] = norms.whole * 1.00001f;
        for (int n = 0; n < columns; ++n) apartWeights[static_cast<int64_t>(n) * padded + j] = w[apart.columns[n]];
      }
      Transpose(by, at, to - from, words, panels.at(from * words));
    });
    factors.resize(of.rows);
    inputs.Make(static_cast<int64_t>(of.rows) * stride);
    ForBlocks(c, of.rows, kBlockRows, [&](int64_t from, int64_t to) {
      std::vector<float> rest(d + kLanes);
      std::vector<uint32_t> own(room);
      for (int64_t r = from; r < to; ++r) {
        const Norms norms = RoundRow(by, false, of.x + r * d, d, apart, rest.data(), own.data());
        std::copy_n(own.data(), stride, inputs.at(r * stride));
        factors[r] = {norms.rest + 0x1p-40f, norms.off + 0x1p-60f * (1 + norms.whole), gamma * norms.whole, norms.scale};
      }
    });
  }

  // Calls add(candidate) for every latent of the panel that may be among the wanted ones of a row; the floor is a number
  // a latent or, with `each` false, one for all, which adding may raise.
  template <class F>
  void Admit(int row, int panel, float* estimate, const float* floor, bool each, F add) const {
    const int first = panel * kPanel, width = std::min(kPanel, of.m - first);
    const RowFactors f = factors[row];
    if (InIntegers(by)) {
#pragma omp simd
      for (int l = 0; l < kPanel; ++l) estimate[l] = estimate[l] * f.scale * scales[first + l];
    }
    for (size_t n = 0; n < apart.columns.size(); ++n)
      AddScaled(estimate, of.x[static_cast<int64_t>(row) * of.d + apart.columns[n]], &apartWeights[n * padded + first], kPanel);
    const float *b = &biases[first], *rest = &latentRest[first], *off = &latentOff[first], *sum = &latentSum[first];
    const uint32_t mask = absolute ? 0x7fffffffu : 0xffffffffu;
    float size[kPanel], error[kPanel], floors[kLanes];
    if (!each) std::fill_n(floors, kLanes, *floor);
#pragma omp simd
    for (int l = 0; l < kPanel; ++l) {
      const float z = estimate[l] + b[l];
      uint32_t bits;
      std::memcpy(&bits, &z, 4);
      bits &= mask;
      std::memcpy(&size[l], &bits, 4);
      error[l] = f.rest * rest[l] + f.off * off[l] + f.sum * sum[l] + kShare * std::fabs(z);
    }
    uint64_t reaching = 0;
    for (int l = 0; l < kPanel; l += kLanes)
      reaching |= static_cast<uint64_t>(Reaching(size + l, error + l, each ? floor + l : floors)) << l;
    if (width < kPanel) reaching &= (uint64_t{1} << width) - 1;
    for (; reaching != 0; reaching &= reaching - 1) {
      const int l = __builtin_ctzll(reaching);
      const float s = size[l], e = error[l];
      // Where the estimate overflowed or its bound did, nothing is known.
      const bool known = std::fabs(s) <= FLT_MAX && e <= FLT_MAX;
      add(Candidate{known ? s + e : kInfinity, known ? s - e : kLowest, row, first + l});
    }
  }

  // f(row, panel, estimates [kPanel]) of rows from..to, panel after panel.
  template <class F>
  void ForTiles(int64_t from, int64_t to, F f) const {
    alignas(64) float out[kTileRows * kPanel];
    for (int panel = 0; panel < padded / kPanel; ++panel) {
      for (int64_t row = from; row < to; row += kTileRows) {
        const uint32_t* at[kTileRows];
        for (int i = 0; i < kTileRows; ++i) at[i] = inputs.at(std::min(to - 1, row + i) * stride);
        Tile(by, at, panels.at(static_cast<int64_t>(panel) * kPanel * words), words, out);
        for (int i = 0; i < std::min<int64_t>(kTileRows, to - row); ++i) f(row + i, panel, out + i * kPanel);
      }
    }
  }
};

}  // namespace
