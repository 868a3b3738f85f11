// What the operations of our own share: reading tensors, spreading rows over threads, sums in a fixed order.
#pragma once

#include <algorithm>
#include <limits>

#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/shape_inference.h"

namespace {

using namespace tensorflow;

constexpr float kLowest = -std::numeric_limits<float>::infinity();

absl::Status Invalid(const char* message) { return absl::InvalidArgumentError(message); }

template <class F>
void ForBlocks(OpKernelContext* c, int64_t n, int64_t block, F f) {
  c->device()->tensorflow_cpu_worker_threads()->workers->ParallelFor(n, thread::ThreadPool::SchedulingParams::Fixed(block), f);
}

const float* Floats(const Tensor& t) { return t.flat<float>().data(); }
const int* Ints(const Tensor& t) { return t.flat<int>().data(); }

// Many sums side by side, in a fixed order whatever the compiler's vectors are.
float Dot(const float* __restrict a, const float* __restrict b, int d) {
  constexpr int kLanes = 32;
  float sums[kLanes] = {};
  int c = 0;
  for (; c + kLanes <= d; c += kLanes) {
#pragma omp simd
    for (int l = 0; l < kLanes; ++l) sums[l] += a[c + l] * b[c + l];
  }
  for (int half = kLanes / 2; half > 0; half /= 2)
    for (int l = 0; l < half; ++l) sums[l] += sums[l + half];
  for (; c < d; ++c) sums[0] += a[c] * b[c];
  return sums[0];
}

void AddScaled(float* __restrict y, float a, const float* __restrict x, int d) {
#pragma omp simd
  for (int c = 0; c < d; ++c) y[c] += a * x[c];
}

absl::Status UnknownShapes(shape_inference::InferenceContext* c) {
  for (int i = 0; i < c->num_outputs(); ++i) c->set_output(i, c->UnknownShape());
  return absl::OkStatus();
}

}  // namespace
