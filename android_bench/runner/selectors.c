/* The selector over one image. Included by runner.c. */

/* ---- the selector over one image --------------------------------------------------- */

typedef struct {
    int steps;                  /* rungs run */
    int rungs[MOST_RUNGS];      /* which */
    int64_t ns[MOST_RUNGS];     /* and how long each took */
    int64_t selector_ns;        /* all else that the choice cost */
    const float *answer;        /* (classes,) */
} Climb;

typedef struct {
    size_t classes;
    float *scores[MOST_RUNGS]; /* by step */
    float *total, *mean;
    float chances[MOST_RUNGS];
} Workspace;

static void add_to_mean(Workspace *work, int seen) {
    for (size_t place = 0; place < work->classes; place++) {
        work->total[place] =
            (seen == 1 ? 0.0f : work->total[place]) + work->scores[seen - 1][place];
        work->mean[place] = work->total[place] / (float)seen;
    }
}

/* Whether the answers of the first `seen` rungs end the climb. */
static bool sure(const Script *script, Workspace *work, int seen) {
    const float *mean = script->mean ? work->mean : NULL;
    double value;
    if (script->selector == DEFERRAL) {
        double features[MOST_FEATURES];
        rule_features((const float *const *)work->scores, seen, work->classes, mean,
                      features);
        value = squashed(rule_score(&script->rules[seen - 1], features));
    } else {
        const float *scores = mean ? mean : work->scores[seen - 1];
        value = confidence_of(script->confidence, scores, work->classes,
                              script->temperatures[seen - 1]);
    }
    return value >= script->thresholds[seen - 1];
}

static int dearest_worth(const Script *script, const float *chances) {
    int best = 0;
    for (int step = 1; step < script->steps; step++) {
        double here = (double)chances[step] - script->price * script->costs[step];
        double held = (double)chances[best] - script->price * script->costs[best];
        if (here > held) best = step;
    }
    return best;
}

static int chosen_step(Script *script, Workspace *work, uint64_t image, Climb *climb) {
    if (script->selector == LISTED) return script->choices[image];
    if (script->selector != LEARNED) return 0;
    climb->selector_ns += run_net(script, &script->look, image);
    int64_t start = now_ns();
    read_scores(&script->look, work->chances);
    int step = dearest_worth(script, work->chances);
    climb->selector_ns += now_ns() - start;
    return step;
}

static void run_step(Script *script, Workspace *work, uint64_t image, int step,
                     Climb *climb) {
    Net *net = &script->rung[script->ladder[step]];
    climb->rungs[climb->steps] = script->ladder[step];
    climb->ns[climb->steps] = run_net(script, net, image);
    int64_t start = now_ns();
    read_scores(net, work->scores[climb->steps]);
    climb->steps++;
    if (script->mean) add_to_mean(work, climb->steps);
    climb->answer = script->mean ? work->mean : work->scores[climb->steps - 1];
    climb->selector_ns += now_ns() - start;
}

static void climb_image(Script *script, Workspace *work, uint64_t image, Climb *climb) {
    memset(climb, 0, sizeof *climb);
    if (script->selector != CASCADE && script->selector != DEFERRAL) {
        run_step(script, work, image, chosen_step(script, work, image, climb), climb);
        return;
    }
    bool done = false;
    for (int step = 0; step < script->steps && !done; step++) {
        run_step(script, work, image, step, climb);
        if (step + 1 == script->steps) break;
        int64_t start = now_ns();
        done = sure(script, work, step + 1);
        climb->selector_ns += now_ns() - start;
    }
}
