// Sums over pairs, latent by latent, rows ascending:
//   SaeAdam     Adam on a latent-major matrix whose gradient is such a sum; no gradient matrix is ever written
//   SaeScatter  for every latent the sum of value * x[row]: [latents, d]
#include <cmath>
#include <vector>

#include "ops.h"
#include "tensorflow/core/framework/resource_mgr.h"
#include "tensorflow/core/framework/resource_var.h"

namespace {

constexpr int kBlock = 32;

struct Pair {
  float value;
  int row;
};

// The pairs by latent: those of latent j are at start[j] .. start[j + 1] - 1.
struct ByLatent {
  std::vector<int> start;
  std::vector<Pair> pairs;
  // Rows that many latents are summed over before the next ones: all, but where more than one in 16 pairs is active.
  int span;

  bool Fill(const Tensor& values, const int* latent, const int* row, int m, int64_t rows) {
    const int64_t n = values.NumElements();
    start.assign(m + 2, 0);
    for (int64_t i = 0; i < n; ++i) {
      if (latent[i] < 0 || latent[i] >= m || row[i] < 0 || row[i] >= rows) return false;
      ++start[latent[i] + 2];
    }
    for (int j = 0; j < m; ++j) start[j + 2] += start[j + 1];
    pairs.resize(n);
    for (int64_t i = 0; i < n; ++i) pairs[start[latent[i] + 1]++] = {Floats(values)[i], row[i]};
    span = n > rows * m / 16 ? 64 : rows;
    return true;
  }

  // sum += those of four pairs, while the rows of the next four are fetched.
  static void AddFour(float* __restrict sum, const Pair* p, const float* const* rows, const float* const* next, int d) {
    const float *a = rows[0], *b = rows[1], *c = rows[2], *e = rows[3];
    int from = 0;
    for (; from + kLanes <= d; from += kLanes) {
      for (int n = 0; n < 4; ++n) __builtin_prefetch(next[n] + from);
#pragma omp simd
      for (int l = from; l < from + kLanes; ++l)
        sum[l] += (p[0].value * a[l] + p[1].value * b[l]) + (p[2].value * c[l] + p[3].value * e[l]);
    }
    for (; from < d; ++from)
      sum[from] += (p[0].value * a[from] + p[1].value * b[from]) + (p[2].value * c[from] + p[3].value * e[from]);
  }

  // sums[j - first] += the sum of latent j, four pairs at a time.
  void Add(float* sums, int64_t first, int64_t last, const float* x, int64_t rows, int d) const {
    int at[kBlock];
    for (int64_t j = first; j < last; ++j) at[j - first] = start[j];
    const auto rowOf = [&](int i) { return x + static_cast<int64_t>(pairs[i].row) * d; };
    for (int64_t end = span; end < rows + span; end += span) {
      for (int64_t j = first; j < last; ++j) {
        float* __restrict g = sums + (j - first) * d;
        int& i = at[j - first];
        for (; i + 4 <= start[j + 1] && pairs[i].row < end; i += 4) {
          const float *four[4], *next[4];
          for (int n = 0; n < 4; ++n) {
            four[n] = rowOf(i + n);
            next[n] = rowOf(std::min<int>(i + 4 + n, pairs.size() - 1));
          }
          AddFour(g, pairs.data() + i, four, next, d);
        }
      }
    }
    for (int64_t j = first; j < last; ++j)
      for (int i = at[j - first]; i < start[j + 1]; ++i) AddScaled(sums + (j - first) * d, pairs[i].value, rowOf(i), d);
  }
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
    std::vector<int> extraOf(m, -1);
    for (int i = 0; i < c->input(7).NumElements(); ++i) {
      OP_REQUIRES(c, extra[i] >= 0 && extra[i] < m, Invalid("SaeAdam: a latent is out of range"));
      extraOf[extra[i]] = i;
    }
    ByLatent sorted;
    OP_REQUIRES(c, sorted.Fill(values, latent, row, m, rows), Invalid("SaeAdam: a pair is out of range"));
    Tensor* squares;
    OP_REQUIRES_OK(c, c->allocate_output(0, {m}, &squares));
    float* square = squares->flat<float>().data();
    const float *x = Floats(c->input(3)), *hyper = Floats(c->input(4)), *toNorm = Floats(along), *moreRows = Floats(more);
    ForBlocks(c, m, kBlock, [&](int64_t first, int64_t last) {
      std::vector<float> sums((last - first) * d);
      for (int64_t j = first; j < last; ++j)
        if (extraOf[j] >= 0) std::copy_n(moreRows + static_cast<int64_t>(extraOf[j]) * d, d, sums.data() + (j - first) * d);
      sorted.Add(sums.data(), first, last, x, rows, d);
      for (int64_t j = first; j < last; ++j) {
        float *w = parameter[0] + j * d, *g = sums.data() + (j - first) * d;
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

class SaeScatter : public OpKernel {
 public:
  using OpKernel::OpKernel;

  void Compute(OpKernelContext* c) override {
    const Tensor &values = c->input(0), &x = c->input(3);
    const int m = c->input(4).scalar<int>()(), d = x.dim_size(1);
    OP_REQUIRES(c, x.dims() == 2 && c->input(1).NumElements() == values.NumElements() &&
                       c->input(2).NumElements() == values.NumElements(),
                Invalid("SaeScatter: shapes do not agree"));
    ByLatent sorted;
    OP_REQUIRES(c, sorted.Fill(values, Ints(c->input(1)), Ints(c->input(2)), m, x.dim_size(0)),
                Invalid("SaeScatter: a pair is out of range"));
    Tensor* result;
    OP_REQUIRES_OK(c, c->allocate_output(0, {m, d}, &result));
    float* sums = result->flat<float>().data();
    ForBlocks(c, m, kBlock, [&](int64_t first, int64_t last) {
      std::fill(sums + first * d, sums + last * d, 0.f);
      sorted.Add(sums + first * d, first, last, Floats(x), x.dim_size(0), d);
    });
  }
};

REGISTER_OP("SaeAdam")
    .Attr("unit: bool").Attr("apply: bool")
    .Input("values: float").Input("latents: int32").Input("rows: int32").Input("x: float").Input("hyper: float")
    .Input("along: float").Input("widths: int32").Input("more_latents: int32").Input("more_rows: float")
    .Input("weights: resource").Input("first: resource").Input("second: resource")
    .Output("squares: float")
    .SetIsStateful().SetShapeFn(UnknownShapes);
REGISTER_OP("SaeScatter")
    .Input("values: float").Input("latents: int32").Input("rows: int32").Input("x: float").Input("count: int32")
    .Output("sums: float")
    .SetShapeFn(UnknownShapes);
REGISTER_KERNEL_BUILDER(Name("SaeAdam").Device(DEVICE_CPU), SaeAdam);
REGISTER_KERNEL_BUILDER(Name("SaeScatter").Device(DEVICE_CPU), SaeScatter);

}  // namespace
