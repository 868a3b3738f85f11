// TensorFlow operations of a sparse autoencoder's training step, for CPUs. Every row and every latent is computed by one
// thread in a fixed order, so results do not depend on the number of threads. Built without them (see
// compile-binding.ts), the engine composes the same from TensorFlow's own operations.
//   SaeSelect  the active (row, latent) pairs of pre + bias: the largest of each row, of the batch, or those above a limit;
//              from bfloat16 estimates the largest, with their exact f32 values
//   SaeDecode  reconstruction error, its square, its gradient and that of the active values, in one pass over the rows
//   SaeAdam    Adam on a latent-major matrix whose gradient is a sum over pairs; no gradient matrix is ever written
#include <atomic>
#include <cmath>
#include <cstring>
#include <functional>
#include <type_traits>
#include <vector>

#include "ops.h"
#include "tensorflow/core/framework/resource_mgr.h"
#include "tensorflow/core/framework/resource_var.h"

namespace {

using namespace tensorflow;

constexpr int kGroup = 16;

// y += a x, while the next row is fetched as fast as this one is used.
void AddScaledAhead(float* __restrict y, float a, const float* __restrict x, const float* next, int d) {
  int c = 0;
  for (; c + 16 <= d; c += 16) {
    __builtin_prefetch(next + c);
#pragma omp simd
    for (int l = 0; l < 16; ++l) y[c + l] += a * x[c + l];
  }
  for (; c < d; ++c) y[c] += a * x[c];
}

struct Pair {
  float value;
  int row, latent;
};

bool Before(const Pair& a, const Pair& b) {
  if (a.value != b.value) return a.value > b.value;
  return a.row != b.row ? a.row < b.row : a.latent < b.latent;
}

// Leaves the k that come first, in the order they are in.
void KeepLargest(std::vector<Pair>& pairs, int64_t k) {
  if (static_cast<int64_t>(pairs.size()) <= k) return;
  std::vector<Pair> sorted = pairs;
  std::nth_element(sorted.begin(), sorted.begin() + (k - 1), sorted.end(), Before);
  const Pair least = sorted[k - 1];
  pairs.erase(std::remove_if(pairs.begin(), pairs.end(), [&](const Pair& p) { return Before(least, p); }), pairs.end());
}

// A lower bound, by at most a hundredth, of the k-th largest number: a histogram over the upper half of their bits.
float BoundOfRank(const std::vector<float>& values, int64_t k) {
  if (k > static_cast<int64_t>(values.size())) return kLowest;
  std::vector<int64_t> counts(1 << 16);
  for (float value : values) {
    uint32_t bits;
    std::memcpy(&bits, &value, 4);
    ++counts[(bits >> 31 ? ~bits : bits | 0x80000000u) >> 16];
  }
  uint32_t bin = (1 << 16) - 1;
  for (int64_t above = 0; bin > 0 && (above += counts[bin]) < k;) --bin;
  const uint32_t key = bin << 16, bits = key >> 31 ? key & 0x7fffffffu : ~key;
  float bound;
  std::memcpy(&bound, &bits, 4);
  return bound == bound ? bound : kLowest;
}

inline float Number(float x) { return x; }
inline float Number(bfloat16 x) {
  const uint32_t bits = static_cast<uint32_t>(__builtin_bit_cast(uint16_t, x)) << 16;
  return __builtin_bit_cast(float, bits);
}

template <class T>
struct Selection {
  enum Mode { kRows, kBatch, kAbove } mode;
  int64_t count, extra;
  const T* pre;
  const float *bias, *limit, *x, *weights;
  int rows, m, d;
  static constexpr bool kExact = !std::is_same<T, float>::value;

  int groups() const { return (m + kGroup - 1) / kGroup; }
  float Sum(int64_t row, int j) const { return Number(pre[row * m + j]) + bias[j]; }

