// SaeDecode: reconstruction errors, their squares, their gradient and that of the active values. Prefix g of the latents ends
// before latent ends[g]; e_g = base + sum over its pairs of value * weights[latent], latents ascending.
//   gradient [G * rows, d]  scale times the sum of e_h over the prefixes h >= g: what pairs of group g get
//   dots [n]                gradient of every pair's value, where they are wanted
//   squares [rows, G]       |e_g|^2
//   columns [d]             sum over the rows of the first gradient
// Other values of the same pairs, where there are any, are decoded while the weights are there: `other_dots` and `other_squares` are
// theirs. They have one prefix, all latents.
// SaeRows: the sum of the rows of a matrix, each times a factor: [d].
#include <vector>

#include "ops.h"

namespace {

constexpr int kRows = 16;
// A row's weights are still in cache when its dots are made; but where a row has more than one in this number of latents, many
// rows are brought on together, latent by latent.
constexpr int kDense = 16, kSpan = 64;

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

// The same of two sums at once.
void AddBothAhead(float* __restrict y, float a, float* __restrict z, float b, const float* __restrict x, const float* next, int d) {
  int c = 0;
  for (; c + 16 <= d; c += 16) {
    __builtin_prefetch(next + c);
#pragma omp simd
    for (int l = 0; l < 16; ++l) {
      y[c + l] += a * x[c + l];
      z[c + l] += b * x[c + l];
    }
  }
  for (; c < d; ++c) {
    y[c] += a * x[c];
    z[c] += b * x[c];
  }
}

class SaeDecode : public OpKernel {
 public:
  explicit SaeDecode(OpKernelConstruction* c) : OpKernel(c) {
    OP_REQUIRES_OK(c, c->GetAttr("scale", &scale_));
    OP_REQUIRES_OK(c, c->GetAttr("with_dots", &dots_));
  }

  void Compute(OpKernelContext* c) override {
    const Tensor &weights = c->input(3), &base = c->input(4);
    const int rows = base.dim_size(0), d = base.dim_size(1), m = weights.dim_size(0), groups = c->input(5).NumElements();
    const int64_t n = c->input(0).NumElements(), others = c->input(6).NumElements();
    const int *latent = Ints(c->input(1)), *start = Ints(c->input(2)), *ends = Ints(c->input(5));
    OP_REQUIRES(c, c->input(1).NumElements() == n && (others == 0 || (others == n && groups == 1)) && c->input(2).NumElements() == rows + 1 && start[rows] == n &&
                       weights.dim_size(1) == d && groups > 0 && ends[groups - 1] == m,
                Invalid("SaeDecode: shapes do not agree"));
    OP_REQUIRES(c, std::all_of(latent, latent + n, [m](int j) { return j >= 0 && j < m; }),
                Invalid("SaeDecode: a latent is out of range"));
    Tensor *gradients, *dots, *squares, *columns, *otherDots, *otherSquares;
    OP_REQUIRES_OK(c, c->allocate_output(0, {static_cast<int64_t>(groups) * rows, d}, &gradients));
    OP_REQUIRES_OK(c, c->allocate_output(1, {dots_ ? n : 0}, &dots));
    OP_REQUIRES_OK(c, c->allocate_output(2, {rows, groups}, &squares));
    OP_REQUIRES_OK(c, c->allocate_output(3, {d}, &columns));
    OP_REQUIRES_OK(c, c->allocate_output(4, {others}, &otherDots));
    OP_REQUIRES_OK(c, c->allocate_output(5, {others == 0 ? 0 : rows}, &otherSquares));
    const bool two = others > 0;
    const float *value = Floats(c->input(0)), *w = Floats(weights), *from = Floats(base);
    const float* other = Floats(c->input(6));
    float *out = gradients->flat<float>().data(), *dot = dots->flat<float>().data(), *square = squares->flat<float>().data();
    float *otherDot = otherDots->flat<float>().data(), *otherSquare = otherSquares->flat<float>().data();
    const float scale = scale_;
    const int64_t blocks = (rows + kRows - 1) / kRows;
    std::vector<float> sums(blocks * d);
    const bool dense = n > static_cast<int64_t>(rows) * m / kDense;
    const int span = dense ? kSpan : m;
    const auto decode = [&](int64_t first, int64_t last) {
      const auto weightsOf = [=](int i) { return w + static_cast<int64_t>(latent[i]) * d; };
      const auto blockOf = [=](int g, int64_t row) { return out + (static_cast<int64_t>(g) * rows + row) * d; };
      int at[kRows], group[kRows];
      std::vector<float> otherErrors(two ? (last - first) * d : 0);
      const auto otherOf = [&](int64_t row) { return otherErrors.data() + (row - first) * d; };
      // Ends a row's prefix, and begins the next one.
      const auto close = [&](int64_t row) {
        int& g = group[row - first];
        const float* error = blockOf(g, row);
        square[row * groups + g] = Dot(error, error, d);
        if (++g < groups) std::copy(error, error + d, blockOf(g, row));
      };
      for (int64_t row = first; row < last; ++row) {
        at[row - first] = start[row];
        group[row - first] = 0;
        std::copy(from + row * d, from + (row + 1) * d, blockOf(0, row));
        if (two) std::copy(from + row * d, from + (row + 1) * d, otherOf(row));
      }
      for (int end = span; end < m + span; end += span) {
        for (int64_t row = first; row < last; ++row) {
          int& i = at[row - first];
          for (; i < start[row + 1] && latent[i] < end; ++i) {
            while (latent[i] >= ends[group[row - first]]) close(row);
            const float* next = i + 1 < n ? weightsOf(i + 1) : from;
            float* error = blockOf(group[row - first], row);
            const bool ofOther = two && other[i] != 0;
            if (ofOther && value[i] != 0) AddBothAhead(error, value[i], otherOf(row), other[i], weightsOf(i), next, d);
            else if (ofOther) AddScaledAhead(otherOf(row), other[i], weightsOf(i), next, d);
            else if (value[i] != 0) AddScaledAhead(error, value[i], weightsOf(i), next, d);
          }
        }
      }
      float* sum = sums.data() + first / kRows * d;
      for (int64_t row = first; row < last; ++row) {
        while (group[row - first] < groups) close(row);
        for (int g = groups - 1; g >= 0; --g) {
          float* gradient = blockOf(g, row);
          for (int l = 0; l < d; ++l) gradient[l] *= scale;
          if (g + 1 < groups) AddScaled(gradient, 1, gradient + static_cast<int64_t>(rows) * d, d);
        }
        AddScaled(sum, 1, blockOf(0, row), d);
        if (two) {
          float* error = otherOf(row);
          otherSquare[row] = Dot(error, error, d);
          for (int l = 0; l < d; ++l) error[l] *= scale;
        }
        at[row - first] = start[row];
        group[row - first] = 0;
      }
      if (!dots_) return;
      for (int end = span; end < m + span; end += span) {
        for (int64_t row = first; row < last; ++row) {
          int &i = at[row - first], &g = group[row - first];
          for (; i < start[row + 1] && latent[i] < end; ++i) {
            while (latent[i] >= ends[g]) ++g;
            if (!two) {
              dot[i] = Dot(blockOf(g, row), weightsOf(i), d);
              continue;
            }
            const float* errors[2] = {blockOf(g, row), otherOf(row)};
            float both[2];
            Dots<2>(weightsOf(i), errors, d, both);
            dot[i] = both[0];
            otherDot[i] = both[1];
          }
        }
      }
    };
    ForBlocks(c, rows, kRows, [&](int64_t first, int64_t last) {
      if (dense) return decode(first, last);
      for (int64_t row = first; row < last; ++row) decode(row, row + 1);
    });
    const FlushSubnormals flush;
    for (int64_t b = 1; b < blocks; ++b) AddScaled(sums.data(), 1, sums.data() + b * d, d);
    std::fill_n(columns->flat<float>().data(), d, 0.f);
    std::copy_n(sums.data(), std::min<int64_t>(sums.size(), d), columns->flat<float>().data());
  }

