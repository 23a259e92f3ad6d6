r"""The fixed part of a C file: products over packed panels, and elementwise functions that a compiler vectorises.

A matrix :math:`M` that multiplies many rows is packed once: panels of ``TILE_COLS`` of its rows, so that the inner
loop reads memory in order. A product keeps a tile of ``TILE_ROWS`` rows and one panel in registers.

:math:`e^x = 2^k e^r` with :math:`k` the whole number nearest to :math:`x / \ln 2` and :math:`|r| \le \ln 2 / 2`;
:math:`e^r - 1` by its Taylor polynomial, cut where the rest is below a quarter of a rounding. σ and tanh come from
it within a few roundings, are exact where they saturate, and pass on what is no number.
"""

from __future__ import annotations

RUNTIME = r"""
#ifndef LSTM_SYM_RUNTIME
#define LSTM_SYM_RUNTIME

/* --- the type that is computed in, and what of the compiler is used where it is there --- */

#ifdef SINGLE
typedef float real;
typedef uint32_t bits;
#define TYPED(name) name##_f32
#else
typedef double real;
typedef uint64_t bits;
#define TYPED(name) name##_f64
#endif

#if defined(__GNUC__) && !defined(PLAIN_C)
#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#define TILE_ROWS 8
#elif defined(__AVX__)
#define VECTOR_BYTES 32
#define TILE_ROWS 4
#else
#define VECTOR_BYTES 16
#define TILE_ROWS 4
#endif
typedef real vec __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(real)), may_alias));
#define INLINE static inline __attribute__((always_inline, unused))
#define SHARED static __attribute__((unused))
#else
#define TILE_ROWS 4
typedef real vec;
#define INLINE static inline
#define SHARED static
#endif

#if defined(__GNUC__) && !defined(__clang__)
#define INDEPENDENT _Pragma("GCC ivdep")
#else
#define INDEPENDENT
#endif

#define TILE_VECS 2
#define TILE_COLS (TILE_VECS * sizeof(vec) / sizeof(real))
#define CHUNK 256 /* rows of a sum of outer products that are packed at a time */
#define ALIGNED 16 /* numbers; every array of a workspace begins at a multiple */

INLINE size_t rounded(size_t count) { return (count + ALIGNED - 1) / ALIGNED * ALIGNED; }

/* The row stride of several sequences side by side; no power of two, which would put all rows into few cache sets. */
INLINE size_t stride(size_t width) { return rounded(width) + (rounded(width) % 128 == 0 ? ALIGNED : 0); }

INLINE size_t panels(size_t N, size_t K) { return rounded((N + TILE_COLS - 1) / TILE_COLS * TILE_COLS * K); }

INLINE size_t chunk(size_t rows) { return rows < CHUNK ? rows : CHUNK; }

/* --- products --- */

#ifdef USE_CBLAS
#include <cblas.h>
#ifdef SINGLE
#define GEMM cblas_sgemm
#else
#define GEMM cblas_dgemm
#endif

/* Entry (i, k) of a matrix becomes entry (k + at_k, i + at) of P, which is K x N. */
SHARED void pack(real *P, size_t N, size_t K, size_t at, size_t at_k, const real *M, size_t rows, size_t cols,
                 size_t by_row, size_t by_col)
{
    (void)K;
    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < cols; k++)
            P[(k + at_k) * N + i + at] = M[i * by_row + k * by_col];
}

/* C = A P, or C += A P. */
SHARED void multiply(size_t M, size_t N, size_t K, const real *A, size_t stride_A, const real *P, real *C,
                     size_t stride_C, int add)
{
    GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)M, (int)N, (int)K, 1, A, (int)stride_A, P, (int)N,
         (real)add, C, (int)stride_C);
}

/* C = U' P, or C += U' P, where U has K rows. */
SHARED void multiply_turned(size_t M, size_t N, size_t K, const real *U, size_t stride_U, const real *P, real *C,
                            size_t stride_C, int add)
{
    GEMM(CblasRowMajor, CblasTrans, CblasNoTrans, (int)M, (int)N, (int)K, 1, U, (int)stride_U, P, (int)N, (real)add,
         C, (int)stride_C);
}

#else

/* Entry (i, k) of a matrix becomes entry (k + at_k, i + at) of P, which is K x N and lies in panels of columns. */
SHARED void pack(real *P, size_t N, size_t K, size_t at, size_t at_k, const real *M, size_t rows, size_t cols,
                 size_t by_row, size_t by_col)
{
    const size_t last = N / TILE_COLS * TILE_COLS;
    if (at + rows == N && last < N) /* what fills up the last panel is 0 */
        for (size_t k = at_k; k < at_k + cols; k++)
            for (size_t i = N - last; i < TILE_COLS; i++)
                P[last * K + k * TILE_COLS + i] = 0;
    for (size_t i = 0; i < rows;) {
        const size_t column = (i + at) % TILE_COLS, left = TILE_COLS - column;
        const size_t count = left < rows - i ? left : rows - i;
        real *to = P + (i + at - column) * K + at_k * TILE_COLS + column;
        for (size_t k = 0; k < cols; k++) {
            const real *from = M + i * by_row + k * by_col;
            if (by_row == 1)
                memcpy(to + k * TILE_COLS, from, count * sizeof(real));
            else
                for (size_t c = 0; c < count; c++)
                    to[k * TILE_COLS + c] = from[c * by_row];
        }
        i += count;
    }
}

/* One tile of C = A P, the sums in registers; entry (i, k) of A lies at A[i * by_row + k * by_col]. */
INLINE void tile(const size_t rows, size_t cols, size_t K, const real *A, size_t by_row, size_t by_col,
                 const real *P, real *C, size_t stride_C, int add)
{
    vec sum[TILE_ROWS][TILE_VECS];
    for (size_t i = 0; i < rows; i++)
        for (size_t v = 0; v < TILE_VECS; v++)
            sum[i][v] = (vec){0};
    for (size_t k = 0; k < K; k++) {
        const vec *b = (const vec *)(P + k * TILE_COLS);
        for (size_t i = 0; i < rows; i++)
            for (size_t v = 0; v < TILE_VECS; v++)
                sum[i][v] += A[i * by_row + k * by_col] * b[v];
    }
    for (size_t i = 0; i < rows; i++) {
        if (cols == TILE_COLS) {
            vec *c = (vec *)(C + i * stride_C);
            for (size_t v = 0; v < TILE_VECS; v++) {
                if (add)
                    sum[i][v] += c[v];
                c[v] = sum[i][v];
            }
        } else {
            real row[TILE_COLS];
            memcpy(row, sum[i], sizeof row);
            for (size_t j = 0; j < cols; j++)
                C[i * stride_C + j] = add ? C[i * stride_C + j] + row[j] : row[j];
        }
    }
}

/* All rows of A with one panel. */
SHARED void strip(size_t M, size_t cols, size_t K, const real *A, size_t by_row, size_t by_col, const real *P,
                  real *C, size_t stride_C, int add)
{
    size_t i = 0;
    for (; i + TILE_ROWS <= M; i += TILE_ROWS)
        tile(TILE_ROWS, cols, K, A + i * by_row, by_row, by_col, P, C + i * stride_C, stride_C, add);
    for (; i + 2 <= M; i += 2)
        tile(2, cols, K, A + i * by_row, by_row, by_col, P, C + i * stride_C, stride_C, add);
    if (i < M)
        tile(1, cols, K, A + i * by_row, by_row, by_col, P, C + i * stride_C, stride_C, add);
}

/* Blocks of rows of A that stay in the cache while all panels pass. */
INLINE void blocks(size_t M, size_t N, size_t K, const real *A, size_t by_row, size_t by_col, const real *P, real *C,
                   size_t stride_C, int add)
{
    const size_t block = 64;
    for (size_t i = 0; i < M; i += block)
        for (size_t j = 0; j < N; j += TILE_COLS) {
            const size_t rows = block < M - i ? block : M - i, cols = TILE_COLS < N - j ? TILE_COLS : N - j;
            strip(rows, cols, K, A + i * by_row, by_row, by_col, P + j * K, C + i * stride_C + j, stride_C, add);
        }
}

/* C = A P, or C += A P. */
SHARED void multiply(size_t M, size_t N, size_t K, const real *A, size_t stride_A, const real *P, real *C,
                     size_t stride_C, int add)
{
    blocks(M, N, K, A, stride_A, 1, P, C, stride_C, add);
}

/* C = U' P, or C += U' P, where U has K rows. */
SHARED void multiply_turned(size_t M, size_t N, size_t K, const real *U, size_t stride_U, const real *P, real *C,
                            size_t stride_C, int add)
{
    blocks(M, N, K, U, 1, stride_U, P, C, stride_C, add);
}

#endif

/* --- elementwise functions --- */

#ifdef SINGLE
#define WHOLE 12582912.0f /* 1.5 * 2^23: adding it rounds to a whole number, which then stands in the last bits */
#define MANTISSA 23
#define BIAS 127u
#define LOG2_E 1.44269504f
#define LN_2_HIGH 0.693359375f
#define LN_2_LOW -2.12194440e-4f
#define EXP_LOW -104.0f
#define EXP_HIGH 89.0f
#define TANH_HIGH 10.0f
#define MATH(name) name##f
#else
#define WHOLE 6755399441055744.0 /* 1.5 * 2^52, in the same way */
#define MANTISSA 52
#define BIAS 1023u
#define LOG2_E 1.4426950408889634
#define LN_2_HIGH 6.93147180369123816490e-01
#define LN_2_LOW 1.90821492927058770002e-10
#define EXP_LOW -746.0
#define EXP_HIGH 710.0
#define TANH_HIGH 20.0
#define MATH(name) name
#endif

INLINE bits bits_of(real x)
{
    bits b;
    memcpy(&b, &x, sizeof b);
    return b;
}

/* 2^k, where x = k + WHOLE; infinite for the k one beyond the largest. */
INLINE real power_of_2(real x)
{
    const bits b = (bits_of(x) + BIAS) << MANTISSA;
    real y;
    memcpy(&y, &b, sizeof y);
    return y;
}

INLINE real between(real x, real low, real high)
{
    x = x < low ? low : x;
    return x > high ? high : x;
}

/* e^r - 1 for |r| <= ln(2) / 2 */
INLINE real expm1_near_0(real r)
{
#ifdef SINGLE
    real p = 1.0f / 5040;
    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
#else
    real p = 1.0 / 6227020800;
    p = p * r + 1.0 / 479001600;
    p = p * r + 1.0 / 39916800;
    p = p * r + 1.0 / 3628800;
    p = p * r + 1.0 / 362880;
    p = p * r + 1.0 / 40320;
    p = p * r + 1.0 / 5040;
    p = p * r + 1.0 / 720;
    p = p * r + 1.0 / 120;
    p = p * r + 1.0 / 24;
    p = p * r + 1.0 / 6;
    p = p * r + 0.5;
#endif
    return r + r * r * p;
}

INLINE real exponential(real x)
{
    const real y = between(x, EXP_LOW, EXP_HIGH);
    const real k = (y * LOG2_E + WHOLE) - WHOLE, half = (k * (real)0.5 + WHOLE) - WHOLE;
    const real r = (y - k * LN_2_HIGH) - k * LN_2_LOW;
    return (expm1_near_0(r) + 1) * power_of_2(half + WHOLE) * power_of_2((k - half) + WHOLE);
}

INLINE real sigma(real x)
{
    const real y = between(-x, -EXP_HIGH + 4, EXP_HIGH), shifted = y * LOG2_E + WHOLE, k = shifted - WHOLE;
    const real r = (y - k * LN_2_HIGH) - k * LN_2_LOW, scale = power_of_2(shifted);
    return 1 / (1 + (scale + scale * expm1_near_0(r)));
}

INLINE real hyperbolic_tangent(real x)
{
    const real y = 2 * between(x, -TANH_HIGH, TANH_HIGH), shifted = y * LOG2_E + WHOLE, k = shifted - WHOLE;
    const real r = (y - k * LN_2_HIGH) - k * LN_2_LOW, scale = power_of_2(shifted);
    const real e = scale * expm1_near_0(r) + (scale - 1);
    return e / (e + 2);
}

INLINE real softplus(real x)
{
    const real size = x < 0 ? -x : x;
    return (x < 0 ? 0 : x) + MATH(log1p)(exponential(-size));
}

/* NaN goes through, as in the functions above. */
INLINE real larger(real x, real y) { return x > y || x != x ? x : y; }
INLINE real step(real x) { return (real)(x > 0); }
INLINE real relu(real x) { return x < 0 ? 0 : x; }
INLINE real hardtanh(real x) { return between(x, -1, 1); }
INLINE real elu(real x) { return x > 0 ? x : MATH(expm1)(x); }
INLINE real softsign(real x) { return x / (1 + (x < 0 ? -x : x)); }
INLINE real absolute(real x) { return x < 0 ? -x : x; }
INLINE real logarithm(real x) { return MATH(log)(x); }
INLINE real square_root(real x) { return MATH(sqrt)(x); }
INLINE real to_power(real x, real y) { return MATH(pow)(x, y); }

#endif
"""

FUNCTIONS = {
    "sigma": "sigma",
    "tanh": "hyperbolic_tangent",
    "softplus": "softplus",
    "exp": "exponential",
    "log": "logarithm",
    "step": "step",
    "relu": "relu",
    "hardtanh": "hardtanh",
    "elu": "elu",
    "softsign": "softsign",
    "absolute": "absolute",
    "sqrt": "square_root",
}
"""The C function of each row of the table of activations; the identity needs none."""
