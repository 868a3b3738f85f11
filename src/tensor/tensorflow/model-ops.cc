// TensorFlow operations of a language model's forward pass, for CPUs: what stands between its matrix products, each in one
// pass over memory. Every row is computed by one thread in a fixed order. Where they are missing, and where a gradient is
// wanted, the blocks in src/model/blocks compose the same from TensorFlow's own operations.
//   ModelNorm      normalisation of every row: by mean and variance, or by the root of the mean square
//   ModelActivate  activation functions, after a bias: GELU in both forms, SiLU; times a factor where an MLP is gated
//   ModelHeads     some of [batch, time, heads, d], after a bias, as [batch, heads, time, d], turned by their position
#include <cmath>

#include "softmax-row.h"

namespace {

inline float Sigmoid(float x) { return 1 / (1 + Exp(-x)); }

// A quotient of polynomials, off by 4e-7 at most; beyond 4, f32 knows only -1 and 1.
inline float Erf(float v) {
  const float x = std::min(std::max(v, -4.f), 4.f), s = x * x;
  float p = -2.72614225801306e-10f, q = -1.45660718464996e-05f;
  for (float c : {2.77068142495902e-08f, -2.10102402082508e-06f, -5.69250639462346e-05f, -7.34990630326855e-04f,
                  -2.95459980854025e-03f, -1.60960333262415e-02f})
    p = p * s + c;
  for (float c : {-2.13374055278905e-04f, -1.68282697438203e-03f, -7.37332916720468e-03f, -1.42647390514189e-02f})
    q = q * s + c;
  return std::fabs(v) >= 4 ? std::copysign(1.f, v) : x * p / q;
}

class ModelNorm : public OpKernel {
 public:
  explicit ModelNorm(OpKernelConstruction* c) : OpKernel(c) {
    OP_REQUIRES_OK(c, c->GetAttr("epsilon", &epsilon_));
    OP_REQUIRES_OK(c, c->GetAttr("centre", &centre_));
  }

  void Compute(OpKernelContext* c) override {
    const Tensor &x = c->input(0), &weight = c->input(1), &bias = c->input(2);
    const int d = weight.NumElements();
    const bool shifted = bias.NumElements() > 0;
    OP_REQUIRES(c, d > 0 && x.dims() > 0 && x.dim_size(x.dims() - 1) == d && (!shifted || bias.NumElements() == d),
                Invalid("ModelNorm: shapes do not agree"));
    Tensor* out;
    OP_REQUIRES_OK(c, c->allocate_output(0, x.shape(), &out));
    const float *from = Floats(x), *w = Floats(weight), *b = Floats(bias);
    float* to = out->flat<float>().data();
    ForBlocks(c, x.NumElements() / d, 16, [=](int64_t first, int64_t last) {
      for (int64_t row = first; row < last; ++row) {
        const float* __restrict in = from + row * d;
        float* __restrict y = to + row * d;
        const float mean = centre_ ? Sum(in, d) / d : 0;
#pragma omp simd
        for (int l = 0; l < d; ++l) y[l] = in[l] - mean;
        const float scale = 1 / std::sqrt(Dot(y, y, d) / d + epsilon_);
#pragma omp simd
        for (int l = 0; l < d; ++l) y[l] = y[l] * scale * w[l];
        if (shifted) AddScaled(y, 1, b, d);
      }
    });
  }

 private:
  float epsilon_;
  bool centre_;
};

class ModelActivate : public OpKernel {
 public:
  explicit ModelActivate(OpKernelConstruction* c) : OpKernel(c) { OP_REQUIRES_OK(c, c->GetAttr("function", &function_)); }

  void Compute(OpKernelContext* c) override {
    const Tensor &x = c->input(0), &bias = c->input(1), &factor = c->input(2);
    const int64_t n = x.NumElements();
    const int d = x.dims() > 0 ? x.dim_size(x.dims() - 1) : 1;
    OP_REQUIRES(c, (bias.NumElements() == 0 || bias.NumElements() == d) && (factor.NumElements() == 0 || factor.NumElements() == n),
                Invalid("ModelActivate: shapes do not agree"));
    Tensor* out;
    OP_REQUIRES_OK(c, c->allocate_output(0, x.shape(), &out));
    if (n == 0) return;
    const Rows rows{Floats(x), bias.NumElements() > 0 ? Floats(bias) : nullptr, factor.NumElements() > 0 ? Floats(factor) : nullptr,
                    out->flat<float>().data(), n / d, d};
    switch (function_) {
      case 0:  // GELU by its tanh: x times the logistic function of 2 sqrt(2 / pi) (x + 0.044715 x^3)
        return Each(c, rows, [](float v) { return v * Sigmoid(v * (v * v * 0.07135481283f + 1.595769122f)); });
      case 1:  // GELU
        return Each(c, rows, [](float v) { return 0.5f * v * (1 + Erf(v * 0.7071067812f)); });
      case 2:  // SiLU
        return Each(c, rows, [](float v) { return v * Sigmoid(v); });
      default:
        OP_REQUIRES(c, false, Invalid("ModelActivate: unknown function"));
    }
  }