 private:
  float scale_;
  bool dots_;
};

class SaeRows : public OpKernel {
 public:
  using OpKernel::OpKernel;

  void Compute(OpKernelContext* c) override {
    constexpr int kBlock = 128;
    const Tensor &factors = c->input(0), &matrix = c->input(1);
    OP_REQUIRES(c, matrix.dims() == 2 && factors.NumElements() == matrix.dim_size(0),
                Invalid("SaeRows: shapes do not agree"));
    const int64_t n = matrix.dim_size(0), blocks = (n + kBlock - 1) / kBlock;
    const int d = matrix.dim_size(1);
    const float *factor = Floats(factors), *rows = Floats(matrix);
    std::vector<float> sums(std::max<int64_t>(1, blocks) * d);
    ForBlocks(c, n, kBlock, [&](int64_t first, int64_t last) {
      for (int64_t j = first; j < last; ++j) AddScaled(sums.data() + first / kBlock * d, factor[j], rows + j * d, d);
    });
    const FlushSubnormals flush;
    for (int64_t b = 1; b < blocks; ++b) AddScaled(sums.data(), 1, sums.data() + b * d, d);
    Tensor* result;
    OP_REQUIRES_OK(c, c->allocate_output(0, {d}, &result));
    std::copy_n(sums.data(), d, result->flat<float>().data());
  }
};

REGISTER_OP("SaeDecode")
    .Attr("scale: float").Attr("with_dots: bool")
    .Input("values: float").Input("latents: int32").Input("starts: int32").Input("weights: float").Input("base: float")
    .Input("ends: int32").Input("others: float")
    .Output("gradient: float").Output("dots: float").Output("squares: float").Output("columns: float")
    .Output("other_dots: float").Output("other_squares: float")
    .SetShapeFn(UnknownShapes);
REGISTER_OP("SaeRows").Input("factors: float").Input("matrix: float").Output("sum: float").SetShapeFn(UnknownShapes);
REGISTER_KERNEL_BUILDER(Name("SaeDecode").Device(DEVICE_CPU), SaeDecode);
REGISTER_KERNEL_BUILDER(Name("SaeRows").Device(DEVICE_CPU), SaeRows);

}  // namespace
