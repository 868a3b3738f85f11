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

  // The latents of the panel that may reach the floors, one of each latent, with the bounds of their values where these are wanted.
  void AdmitNarrow(int row, int first, const float* tile, const float* floors, bool bounds, Hits& hits) const {
    float high[kPanel], low[kPanel];
    Bounds(row, first, tile, high, low);
    Append(Reaching(high, floors), first, high, low, bounds, hits);
  }
#ifdef __x86_64__
  // The same, with one floor where `floors` is null. Sixteen latents that are all below it by the largest factors of the panel's
  // latents need no bounds of their own: a bound is at most size + error + kShare |z|, which grows with the size.
  WIDE void AdmitWide(int row, int first, const float* tile, float floor, const float* floors, bool bounds, Hits& hits) const {
    const RowFactors f = factors[row];
    const LatentFactors& w = most[first / kPanel];
    const __m512 error = _mm512_set1_ps(1.0001f * (f.rest * w.rest + f.off * w.off + f.sum * w.sum));
    const auto magnitude = [](__m512 z) WIDE { return _mm512_castsi512_ps(_mm512_and_si512(_mm512_castps_si512(z), _mm512_set1_epi32(0x7fffffff))); };
    const auto cutOf = [&](__m512 reach) WIDE {
      return _mm512_sub_ps(_mm512_sub_ps(reach, error), _mm512_mul_ps(_mm512_set1_ps(2 * kShare), magnitude(reach)));
    };
    __m512 reach = _mm512_set1_ps(floor), cut = cutOf(reach);
    // What the vectors that are stored might else be thought to change.
    const bool integers = InIntegers(by), sizes = absolute;
    const int columns = apart.columns.size(), m = of.m;
    const float *scale = &scales[first], *bias = &biases[first], *rest = &latentRest[first], *off = &latentOff[first], *sum = &latentSum[first];
    const int added = by == By::kByte512 ? *inputs.at(row * static_cast<int64_t>(stride) + words) : 0;
    hits.MakeRoom(kPanel + 16, bounds);
    for (int l = 0; l < kPanel; l += 16) {
      const int at = first + l;
      __m512 z = _mm512_loadu_ps(tile + l);
      if (integers) {
        const __m512i product = _mm512_sub_epi32(_mm512_castps_si512(z), _mm512_set1_epi32(added));
        z = _mm512_mul_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(product), _mm512_set1_ps(f.scale)), _mm512_loadu_ps(scale + l));
      }
      for (int n = 0; n < columns; ++n) {
        const float a = of.x[static_cast<int64_t>(row) * of.d + apart.columns[n]];
        z = _mm512_add_ps(z, _mm512_mul_ps(_mm512_set1_ps(a), _mm512_loadu_ps(&apartWeights[n * padded + at])));
      }
      z = _mm512_add_ps(z, _mm512_loadu_ps(bias + l));
      const __m512 size = sizes ? magnitude(z) : z;
      if (floors != nullptr) cut = cutOf(reach = _mm512_loadu_ps(floors + l));
      __mmask16 reaching = _mm512_cmp_ps_mask(size, cut, _CMP_NLT_UQ);
      if (m - at < 16) reaching &= (1u << std::max(0, m - at)) - 1;
      if (reaching == 0) continue;
      const auto times = [&](float factor, const float* each) WIDE { return _mm512_mul_ps(_mm512_set1_ps(factor), _mm512_loadu_ps(each + l)); };
      const __m512 own = _mm512_add_ps(_mm512_add_ps(_mm512_add_ps(times(f.rest, rest), times(f.off, off)), times(f.sum, sum)),
                                       _mm512_mul_ps(_mm512_set1_ps(kShare), magnitude(z)));
      const __m512 high = _mm512_add_ps(size, own), low = _mm512_sub_ps(size, own);
      reaching &= _mm512_cmp_ps_mask(high, reach, _CMP_NLT_UQ);
      if (reaching == 0) continue;
      const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
      _mm512_storeu_si512(&hits.latent[hits.n], _mm512_maskz_compress_epi32(reaching, _mm512_add_epi32(lanes, _mm512_set1_epi32(at))));
      if (bounds) {
        // Where the estimate overflowed or its bound did, nothing is known.
        const __m512 largest = _mm512_set1_ps(FLT_MAX);
        const __mmask16 known = _mm512_cmp_ps_mask(magnitude(high), largest, _CMP_LE_OQ) & _mm512_cmp_ps_mask(magnitude(low), largest, _CMP_LE_OQ);
        _mm512_storeu_ps(&hits.high[hits.n], _mm512_maskz_compress_ps(reaching, _mm512_mask_mov_ps(_mm512_set1_ps(kInfinity), known, high)));
        _mm512_storeu_ps(&hits.low[hits.n], _mm512_maskz_compress_ps(reaching, _mm512_mask_mov_ps(_mm512_set1_ps(kLowest), known, low)));
      }
      hits.n += __builtin_popcount(reaching);
    }
  }
#endif
  // Adds the latents of the panel whose values may reach the floor, with their bounds. `tile`: the row's products with the panel.
  void Admit(int row, int panel, const float* tile, float floor, Hits& hits) const {
#ifdef __x86_64__
    if (IsWide()) return AdmitWide(row, panel * kPanel, tile, floor, nullptr, true, hits);
#endif
    float floors[kPanel];
    std::fill_n(floors, kPanel, floor);
    AdmitNarrow(row, panel * kPanel, tile, floors, true, hits);
  }
  // Those that may be above their limits.
  void AdmitAbove(int row, int panel, const float* tile, Hits& hits) const {
    const float* floors = &limits[panel * kPanel];
#ifdef __x86_64__
    if (IsWide()) return AdmitWide(row, panel * kPanel, tile, 0, floors, false, hits);
#endif
    AdmitNarrow(row, panel * kPanel, tile, floors, false, hits);
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