  // Maxima of groups of a row's sums: the k largest are in the k groups of the largest maxima. False: there is a NaN.
  bool GroupMaxima(int64_t row, float* __restrict maxima) const {
    const T* __restrict p = pre + row * m;
    const float* __restrict b = bias;
    int bad = 0;
    for (int g = 0, start = 0; start < m; ++g, start += kGroup) {
      float most = kLowest;
      const int width = std::min(kGroup, m - start);
      if (width == kGroup) {
#pragma omp simd reduction(max : most) reduction(| : bad)
        for (int l = 0; l < kGroup; ++l) {
          const float z = Number(p[start + l]) + b[start + l];
          most = most > z ? most : z;
          bad |= z != z;
        }
      } else {
        for (int l = 0; l < width; ++l) {
          const float z = Number(p[start + l]) + b[start + l];
          most = most > z ? most : z;
          bad |= z != z;
        }
      }
      maxima[g] = most;
    }
    return bad == 0;
  }

  void CollectFrom(int row, float bound, const float* maxima, std::vector<Pair>& out) const {
    for (int g = 0; g < groups(); ++g) {
      if (!(maxima[g] >= bound)) continue;
      for (int j = g * kGroup; j < std::min(m, (g + 1) * kGroup); ++j)
        if (Sum(row, j) >= bound) out.push_back({Sum(row, j), row, j});
    }
  }

  void CollectAbove(int row, std::vector<Pair>& out) const {
    for (int start = 0; start < m; start += kGroup) {
      const int end = std::min(m, start + kGroup);
      int any = 0;
#pragma omp simd reduction(| : any)
      for (int j = start; j < end; ++j) any |= Sum(row, j) > limit[j];
      if (any == 0) continue;
      for (int j = start; j < end; ++j)
        if (Sum(row, j) > limit[j]) out.push_back({Sum(row, j), row, j});
    }
  }

  static float Least(const std::vector<Pair>& pairs) {
    float least = -kLowest;
    for (const Pair& pair : pairs) least = std::min(least, pair.value);
    return least;
  }

  float Value(const Pair& p) const {
    return Dot(x + static_cast<int64_t>(p.row) * d, weights + static_cast<int64_t>(p.latent) * d, d) + bias[p.latent];
  }

  // Of candidates with exact values the `wanted` largest. False where one that was left out may belong to them: its
  // estimate is at most `cut`, and would have to be off by more than twice the largest error seen here.
  static bool KeepSure(std::vector<Pair>& pairs, int64_t wanted, bool all, float cut, float error) {
    KeepLargest(pairs, wanted);
    return all || cut + 2 * error < Least(pairs);
  }

  // Not above the `wanted`-th largest maximum. Rows of a batch are alike: where `guess` leaves few more than that, it
  // does, and saves the search. What is chosen does not depend on it.
  float BoundOf(const std::vector<float>& maxima, int64_t wanted, std::vector<float>& sorted, float& guess) const {
    if (wanted > groups()) return kLowest;
    int64_t above = 0;
    for (float most : maxima) above += most >= guess;
    if (above >= wanted && above <= 2 * wanted) return guess;
    sorted = maxima;
    std::nth_element(sorted.begin(), sorted.begin() + (wanted - 1), sorted.end(), std::greater<float>());
    const float bound = sorted[wanted - 1], largest = *std::max_element(sorted.begin(), sorted.begin() + wanted);
    guess = bound - (largest - bound) / 8;
    return bound;
  }

  bool SelectRow(int row, std::vector<float>& maxima, std::vector<float>& sorted, float& guess, std::vector<Pair>& pairs,
                 int* retries) const {
    if (!GroupMaxima(row, maxima.data())) return false;
    for (int64_t wanted = std::min<int64_t>(m, count + extra);; wanted = std::min<int64_t>(m, 2 * wanted), ++*retries) {
      const float bound = BoundOf(maxima, wanted, sorted, guess);
      pairs.clear();
      CollectFrom(row, bound, maxima.data(), pairs);
      KeepLargest(pairs, wanted);
      if (!kExact) return true;
      const float cut = Least(pairs);
      float error = 0;
      for (Pair& pair : pairs) {
        const float value = Value(pair);
        if (value != value) return false;
        error = std::max(error, std::fabs(value - pair.value));
        pair.value = value;
      }
      if (KeepSure(pairs, count, wanted == m, cut, error)) return true;
    }
  }

