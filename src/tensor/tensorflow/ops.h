// What the operations of our own share: reading tensors, spreading rows over threads, sums in a fixed order.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/shape_inference.h"

namespace {

using namespace tensorflow;

constexpr float kLowest = -std::numeric_limits<float>::infinity();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// The same source is compiled for vectors of 512 bits too: `Inlined` bodies in functions that are `Wide`. Results are the same.
#define INLINED __attribute__((always_inline)) inline
#ifdef __x86_64__
#define WIDE __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,prefer-vector-width=512")))
// Held to less as oneDNN is, so that one machine can show that it makes no difference.
inline bool IsWide() {
  static const bool wide = [] {
    const char* limit = std::getenv("ONEDNN_MAX_CPU_ISA");
    if (limit != nullptr && (std::strncmp(limit, "AVX2", 4) == 0 || std::strcmp(limit, "AVX") == 0 || std::strcmp(limit, "SSE41") == 0))
      return false;
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq");
  }();
  return wide;
}
#else
#define WIDE
inline bool IsWide() { return false; }
#endif

inline absl::Status Invalid(const char* message) { return absl::InvalidArgumentError(message); }

// Numbers below 1.2e-38 count as zero on every thread: TensorFlow has it so on some of its threads alone.
class FlushSubnormals {
#ifdef __x86_64__
 public:
  FlushSubnormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040); }
  ~FlushSubnormals() { _mm_setcsr(before_); }

 private:
  const unsigned before_;
#elif defined(__aarch64__)
 public:
  FlushSubnormals() {
    asm volatile("mrs %0, fpcr" : "=r"(before_));
    asm volatile("msr fpcr, %0" ::"r"(before_ | (1ull << 24)));
  }
  ~FlushSubnormals() { asm volatile("msr fpcr, %0" ::"r"(before_)); }

 private:
  uint64_t before_;
#endif
};

// f(from, to) of every block, which are the same for any number of threads.
template <class F>
void ForBlocks(OpKernelContext* c, int64_t n, int64_t block, F f) {
  c->device()->tensorflow_cpu_worker_threads()->workers->ParallelFor(
      n, thread::ThreadPool::SchedulingParams::Fixed(block), [&f, block](int64_t from, int64_t to) {
        const FlushSubnormals flush;
        for (; from < to; from += block) f(from, std::min(to, from + block));
      });
}

inline const float* Floats(const Tensor& t) { return t.flat<float>().data(); }
inline const int* Ints(const Tensor& t) { return t.flat<int>().data(); }

// Sums side by side in a fixed order, whatever the compiler's vectors are: products and sums are rounded one by one (no
// operation of ours is compiled with fused ones, see compile-binding.ts), so that every CPU gives the same bits.
constexpr int kLanes = 16;

INLINED float SumOfLanes(float* sums) {
#ifdef __x86_64__
  static_assert(kLanes == 16);
  const __m256 eight = _mm256_add_ps(_mm256_loadu_ps(sums), _mm256_loadu_ps(sums + 8));
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
#else
  for (int half = kLanes / 2; half > 0; half /= 2)
    for (int l = 0; l < half; ++l) sums[l] += sums[l + half];
  return sums[0];
#endif
}

// a and N rows at a time, the same bits for every N; `next` is fetched meanwhile.
template <int N>
INLINED void Dots(const float* __restrict a, const float* const* rows, int d, float* out, const float* next = nullptr) {
  float sums[N][kLanes] = {};
  int c = 0;
  for (; c + kLanes <= d; c += kLanes) {
    if (next != nullptr) __builtin_prefetch(next + c);
    for (int n = 0; n < N; ++n) {
      const float* __restrict b = rows[n] + c;
#pragma omp simd
      for (int l = 0; l < kLanes; ++l) sums[n][l] += a[c + l] * b[l];
    }
  }
  for (int n = 0; n < N; ++n) {
    out[n] = SumOfLanes(sums[n]);
    for (int t = c; t < d; ++t) out[n] += a[t] * rows[n][t];
  }
}

inline float Dot(const float* a, const float* b, int d) {
  float sum;
  Dots<1>(a, &b, d, &sum);
  return sum;
}

inline void AddScaled(float* __restrict y, float a, const float* __restrict x, int d) {
#pragma omp simd
  for (int c = 0; c < d; ++c) y[c] += a * x[c];
}

inline absl::Status UnknownShapes(shape_inference::InferenceContext* c) {
  for (int i = 0; i < c->num_outputs(); ++i) c->set_output(i, c->UnknownShape());
  return absl::OkStatus();
}

}  // namespace
