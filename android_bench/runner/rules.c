/* Rules, confidences and features, to the bits of selection/. Included by runner.c. */

/* ---- rules ---------------------------------------------------------------------- */

typedef struct {
    int feature; /* -1: a leaf */
    double threshold;
    int left, right;
    double value;
} Node;

typedef struct {
    int count;
    Node *nodes;
} Tree;

typedef struct {
    bool linear;
    double intercept;
    int count; /* of weights, or of trees */
    double *weights;
    Tree *trees;
} Rule;

static double tree_score(const Tree *tree, const double *features) {
    int node = 0;
    while (tree->nodes[node].feature >= 0) {
        const Node *inner = &tree->nodes[node];
        double narrow = (double)(float)features[inner->feature];
        node = narrow <= inner->threshold ? inner->left : inner->right;
    }
    return tree->nodes[node].value;
}

static double rule_score(const Rule *rule, const double *features) {
    double total = rule->intercept;
    for (int place = 0; place < rule->count; place++) {
        total += rule->linear ? rule->weights[place] * features[place]
                              : tree_score(&rule->trees[place], features);
    }
    return total;
}

/* ---- confidence: what selection/confidence.py computes --------------------------- */

static double clipped(double value) {
    return value < 0 ? 0 : value > 1 ? 1 : value;
}

/* The `count` highest in descending order; of equal ones the first stands first. */
static int highest(const float *scores, size_t classes, int count, size_t *places) {
    int held = 0;
    for (size_t place = 0; place < classes; place++) {
        int at = held;
        while (at > 0 && scores[place] > scores[places[at - 1]]) at--;
        if (at >= count || !(scores[place] == scores[place])) continue;
        if (held < count) held++;
        for (int move = held - 1; move > at; move--) places[move] = places[move - 1];
        places[at] = place;
    }
    return held;
}

static double entropy_confidence(const float *scores, size_t classes) {
    double total = 0;
    for (size_t place = 0; place < classes; place++) {
        double wide = scores[place] < TINY ? TINY : scores[place] > 1 ? 1 : scores[place];
        total += wide * log(wide);
    }
    return clipped(1 - -total / log((double)classes));
}

static double calibrated_confidence(const float *scores, size_t classes,
                                    double temperature) {
    double total = 0, best = 0;
    for (size_t place = 0; place < classes; place++) {
        double wide = scores[place] < TINY ? TINY : scores[place] > 1 ? 1 : scores[place];
        double raised = pow(wide, 1 / temperature);
        total += raised;
        if (raised > best) best = raised;
    }
    return clipped(best / total);
}

static double confidence_of(enum confidence kind, const float *scores, size_t classes,
                            double temperature) {
    if (kind == ENTROPY) return entropy_confidence(scores, classes);
    if (kind == CALIBRATED) return calibrated_confidence(scores, classes, temperature);
    size_t top[2] = {0, 0};
    highest(scores, classes, 2, top);
    double first = scores[top[0]], second = scores[top[1]];
    return clipped(kind == TOP1 ? first : first - second);
}

/* ---- features of a deferral rule: selection/selectors/deferral.py ---------------- */

static int sorted_features(const float *scores, size_t classes, double *features) {
    size_t top[3] = {0, 0, 0};
    int held = highest(scores, classes, 3, top);
    for (int place = 0; place < 3; place++) {
        features[place] = place < held ? clipped(scores[top[place]]) : 0;
    }
    features[3] = sqrt(sqrt(1 - features[0]));
    features[4] = sqrt(features[1]);
    features[5] = features[0] - features[1];
    return FEATURES_A_RUNG;
}

/* scores: of the rungs seen, lowest first; mean: of them so far, or NULL. */
static int rule_features(const float *const *scores, int seen, size_t classes,
                         const float *mean, double *features) {
    int count = 0;
    for (int rung = 0; rung < seen; rung++)
        count += sorted_features(scores[rung], classes, features + count);
    for (int rung = 1; rung < seen; rung++) {
        size_t before = 0, here = 0;
        highest(scores[rung - 1], classes, 1, &before);
        highest(scores[rung], classes, 1, &here);
        features[count++] = here == before ? 1 : 0;
        features[count++] = scores[rung][before];
    }
    if (mean && seen > 1) count += sorted_features(mean, classes, features + count);
    return count;
}

static int feature_count(int seen, bool mean) {
    return FEATURES_A_RUNG * seen + 2 * (seen - 1) +
           (mean && seen > 1 ? FEATURES_A_RUNG : 0);
}

static double squashed(double score) {
    return 0.5 - 0.5 * score / (1 + fabs(score));
}