  bool SelectBatch(OpKernelContext* c, std::vector<Pair>& all, int* retries) const {
    std::atomic<bool> bad{false};
    std::vector<float> maxima(static_cast<int64_t>(rows) * groups());
    ForBlocks(c, rows, 16, [&](int64_t from, int64_t to) {
      for (int64_t row = from; row < to; ++row)
        if (!GroupMaxima(row, &maxima[row * groups()])) bad = true;
    });
    if (bad) return false;
    const int64_t total = static_cast<int64_t>(rows) * m;
    for (int64_t more = kExact ? std::max<int64_t>(1, extra) * rows : 0;; more *= 2, ++*retries) {
      const int64_t wanted = std::min(total, count + more);
      const float bound = BoundOfRank(maxima, wanted);
      std::vector<std::vector<Pair>> found(rows);
      ForBlocks(c, rows, 16, [&](int64_t from, int64_t to) {
        for (int64_t row = from; row < to; ++row) CollectFrom(row, bound, &maxima[row * groups()], found[row]);
      });
      all.clear();
      for (const auto& pairs : found) all.insert(all.end(), pairs.begin(), pairs.end());
      KeepLargest(all, wanted);
      if (!kExact) return true;
      const float cut = Least(all);
      std::vector<float> errors(all.size());
      ForBlocks(c, all.size(), 256, [&](int64_t from, int64_t to) {
        for (int64_t i = from; i < to; ++i) {
          const float value = Value(all[i]);
          errors[i] = std::fabs(value - all[i].value);
          all[i].value = value;
        }
      });
      for (const Pair& pair : all)
        if (pair.value != pair.value) return false;
      if (KeepSure(all, count, wanted == total, cut, *std::max_element(errors.begin(), errors.end()))) return true;
    }
  }

  // The pairs of every row, latents ascending, and how often too few candidates were taken. False: a NaN is among the
  // numbers to choose from.
  bool Run(OpKernelContext* c, std::vector<std::vector<Pair>>& chosen, int* retries) const {
    std::fill(retries, retries + rows, 0);
    if (mode == kBatch) {
      std::vector<Pair> all;
      if (!SelectBatch(c, all, retries)) return false;
      for (const Pair& pair : all) chosen[pair.row].push_back(pair);
      return true;
    }
    std::atomic<bool> bad{false};
    ForBlocks(c, rows, 16, [&](int64_t from, int64_t to) {
      std::vector<float> maxima(groups()), sorted;
      float guess = -kLowest;
      for (int64_t row = from; row < to; ++row) {
        if (mode == kAbove) CollectAbove(row, chosen[row]);
        else if (!SelectRow(row, maxima, sorted, guess, chosen[row], retries + row)) bad = true;
      }
    });
    return !bad;
  }
};

template <class T>
class SaeSelect : public OpKernel {
 public:
  explicit SaeSelect(OpKernelConstruction* c) : OpKernel(c) {
    OP_REQUIRES_OK(c, c->GetAttr("mode", &mode_));
    OP_REQUIRES_OK(c, c->GetAttr("count", &count_));
    OP_REQUIRES_OK(c, c->GetAttr("extra", &extra_));
  }

  void Compute(OpKernelContext* c) override {
    const Tensor &pre = c->input(0), &bias = c->input(1), &limit = c->input(2), &x = c->input(3), &weights = c->input(4);
    OP_REQUIRES(c, pre.dims() == 2 && bias.NumElements() == pre.dim_size(1) && x.dims() == 2 && weights.dims() == 2,
                Invalid("SaeSelect: shapes do not agree"));
    const int rows = pre.dim_size(0), m = pre.dim_size(1), d = x.dim_size(1);
    const auto mode = static_cast<typename Selection<T>::Mode>(mode_);
    const bool above = mode == Selection<T>::kAbove, exact = Selection<T>::kExact;
    OP_REQUIRES(c, above ? !exact && limit.NumElements() == m : count_ > 0 && extra_ >= 0,
                Invalid("SaeSelect: nothing to choose by"));
    OP_REQUIRES(c, !exact || (x.dim_size(0) == rows && weights.dim_size(0) == m && weights.dim_size(1) == d),
                Invalid("SaeSelect: shapes do not agree"));
    Tensor *values, *latents, *starts, *retries;
    OP_REQUIRES_OK(c, c->allocate_output(2, {rows + 1}, &starts));
    OP_REQUIRES_OK(c, c->allocate_output(3, {rows}, &retries));
    std::vector<std::vector<Pair>> chosen(rows);
    const Selection<T> selection{mode,          count_,         exact ? extra_ : 0, pre.flat<T>().data(), Floats(bias),
                                 Floats(limit), Floats(x),      Floats(weights),    rows,                 m,
                                 d};
    OP_REQUIRES(c, selection.Run(c, chosen, retries->flat<int>().data()),
                Invalid("SaeSelect: there is NaN among the numbers to choose from"));
    int* start = starts->flat<int>().data();
    start[0] = 0;
    for (int row = 0; row < rows; ++row) start[row + 1] = start[row] + static_cast<int>(chosen[row].size());
    OP_REQUIRES_OK(c, c->allocate_output(0, {start[rows]}, &values));
    OP_REQUIRES_OK(c, c->allocate_output(1, {start[rows]}, &latents));
    float* value = values->flat<float>().data();
    int* latent = latents->flat<int>().data();
    for (const auto& pairs : chosen) {
      for (const Pair& pair : pairs) {
        *value++ = pair.value;
        *latent++ = pair.latent;
      }
    }
  }

