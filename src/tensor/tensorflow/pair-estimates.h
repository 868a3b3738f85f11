// Estimates of every pair of x W^T + bias by a cheap product, with a bound of their errors. With x' and w' the operands as they
// are multiplied, without columns that hold most of the norm (`Apart` of rounded-rows.h), which are added in f32:
// |x w - estimate| <= |x| |w - w'| + |x - x'| |w'| by Cauchy-Schwarz, plus the rounding of both sums, n 2^-24 |x| |w| for n
// roundings one after the other, whatever their order (Higham, Accuracy and Stability of Numerical Algorithms, 3.1).
#pragma once

#include <cfloat>
#include <vector>

#include "candidate-pool.h"
#include "exact-values.h"
#include "rounded-rows.h"

namespace {

// Rows whose candidates are collected together: with a panel of the weights they fit the second cache.
constexpr int kBlockRows = 96;
// A pair's exact value costs as much as the estimates in 8 bits spare of so many pairs.
constexpr int64_t kMoreWorth = 48;

// The error of a pair is at most the sum of the products of a row's and a latent's factors, and a share of the estimate.
struct RowFactors {
  float rest, off, sum, scale, whole;
};
constexpr float kShare = 0x1p-21f;
struct LatentFactors {
  float rest = 0, off = 0, sum = 0;
};

// Bit l: whether high[l] reaches floor[l], or is unknown.
INLINED uint64_t Reaching(const float* high, const float* floor) {
  uint64_t bits = 0;
#ifdef __x86_64__
  for (int l = 0; l < kPanel; l += 8) {
    const __m256 reaching = _mm256_cmp_ps(_mm256_loadu_ps(high + l), _mm256_loadu_ps(floor + l), _CMP_NLT_UQ);
    bits |= static_cast<uint64_t>(_mm256_movemask_ps(reaching)) << l;
  }
#else
  for (int l = 0; l < kPanel; ++l) bits |= static_cast<uint64_t>(!(high[l] < floor[l])) << l;
#endif
  return bits;
}
#ifdef __x86_64__
WIDE inline uint64_t ReachingWide(const float* high, const float* floor) {
  uint64_t bits = 0;
  for (int l = 0; l < kPanel; l += 16) {
    const __mmask16 reaching = _mm512_cmp_ps_mask(_mm512_loadu_ps(high + l), _mm512_loadu_ps(floor + l), _CMP_NLT_UQ);
    bits |= static_cast<uint64_t>(reaching) << l;
  }
  return bits;
}
#endif

struct Estimates {
  By by;
  bool absolute;
  Operands of;
  int words, stride, padded;
  Words panels, inputs;
  // [padded] each: bias and limits, scales, factors of the bound, weights of the columns apart.
  std::vector<float> biases, limits, scales, latentRest, latentOff, latentSum, apartWeights;
  // [panels]: the largest factors of a panel's latents.
  std::vector<LatentFactors> most;
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
    most.resize(padded / kPanel);
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
      const auto largest = [=](const std::vector<float>& of) {
        float found = 0;
        // Of a NaN nothing is known.
        for (int64_t j = from; j < to; ++j) found = std::max(found, of[j] <= FLT_MAX ? of[j] : kInfinity);
        return found;
      };
      most[from / kPanel] = {largest(latentRest), largest(latentOff), largest(latentSum)};
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
        factors[r] = {norms.rest + 0x1p-40f, norms.off + 0x1p-60f * (1 + norms.whole), gamma * norms.whole, norms.scale, norms.whole};
      }
    });
  }

  // Bounds of a row's values, of its products with a panel.
  INLINED void Bounds(int row, int first, const float* tile, float* high, float* low) const {
    const RowFactors f = factors[row];
    const float *b = &biases[first], *rest = &latentRest[first], *off = &latentOff[first], *sum = &latentSum[first];
    if (InIntegers(by)) {
      const uint32_t added = by == By::kByte512 ? *inputs.at(row * static_cast<int64_t>(stride) + words) : 0;
      const float* scale = &scales[first];
      uint32_t products[kPanel];
      std::memcpy(products, tile, sizeof products);
#pragma omp simd
      for (int l = 0; l < kPanel; ++l) high[l] = static_cast<float>(static_cast<int>(products[l] - added)) * f.scale * scale[l];
    } else {
      std::memcpy(high, tile, kPanel * sizeof *high);
    }
    for (size_t n = 0; n < apart.columns.size(); ++n) {
      const float a = of.x[static_cast<int64_t>(row) * of.d + apart.columns[n]], *w = &apartWeights[n * padded + first];
#pragma omp simd
      for (int l = 0; l < kPanel; ++l) high[l] += a * w[l];
    }
    const uint32_t mask = absolute ? 0x7fffffffu : 0xffffffffu;
#pragma omp simd
    for (int l = 0; l < kPanel; ++l) {
      const float z = high[l] + b[l];
      uint32_t bits;
      std::memcpy(&bits, &z, 4);
      bits &= mask;
      float size;
      std::memcpy(&size, &bits, 4);
      const float error = f.rest * rest[l] + f.off * off[l] + f.sum * sum[l] + kShare * std::fabs(z);
      high[l] = size + error;
      low[l] = size - error;
    }
  }

  INLINED void Append(uint64_t reaching, int first, const float* high, const float* low, bool bounds, Hits& hits) const {
    if (of.m - first < kPanel) reaching &= (uint64_t{1} << (of.m - first)) - 1;
    if (reaching == 0) return;
    hits.MakeRoom(kPanel, bounds);
    int n = hits.n;
    for (; reaching != 0; reaching &= reaching - 1, ++n) {
      const int l = __builtin_ctzll(reaching);
      hits.latent[n] = first + l;
      if (!bounds) continue;
      // Where the estimate overflowed or its bound did, nothing is known.
      const bool known = std::fabs(high[l]) <= FLT_MAX && std::fabs(low[l]) <= FLT_MAX;
      hits.high[n] = known ? high[l] : kInfinity;
      hits.low[n] = known ? low[l] : kLowest;
    }
    hits.n = n;
  }

  // Adds the latents of the panel that may reach the floors, one of each latent; with the bounds of their values where these are
  // wanted. `tile`: the row's products with the panel.
  void AdmitNarrow(int row, int first, const float* tile, const float* floors, bool bounds, Hits& hits) const {
    float high[kPanel], low[kPanel];
    Bounds(row, first, tile, high, low);
    Append(Reaching(high, floors), first, high, low, bounds, hits);
  }
