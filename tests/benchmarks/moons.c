/* Hinge loss of an MLP 2-H-H-1 over n points, summed: value and gradient, as one would write them by hand. With -DPENALTY
   it is the mean, and an L2 penalty joins it. No point is left out: where the hinge is 0, zeros go back.
   `plain` goes from point to point; `blocks` takes eight points at a time, so that the compiler can put one into each
   lane of a vector; `tiled` works on tiles of points that stay in the cache, and in them on small matrices of sums that
   stay in registers. `peak` does nothing but multiply and add. Weights: w1[2][H] b1[H] w2[H][H] b2[H] w3[H] b3. */
#include <stddef.h>
#ifndef H
#define H 16
#endif
#define P (2 * H + H + H * H + H + H + 1)
#define LANES 8
#if H > 4 && H <= 16
#define ROLLED _Pragma("GCC unroll 1") /* or GCC 12 unrolls these loops first, and finds no vectors in what it gets */
#else
#define ROLLED
#endif

/* What a call is told, in one place, as our machine code is told it: so calls cost alike. */
struct told {
    size_t n;
    const double *x1, *x2, *label, *p;
    double *g;
};
#define CALLED(name) \
    static double name##_(size_t, const double *, const double *, const double *, const double *, double *); \
    double name(const struct told *t) { return name##_(t->n, t->x1, t->x2, t->label, t->p, t->g); }

#ifdef PENALTY
static double finish(size_t n, double total, const double *restrict p, double *restrict g) {
    double penalty = 0;
    for (int i = 0; i < P; i++) {
        g[i] = g[i] / n + 2 * PENALTY * p[i];
        penalty += p[i] * p[i];
    }
    return total / n + PENALTY * penalty;
}
#else
#define finish(n, total, p, g) (total)
#endif

CALLED(plain)
static double plain_(size_t n, const double *restrict x1, const double *restrict x2, const double *restrict label,
                     const double *restrict p, double *restrict g) {
    const double *w1 = p, *b1 = p + 2 * H, *w2 = b1 + H, *b2 = w2 + H * H, *w3 = b2 + H, *b3 = w3 + H;
    double *gw1 = g, *gb1 = g + 2 * H, *gw2 = gb1 + H, *gb2 = gw2 + H * H, *gw3 = gb2 + H, *gb3 = gw3 + H;
    double total = 0;
    for (int i = 0; i < P; i++) g[i] = 0;
    for (size_t s = 0; s < n; s++) {
        double a1[H], a2[H], d1[H], d2[H];
        ROLLED for (int i = 0; i < H; i++) {
            double z = b1[i] + w1[i] * x1[s] + w1[H + i] * x2[s];
            a1[i] = z > 0 ? z : 0;
        }
        ROLLED for (int i = 0; i < H; i++) a2[i] = b2[i];
        for (int j = 0; j < H; j++)
            ROLLED for (int i = 0; i < H; i++) a2[i] += w2[j * H + i] * a1[j];
        double score = *b3;
        ROLLED for (int i = 0; i < H; i++) {
            a2[i] = a2[i] > 0 ? a2[i] : 0;
            score += w3[i] * a2[i];
        }
        double margin = 1 - label[s] * score;
        total += margin > 0 ? margin : 0;
        double d = margin > 0 ? -label[s] : 0;
        *gb3 += d;
        ROLLED for (int i = 0; i < H; i++) {
            gw3[i] += d * a2[i];
            d2[i] = a2[i] > 0 ? d * w3[i] : 0;
            gb2[i] += d2[i];
        }
        for (int j = 0; j < H; j++) {
            double sum = 0;
            ROLLED for (int i = 0; i < H; i++) {
                gw2[j * H + i] += d2[i] * a1[j];
                sum += d2[i] * w2[j * H + i];
            }
            d1[j] = a1[j] > 0 ? sum : 0;
        }
        ROLLED for (int i = 0; i < H; i++) {
            gw1[i] += d1[i] * x1[s];
            gw1[H + i] += d1[i] * x2[s];
            gb1[i] += d1[i];
        }
    }
    return finish(n, total, p, g);
}

typedef double lanes[LANES] __attribute__((aligned(64)));
#define EACH for (int k = 0; k < LANES; k++)

CALLED(blocks)
static double blocks_(size_t n, const double *restrict x1, const double *restrict x2, const double *restrict label,
                     const double *restrict p, double *restrict g) {
    const double *w1 = p, *b1 = p + 2 * H, *w2 = b1 + H, *b2 = w2 + H * H, *w3 = b2 + H, *b3 = w3 + H;
    static lanes sums[P];
    lanes *gw1 = sums, *gb1 = sums + 2 * H, *gw2 = gb1 + H, *gb2 = gw2 + H * H, *gw3 = gb2 + H, *gb3 = gw3 + H;
    lanes total = {0};
    for (int i = 0; i < P; i++) EACH sums[i][k] = 0;
    for (size_t s = 0; s < n; s += LANES) {
        lanes u, v, y, here, a1[H], a2[H], d2[H], score, d;
        EACH {
            size_t at = s + k < n ? s + k : n - 1;
            u[k] = x1[at]; v[k] = x2[at]; y[k] = label[at]; here[k] = s + k < n ? 1 : 0;
        }
        for (int i = 0; i < H; i++) EACH {
            double z = b1[i] + w1[i] * u[k] + w1[H + i] * v[k];
            a1[i][k] = z > 0 ? z : 0;
        }
        EACH score[k] = *b3;
        for (int i = 0; i < H; i++) {
            lanes z;
            EACH z[k] = b2[i];
            for (int j = 0; j < H; j++) EACH z[k] += w2[j * H + i] * a1[j][k];
            EACH {
                a2[i][k] = z[k] > 0 ? z[k] : 0;
                score[k] += w3[i] * a2[i][k];
            }
        }
        EACH {
            double margin = 1 - y[k] * score[k];
            total[k] += margin > 0 ? here[k] * margin : 0;
            d[k] = margin > 0 ? -here[k] * y[k] : 0;
            gb3[0][k] += d[k];
        }
        for (int i = 0; i < H; i++) EACH {
            gw3[i][k] += d[k] * a2[i][k];
            d2[i][k] = a2[i][k] > 0 ? d[k] * w3[i] : 0;
            gb2[i][k] += d2[i][k];
        }
        for (int j = 0; j < H; j++) {
            lanes sum = {0};
            for (int i = 0; i < H; i++) EACH {
                gw2[j * H + i][k] += d2[i][k] * a1[j][k];
                sum[k] += d2[i][k] * w2[j * H + i];
            }
            EACH {
                double d1 = a1[j][k] > 0 ? sum[k] : 0;
                gw1[j][k] += d1 * u[k];
                gw1[H + j][k] += d1 * v[k];
                gb1[j][k] += d1;
            }
        }
    }
    double sum = 0;
    EACH sum += total[k];
    for (int i = 0; i < P; i++) {
        g[i] = 0;
        EACH g[i] += sums[i][k];
    }
    return finish(n, sum, p, g);
}

/* One vector of the machine, and the rows of a block: two vectors of them. */
#if defined __AVX512F__
#define V 8
#elif defined __AVX__
#define V 4
#else
#define V 2
#endif
#define ROWS (2 * V)
#ifndef BLOCKS
#define BLOCKS 16 /* in a tile */
#endif
#define INLINE static inline __attribute__((always_inline))
typedef double vec __attribute__((vector_size(8 * V)));
typedef long long mask __attribute__((vector_size(8 * V)));
typedef vec block[H + 1][2]; /* a layer's numbers; one more, so that the blocks of a neuron lie in different cache sets */

INLINE vec where(mask m, vec a) { return (vec)(m & (mask)a); }
INLINE vec all(double a) { return (vec){0} + a; }
INLINE double across(vec a) {
    double sum = 0;
    for (int k = 0; k < V; k++) sum += a[k];
    return sum;
}

static block a1[BLOCKS], a2[BLOCKS], d1[BLOCKS], d2[BLOCKS];
static vec u[BLOCKS][2], v[BLOCKS][2], y[BLOCKS][2], here[BLOCKS][2], score[BLOCKS][2];
static vec su[H], sv[H], sb1[H], sb2[H], s3[H]; /* sums by lane */

/* z[q] += sum of w[i * along + q * beside] * x[i] over i: r neurons by one block of rows, in registers. */
INLINE void product(const int r, const double *w, size_t along, size_t beside, block x, vec z[][2]) {
    for (int i = 0; i < H; i++) {
        vec left = x[i][0], right = x[i][1];
        for (int q = 0; q < r; q++) {
            vec weight = all(w[i * along + q * beside]);
            z[q][0] += weight * left;
            z[q][1] += weight * right;
        }
    }
}

/* a2 of the neurons i to i + r, and their part of the scores. */
INLINE void forward(const int r, int i, int blocks, const double *w2, const double *b2, const double *w3) {
    double near[H * r]; /* their weights, side by side */
    for (int j = 0; j < H; j++)
        for (int q = 0; q < r; q++) near[j * r + q] = w2[j * H + i + q];
    for (int b = 0; b < blocks; b++) {
        vec z[r][2];
        for (int q = 0; q < r; q++) z[q][0] = z[q][1] = all(b2[i + q]);
        product(r, near, r, 1, a1[b], z);
        for (int q = 0; q < r; q++)
            for (int h = 0; h < 2; h++) {
                vec a = where(z[q][h] > 0, z[q][h]);
                a2[b][i + q][h] = a;
                score[b][h] += w3[i + q] * a;
            }
    }
}

/* d1 of the neurons j to j + r. */
INLINE void backward(const int r, int j, int blocks, const double *w2) {
    for (int b = 0; b < blocks; b++) {
        vec z[r][2];
        for (int q = 0; q < r; q++) z[q][0] = z[q][1] = all(0);
        product(r, w2 + j * H, 1, H, d2[b], z);
        for (int q = 0; q < r; q++)
            for (int h = 0; h < 2; h++) d1[b][j + q][h] = where(a1[b][j + q][h] > 0, z[q][h]);
    }
}

/* The slopes of r by c weights, each a sum over the rows. */
INLINE void weights(const int r, const int c, int j, int i, int blocks, double *gw2) {
    vec sum[r][c];
    for (int q = 0; q < r; q++)
        for (int k = 0; k < c; k++) sum[q][k] = all(0);
    for (int b = 0; b < blocks; b++)
        for (int h = 0; h < 2; h++)
            for (int q = 0; q < r; q++)
                for (int k = 0; k < c; k++) sum[q][k] += a1[b][j + q][h] * d2[b][i + k][h];
    for (int q = 0; q < r; q++)
        for (int k = 0; k < c; k++) gw2[(j + q) * H + i + k] += across(sum[q][k]);
}

/* The slopes of the weights to the neurons i to i + c. */
INLINE void slopes(const int c, int i, int blocks, double *gw2) {
    int j = 0;
    for (; j + 3 <= H; j += 3) weights(3, c, j, i, blocks, gw2);
    if (H % 3) weights(H % 3, c, j, i, blocks, gw2);
}

CALLED(tiled)
static double tiled_(size_t n, const double *restrict x1, const double *restrict x2, const double *restrict label,
                     const double *restrict p, double *restrict g) {
    const double *w1 = p, *b1 = p + 2 * H, *w2 = b1 + H, *b2 = w2 + H * H, *w3 = b2 + H, *b3 = w3 + H;
    double *gw1 = g, *gb1 = g + 2 * H, *gw2 = gb1 + H, *gb2 = gw2 + H * H, *gw3 = gb2 + H, *gb3 = gw3 + H;
    vec total = all(0), bias = all(0);
    for (int i = 0; i < H * H; i++) gw2[i] = 0;
    for (int i = 0; i < H; i++) su[i] = sv[i] = sb1[i] = sb2[i] = s3[i] = all(0);
    for (size_t first = 0; first < n; first += BLOCKS * ROWS) {
        size_t left = n - first;
        int blocks = left < BLOCKS * ROWS ? (left + ROWS - 1) / ROWS : BLOCKS;
        for (int b = 0; b < blocks; b++)
            for (int k = 0; k < ROWS; k++) {
                size_t s = first + b * ROWS + k, at = s < n ? s : n - 1;
                u[b][k / V][k % V] = x1[at];
                v[b][k / V][k % V] = x2[at];
                y[b][k / V][k % V] = label[at];
                here[b][k / V][k % V] = s < n;
            }
        for (int b = 0; b < blocks; b++) {
            score[b][0] = score[b][1] = all(*b3);
            for (int i = 0; i < H; i++)
                for (int h = 0; h < 2; h++) {
                    vec z = b1[i] + w1[i] * u[b][h] + w1[H + i] * v[b][h];
                    a1[b][i][h] = where(z > 0, z);
                }
        }
        int i = 0, j = 0;
        for (; i + 6 <= H; i += 6) forward(6, i, blocks, w2, b2, w3);
        if (H % 6) forward(H % 6, i, blocks, w2, b2, w3);
        for (int b = 0; b < blocks; b++)
            for (int h = 0; h < 2; h++) {
                vec margin = 1 - y[b][h] * score[b][h];
                total += here[b][h] * where(margin > 0, margin);
                score[b][h] = where(margin > 0, -here[b][h] * y[b][h]); /* from here on its adjoint */
                bias += score[b][h];
            }
        for (int i = 0; i < H; i++)
            for (int b = 0; b < blocks; b++)
                for (int h = 0; h < 2; h++) {
                    vec d = where(a2[b][i][h] > 0, w3[i] * score[b][h]);
                    s3[i] += score[b][h] * a2[b][i][h];
                    sb2[i] += d;
                    d2[b][i][h] = d;
                }
        for (; j + 6 <= H; j += 6) backward(6, j, blocks, w2);
        if (H % 6) backward(H % 6, j, blocks, w2);
        for (i = 0; i + 4 <= H; i += 4) slopes(4, i, blocks, gw2);
        if (H % 4) slopes(H % 4, i, blocks, gw2);
        for (int i = 0; i < H; i++)
            for (int b = 0; b < blocks; b++)
                for (int h = 0; h < 2; h++) {
                    su[i] += d1[b][i][h] * u[b][h];
                    sv[i] += d1[b][i][h] * v[b][h];
                    sb1[i] += d1[b][i][h];
                }
    }
    for (int i = 0; i < H; i++) {
        gw1[i] = across(su[i]);
        gw1[H + i] = across(sv[i]);
        gb1[i] = across(sb1[i]);
        gb2[i] = across(sb2[i]);
        gw3[i] = across(s3[i]);
    }
    *gb3 = across(bias);
    return finish(n, across(total), p, g);
}

/* n times 12 vectors of products and sums: `peak_operations` each. */
double peak(size_t n) {
    vec a[12], x = all(1.0000001), sum = all(0);
    for (int i = 0; i < 12; i++) a[i] = all(1e-3 * i);
    for (size_t k = 0; k < n; k++)
        for (int i = 0; i < 12; i++) a[i] = a[i] * x + 1e-9;
    for (int i = 0; i < 12; i++) sum += a[i];
    return across(sum);
}
int peak_operations(void) { return 12 * V * 2; }