 private:
  int mode_;
  int64_t count_, extra_;
};

// Prefix g of the latents ends before latent ends[g]; e_g = base + sum over its pairs of value * weights[latent].
//   gradient [G * rows, d]  scale times the sum of e_h over the prefixes h >= g: what pairs of group g get
//   dots [n]                gradient of every pair's value
//   squares [rows, G]       |e_g|^2
class SaeDecode : public OpKernel {
 public:
  explicit SaeDecode(OpKernelConstruction* c) : OpKernel(c) { OP_REQUIRES_OK(c, c->GetAttr("scale", &scale_)); }

  void Compute(OpKernelContext* c) override {
    const Tensor &weights = c->input(3), &base = c->input(4);
    const int rows = base.dim_size(0), d = base.dim_size(1), m = weights.dim_size(0), groups = c->input(5).NumElements();
    const int64_t n = c->input(0).NumElements();
    const int *latent = Ints(c->input(1)), *start = Ints(c->input(2)), *ends = Ints(c->input(5));
    OP_REQUIRES(c, c->input(1).NumElements() == n && c->input(2).NumElements() == rows + 1 && start[rows] == n &&
                       weights.dim_size(1) == d && groups > 0 && ends[groups - 1] == m,
                Invalid("SaeDecode: shapes do not agree"));
    OP_REQUIRES(c, std::all_of(latent, latent + n, [m](int j) { return j >= 0 && j < m; }),
                Invalid("SaeDecode: a latent is out of range"));
    Tensor *gradients, *dots, *squares;
    OP_REQUIRES_OK(c, c->allocate_output(0, {static_cast<int64_t>(groups) * rows, d}, &gradients));
    OP_REQUIRES_OK(c, c->allocate_output(1, {n}, &dots));
    OP_REQUIRES_OK(c, c->allocate_output(2, {rows, groups}, &squares));
    const float *value = Floats(c->input(0)), *w = Floats(weights), *from = Floats(base);
    float *out = gradients->flat<float>().data(), *dot = dots->flat<float>().data(), *square = squares->flat<float>().data();
    const float scale = scale_;
    ForBlocks(c, rows, 16, [=](int64_t first, int64_t last) {
      const auto weightsOf = [=](int i) { return w + static_cast<int64_t>(latent[i]) * d; };
      for (int64_t row = first; row < last; ++row) {
        const float* before = from + row * d;
        int i = start[row];
        for (int g = 0; g < groups; ++g) {
          float* error = out + (static_cast<int64_t>(g) * rows + row) * d;
          std::copy(before, before + d, error);
          for (; i < start[row + 1] && latent[i] < ends[g]; ++i) {
            if (value[i] != 0) AddScaledAhead(error, value[i], weightsOf(i), i + 1 < n ? weightsOf(i + 1) : from, d);
          }
          square[row * groups + g] = Dot(error, error, d);
          before = error;
        }
        i = start[row + 1] - 1;
        for (int g = groups - 1; g >= 0; --g) {
          float* gradient = out + (static_cast<int64_t>(g) * rows + row) * d;
          for (int l = 0; l < d; ++l) gradient[l] *= scale;
          if (g + 1 < groups) AddScaled(gradient, 1, gradient + static_cast<int64_t>(rows) * d, d);
          for (; i >= start[row] && (g == 0 || latent[i] >= ends[g - 1]); --i) dot[i] = Dot(gradient, weightsOf(i), d);
        }
      }
    });
  }