#ifdef __x86_64__
  WIDE void AdmitWide(int row, int first, const float* tile, const float* floors, bool bounds, Hits& hits) const {
    float high[kPanel], low[kPanel];
    Bounds(row, first, tile, high, low);
    Append(ReachingWide(high, floors), first, high, low, bounds, hits);
  }
#endif
  void Admit(int row, int panel, const float* tile, const float* floors, bool bounds, Hits& hits) const {
#ifdef __x86_64__
    if (IsWide()) return AdmitWide(row, panel * kPanel, tile, floors, bounds, hits);
#endif
    AdmitNarrow(row, panel * kPanel, tile, floors, bounds, hits);
  }
#ifdef __x86_64__
  // False: no latent of the panel reaches the floor, whatever its own factors are. Its bound is at most z + error + kShare |z|, which
  // grows with z.
  WIDE bool MayReachWide(int row, int panel, const float* tile, float floor) const {
    const RowFactors f = factors[row];
    const LatentFactors& w = most[panel];
    const float error = f.rest * w.rest + f.off * w.off + f.sum * w.sum;
    const __m512 least = _mm512_set1_ps(floor - 1.0001f * error - 2 * kShare * std::fabs(floor));
    const int added = by == By::kByte512 ? *inputs.at(row * static_cast<int64_t>(stride) + words) : 0;
    __mmask16 any = 0;
    for (int l = 0; l < kPanel; l += 16) {
      const __m512i product = _mm512_sub_epi32(_mm512_loadu_si512(tile + l), _mm512_set1_epi32(added));
      const __m512 scaled = _mm512_mul_ps(_mm512_cvtepi32_ps(product), _mm512_set1_ps(f.scale));
      const __m512 z = _mm512_add_ps(_mm512_mul_ps(scaled, _mm512_loadu_ps(&scales[panel * kPanel + l])),
                                     _mm512_loadu_ps(&biases[panel * kPanel + l]));
      any |= _mm512_cmp_ps_mask(z, least, _CMP_NLT_UQ);
    }
    return any != 0;
  }
#endif
  // The same with one floor for all.
  void Admit(int row, int panel, const float* tile, float floor, Hits& hits) const {
#ifdef __x86_64__
    if (IsWide() && InIntegers(by) && !absolute && apart.columns.empty() && !MayReachWide(row, panel, tile, floor)) return;
#endif
    float floors[kPanel];
    std::fill_n(floors, kPanel, floor);
    Admit(row, panel, tile, floors, true, hits);
  }

  // f(i, panel, products [kPanel]) of rows[i], panel after panel.
  template <class F>
  void ForTiles(const std::vector<int>& rows, F f) const {
    alignas(64) float out[kTileRows * kPanel];
    const int n = rows.size();
    for (int panel = 0; panel < padded / kPanel; ++panel) {
      for (int from = 0; from < n; from += kTileRows) {
        const uint32_t* at[kTileRows];
        for (int i = 0; i < kTileRows; ++i) at[i] = inputs.at(static_cast<int64_t>(rows[std::min(n - 1, from + i)]) * stride);
        Tile(by, at, panels.at(static_cast<int64_t>(panel) * kPanel * words), words, out);
        for (int i = 0; i < std::min(kTileRows, n - from); ++i) f(from + i, panel, out + i * kPanel);
      }
    }
  }
};

}  // namespace
