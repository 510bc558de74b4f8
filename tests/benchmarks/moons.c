/* Hinge loss and L2 penalty of an MLP 2-H-H-1 over n points: value and gradient, as one would write them by hand.
   `plain` goes from point to point; `blocks` takes eight points at a time, so that the compiler can put one into each
   lane of a vector, as our own machine code does. Weights: w1[2][H] b1[H] w2[H][H] b2[H] w3[H] b3. */
#include <stddef.h>
#ifndef H
#define H 16
#endif
#define P (2 * H + H + H * H + H + H + 1)
#define PENALTY 1e-4
#define LANES 8

static double finish(size_t n, double total, const double *restrict p, double *restrict g) {
    double penalty = 0;
    for (int i = 0; i < P; i++) {
        g[i] = g[i] / n + 2 * PENALTY * p[i];
        penalty += p[i] * p[i];
    }
    return total / n + PENALTY * penalty;
}

double plain(size_t n, const double *restrict x1, const double *restrict x2, const double *restrict label,
             const double *restrict p, double *restrict g) {
    const double *w1 = p, *b1 = p + 2 * H, *w2 = b1 + H, *b2 = w2 + H * H, *w3 = b2 + H, *b3 = w3 + H;
    double *gw1 = g, *gb1 = g + 2 * H, *gw2 = gb1 + H, *gb2 = gw2 + H * H, *gw3 = gb2 + H, *gb3 = gw3 + H;
    double total = 0;
    for (int i = 0; i < P; i++) g[i] = 0;
    for (size_t s = 0; s < n; s++) {
        double a1[H], a2[H], d1[H], d2[H];
        for (int i = 0; i < H; i++) {
            double z = b1[i] + w1[i] * x1[s] + w1[H + i] * x2[s];
            a1[i] = z > 0 ? z : 0;
        }
        for (int i = 0; i < H; i++) a2[i] = b2[i];
        for (int j = 0; j < H; j++)
            for (int i = 0; i < H; i++) a2[i] += w2[j * H + i] * a1[j];
        double score = *b3;
        for (int i = 0; i < H; i++) {
            a2[i] = a2[i] > 0 ? a2[i] : 0;
            score += w3[i] * a2[i];
        }
        double margin = 1 - label[s] * score;
        if (margin <= 0) continue;
        total += margin;
        double d = -label[s];
        *gb3 += d;
        for (int i = 0; i < H; i++) {
            gw3[i] += d * a2[i];
            d2[i] = a2[i] > 0 ? d * w3[i] : 0;
            gb2[i] += d2[i];
        }
        for (int j = 0; j < H; j++) {
            double sum = 0;
            for (int i = 0; i < H; i++) {
                gw2[j * H + i] += d2[i] * a1[j];
                sum += d2[i] * w2[j * H + i];
            }
            d1[j] = a1[j] > 0 ? sum : 0;
        }
        for (int i = 0; i < H; i++) {
            gw1[i] += d1[i] * x1[s];
            gw1[H + i] += d1[i] * x2[s];
            gb1[i] += d1[i];
        }
    }
    return finish(n, total, p, g);
}

typedef double lanes[LANES] __attribute__((aligned(64)));
#define EACH for (int k = 0; k < LANES; k++)

double blocks(size_t n, const double *restrict x1, const double *restrict x2, const double *restrict label,
              const double *restrict p, double *restrict g) {
    const double *w1 = p, *b1 = p + 2 * H, *w2 = b1 + H, *b2 = w2 + H * H, *w3 = b2 + H, *b3 = w3 + H;
    static __thread lanes sums[P];
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