 private:
  float scale_;
};

// The gradient of row j of the matrix: sum over its pairs of value * x[row], plus along[j, p] times part p of the row
// itself, plus more_rows where j is in more_latents; without its component along the row where `unit`.
//   hyper    rate, beta1, beta2, epsilon, factor of the gradient
//   squares  [latents] |gradient|^2 before the factor; nothing else happens unless `apply`
class SaeAdam : public OpKernel {
 public:
  explicit SaeAdam(OpKernelConstruction* c) : OpKernel(c) {
    OP_REQUIRES_OK(c, c->GetAttr("unit", &unit_));
    OP_REQUIRES_OK(c, c->GetAttr("apply", &apply_));
  }

  void Compute(OpKernelContext* c) override {
    core::RefCountPtr<Var> var[3];
    float* parameter[3];
    for (int i = 0; i < 3; ++i) {
      OP_REQUIRES_OK(c, LookupResource(c, HandleFromInput(c, 9 + i), &var[i]));
      Tensor* t = var[i]->tensor();
      OP_REQUIRES(c, t->dims() == 2 && t->shape() == var[0]->tensor()->shape(), Invalid("SaeAdam: moments of another shape"));
      if (apply_ && !t->RefCountIsOne()) {  // somebody holds what was read: it must not change
        Tensor own;
        OP_REQUIRES_OK(c, c->allocate_temp(DT_FLOAT, t->shape(), &own));
        std::copy_n(Floats(*t), t->NumElements(), own.flat<float>().data());
        *t = own;
      }
      parameter[i] = t->flat<float>().data();
    }
    const Tensor &values = c->input(0), &along = c->input(5), &more = c->input(8);
    const int m = var[0]->tensor()->dim_size(0), d = var[0]->tensor()->dim_size(1), parts = c->input(6).NumElements();
    const int64_t n = values.NumElements(), rows = c->input(3).dim_size(0);
    const int *latent = Ints(c->input(1)), *row = Ints(c->input(2)), *widths = Ints(c->input(6)), *extra = Ints(c->input(7));
    OP_REQUIRES(c, c->input(1).NumElements() == n && c->input(2).NumElements() == n && c->input(3).dim_size(1) == d &&
                       c->input(4).NumElements() == 5 && along.NumElements() == static_cast<int64_t>(parts) * m &&
                       more.NumElements() == c->input(7).NumElements() * d,
                Invalid("SaeAdam: shapes do not agree"));
    std::vector<int> start(m + 2), extraOf(m, -1);
    for (int i = 0; i < c->input(7).NumElements(); ++i) {
      OP_REQUIRES(c, extra[i] >= 0 && extra[i] < m, Invalid("SaeAdam: a latent is out of range"));
      extraOf[extra[i]] = i;
    }
    for (int64_t i = 0; i < n; ++i) {
      OP_REQUIRES(c, latent[i] >= 0 && latent[i] < m && row[i] >= 0 && row[i] < rows, Invalid("SaeAdam: a pair is out of range"));
      ++start[latent[i] + 2];
    }
    for (int j = 0; j < m; ++j) start[j + 2] += start[j + 1];
    std::vector<Pair> pairs(n);
    for (int64_t i = 0; i < n; ++i) pairs[start[latent[i] + 1]++] = {Floats(values)[i], row[i], latent[i]};
    Tensor* squares;
    OP_REQUIRES_OK(c, c->allocate_output(0, {m}, &squares));
    float* square = squares->flat<float>().data();
    const float *x = Floats(c->input(3)), *hyper = Floats(c->input(4)), *toNorm = Floats(along), *moreRows = Floats(more);
    ForBlocks(c, m, 32, [&](int64_t first, int64_t last) {
      std::vector<float> sum(d);
      float* g = sum.data();
      for (int64_t j = first; j < last; ++j) {
        float* w = parameter[0] + j * d;
        std::fill(g, g + d, 0.f);
        if (extraOf[j] >= 0) std::copy_n(moreRows + static_cast<int64_t>(extraOf[j]) * d, d, g);
        SumPairs(g, pairs.data() + start[j], start[j + 1] - start[j], x, d);
        for (int p = 0, at = 0; p < parts; at += widths[p++]) AddScaled(g + at, toNorm[j * parts + p], w + at, widths[p]);
        if (unit_) AddScaled(g, -Dot(g, w, d), w, d);
        square[j] = Dot(g, g, d);
        if (!apply_) continue;
        Update(w, parameter[1] + j * d, parameter[2] + j * d, g, d, hyper);
        if (!unit_) continue;
        const float norm = std::max(std::sqrt(Dot(w, w, d)), 1e-30f);
        for (int l = 0; l < d; ++l) w[l] /= norm;
      }
    });
  }