 private:
  struct Rows {
    const float *x, *bias, *factor;
    float* y;
    int64_t n;
    int d;
  };

  template <class F>
  static void Each(OpKernelContext* c, const Rows& rows, F f) {
    ForBlocks(c, rows.n, std::max(1, (1 << 14) / rows.d), [=](int64_t first, int64_t last) {
      const int d = rows.d;
      const float* __restrict bias = rows.bias;
      for (int64_t row = first; row < last; ++row) {
        const float* __restrict x = rows.x + row * d;
        float* __restrict y = rows.y + row * d;
        if (bias != nullptr) {
#pragma omp simd
          for (int l = 0; l < d; ++l) y[l] = f(x[l] + bias[l]);
        } else {
#pragma omp simd
          for (int l = 0; l < d; ++l) y[l] = f(x[l]);
        }
        if (rows.factor == nullptr) continue;
        const float* __restrict factor = rows.factor + row * d;
#pragma omp simd
        for (int l = 0; l < d; ++l) y[l] *= factor[l];
      }
    });
  }

  int function_;
};

// `count` of the heads of x, `from` the first, plus their part of the bias. cos, sin [time, half]: entry i of a head turns
// together with entry i + half; none where half is 0.
class ModelHeads : public OpKernel {
 public:
  explicit ModelHeads(OpKernelConstruction* c) : OpKernel(c) {
    OP_REQUIRES_OK(c, c->GetAttr("from", &from_));
    OP_REQUIRES_OK(c, c->GetAttr("count", &count_));
  }

  void Compute(OpKernelContext* c) override {
    const Tensor &x = c->input(0), &bias = c->input(1), &cos = c->input(2), &sin = c->input(3);
    OP_REQUIRES(c, x.dims() == 4 && cos.dims() == 2 && cos.shape() == sin.shape(), Invalid("ModelHeads: shapes do not agree"));
    const int64_t batch = x.dim_size(0), time = x.dim_size(1), heads = x.dim_size(2), d = x.dim_size(3);
    const int64_t half = cos.dim_size(1), from = from_, count = count_;
    const bool shifted = bias.NumElements() > 0;
    OP_REQUIRES(c, from >= 0 && count > 0 && from + count <= heads && (!shifted || bias.NumElements() == heads * d) &&
                       (half == 0 || (cos.dim_size(0) == time && 2 * half <= d)),
                Invalid("ModelHeads: shapes do not agree"));
    Tensor* out;
    OP_REQUIRES_OK(c, c->allocate_output(0, {batch, count, time, d}, &out));
    const float *in = Floats(x), *shift = Floats(bias), *cosines = Floats(cos), *sines = Floats(sin);
    float* to = out->flat<float>().data();
    ForBlocks(c, batch * time, 16, [=](int64_t first, int64_t last) {
      for (int64_t at = first; at < last; ++at) {
        const int64_t b = at / time, t = at % time;
        const float *cs = cosines + t * half, *sn = sines + t * half;
        for (int64_t h = 0; h < count; ++h) {
          float* __restrict y = to + ((b * count + h) * time + t) * d;
          std::copy_n(in + (at * heads + from + h) * d, d, y);
          if (shifted) AddScaled(y, 1, shift + (from + h) * d, d);
#pragma omp simd
          for (int64_t i = 0; i < half; ++i) {
            const float a = y[i], b = y[i + half];
            y[i] = a * cs[i] - b * sn[i];
            y[i + half] = b * cs[i] + a * sn[i];
          }
        }
      }
    });
  }

 private:
  int from_, count_;
};

REGISTER_OP("ModelNorm")
    .Attr("epsilon: float").Attr("centre: bool")
    .Input("x: float").Input("weight: float").Input("bias: float").Output("y: float")
    .SetShapeFn(UnknownShapes);
REGISTER_OP("ModelActivate")
    .Attr("function: int")
    .Input("x: float").Input("bias: float").Input("factor: float").Output("y: float")
    .SetShapeFn(UnknownShapes);
REGISTER_OP("ModelHeads")
    .Attr("from: int").Attr("count: int")
    .Input("x: float").Input("bias: float").Input("cos: float").Input("sin: float").Output("y: float")
    .SetShapeFn(UnknownShapes);
REGISTER_KERNEL_BUILDER(Name("ModelNorm").Device(DEVICE_CPU), ModelNorm);
REGISTER_KERNEL_BUILDER(Name("ModelActivate").Device(DEVICE_CPU), ModelActivate);
REGISTER_KERNEL_BUILDER(Name("ModelHeads").Device(DEVICE_CPU), ModelHeads);

}  // namespace