 private:
  static void SumPairs(float* __restrict g, const Pair* p, int n, const float* __restrict x, int d) {
    const auto rowOf = [=](int i) { return x + static_cast<int64_t>(p[i].row) * d; };
    int i = 0;
    for (; i + 4 <= n; i += 4) {
      const float *a = rowOf(i), *b = rowOf(i + 1), *c = rowOf(i + 2), *e = rowOf(i + 3);
#pragma omp simd
      for (int l = 0; l < d; ++l)
        g[l] += (p[i].value * a[l] + p[i + 1].value * b[l]) + (p[i + 2].value * c[l] + p[i + 3].value * e[l]);
    }
    for (; i < n; ++i) AddScaled(g, p[i].value, rowOf(i), d);
  }

  static void Update(float* __restrict w, float* __restrict m, float* __restrict v, const float* __restrict g, int d,
                     const float* hyper) {
    const float rate = hyper[0], one = 1 - hyper[1], two = 1 - hyper[2], epsilon = hyper[3], factor = hyper[4];
#pragma omp simd
    for (int l = 0; l < d; ++l) {
      const float gradient = g[l] * factor;
      m[l] += (gradient - m[l]) * one;
      v[l] += (gradient * gradient - v[l]) * two;
      w[l] -= rate * m[l] / (std::sqrt(v[l]) + epsilon);
    }
  }

  bool unit_, apply_;
};

REGISTER_OP("SaeSelect")
    .Attr("T: {float, bfloat16}").Attr("mode: int").Attr("count: int").Attr("extra: int")
    .Input("pre: T").Input("bias: float").Input("limit: float").Input("x: float").Input("weights: float")
    .Output("values: float").Output("latents: int32").Output("starts: int32").Output("retries: int32")
    .SetShapeFn(UnknownShapes);
REGISTER_OP("SaeDecode")
    .Attr("scale: float")
    .Input("values: float").Input("latents: int32").Input("starts: int32").Input("weights: float").Input("base: float")
    .Input("ends: int32")
    .Output("gradient: float").Output("dots: float").Output("squares: float")
    .SetShapeFn(UnknownShapes);
REGISTER_OP("SaeAdam")
    .Attr("unit: bool").Attr("apply: bool")
    .Input("values: float").Input("latents: int32").Input("rows: int32").Input("x: float").Input("hyper: float")
    .Input("along: float").Input("widths: int32").Input("more_latents: int32").Input("more_rows: float")
    .Input("weights: resource").Input("first: resource").Input("second: resource")
    .Output("squares: float")
    .SetIsStateful().SetShapeFn(UnknownShapes);
REGISTER_KERNEL_BUILDER(Name("SaeSelect").Device(DEVICE_CPU).TypeConstraint<float>("T"), SaeSelect<float>);
REGISTER_KERNEL_BUILDER(Name("SaeSelect").Device(DEVICE_CPU).TypeConstraint<bfloat16>("T"), SaeSelect<bfloat16>);
REGISTER_KERNEL_BUILDER(Name("SaeDecode").Device(DEVICE_CPU), SaeDecode);
REGISTER_KERNEL_BUILDER(Name("SaeAdam").Device(DEVICE_CPU), SaeAdam);

}  // namespace

// So that Node's require() loads the file; the operations register themselves.
extern "C" __attribute__((visibility("default"))) void* napi_register_module_v1(void*, void* exports) { return exports; }
