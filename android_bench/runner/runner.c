/* Applies a bundle's selector to packed images: on a phone, or on this machine.
 *
 *     runner PLAN RESULTS LIBRARY
 *
 * PLAN is the text that android_bench/plan.py writes (its format is described there),
 * RESULTS the JSON lines to append to, LIBRARY the path of libLiteRt.so. Files named by
 * the plan lie in the working directory. A run that was ended goes on after the last
 * whole line of RESULTS.
 *
 * The LiteRT C API is declared by hand, as the library comes without headers; versions
 * 2.1.0 to 2.3.0 are known to fit. One compiled model serves all rungs of a file: its
 * signatures share weights only so.
 *
 * Selectors give the same bits as Python's: IEEE doubles, -ffp-contract=off.
 *
 * Only functions that glibc and bionic both have are used, and no errno, stdout or
 * stderr, whose names differ: the same object file links against either.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum exit_code {
    EXIT_USAGE = 2,   /* the plan, or how the runner was called */
    EXIT_TENSORS = 3, /* a packed file */
    EXIT_LIBRARY = 4, /* libLiteRt.so */
    EXIT_MODEL = 5,   /* a .tflite file */
    EXIT_RESULTS = 6, /* the results cannot be written, or are of another plan */
    EXIT_RUN = 7,     /* an inference */
    EXIT_BUSY = 8     /* another runner writes these results */
};

enum limits {
    MOST_RUNGS = 32,
    MOST_FILES = 32,
    MOST_TOP = 32,
    MOST_CLASSES = 1 << 20,
    MOST_NODES = 1 << 20,
    FEATURES_A_RUNG = 6,
    MOST_FEATURES = (FEATURES_A_RUNG + 2) * MOST_RUNGS + FEATURES_A_RUNG,
    LINE_BYTES = 1 << 16
};

enum dtype { FLOAT32, UINT8, INT8, INT16, DTYPES };
static const char *const DTYPE_NAMES[DTYPES] = {"float32", "uint8", "int8", "int16"};
static const size_t DTYPE_BYTES[DTYPES] = {4, 1, 1, 2};
static const int DTYPE_LITERT[DTYPES] = {1, 3, 9, 7}; /* LiteRtElementType */

enum selector { FIXED, LISTED, CASCADE, DEFERRAL, LEARNED, SELECTORS };
static const char *const SELECTOR_NAMES[SELECTORS] = {"fixed", "list", "cascade",
                                                      "deferral", "learned"};

enum confidence { TOP1, MARGIN, ENTROPY, CALIBRATED, CONFIDENCES };
static const char *const CONFIDENCE_NAMES[CONFIDENCES] = {"top1", "margin", "entropy",
                                                          "calibrated"};

/* How an output is read: convert/score_kinds.py. */
enum score_kind { PROBABILITIES, LOGITS, ONE_PROBABILITY, ONE_LOGIT, SCORE_KINDS };
static const char *const SCORE_KIND_NAMES[SCORE_KINDS] = {
    "probabilities", "logits", "one_probability", "one_logit"};

static const double TINY = 1e-30; /* stands for a probability of 0 in logarithms */

/* ---- ends with one line ------------------------------------------------------- */

static void write_all(int file, const char *text, size_t length, const char *name);

__attribute__((format(printf, 2, 3), noreturn)) static void
fail(enum exit_code code, const char *format, ...) {
    char line[1024] = "runner: ";
    size_t start = strlen(line);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + start, sizeof line - start - 1, format, arguments);
    va_end(arguments);
    for (char *at = line; *at; at++) {
        if (*at == '\n' || *at == '\r') *at = ' ';
    }
    strcat(line, "\n");
    if (write(2, line, strlen(line)) < 0) _exit(code);
    _exit(code);
}

static void *allocated(size_t count, size_t bytes) {
    void *memory = calloc(count ? count : 1, bytes);
    if (!memory) fail(EXIT_RUN, "out of memory for %zu x %zu bytes", count, bytes);
    return memory;
}

static int64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* ---- files ---------------------------------------------------------------------- */

typedef struct {
    char *bytes; /* with a 0 after the last one */
    size_t length;
} Content;

static Content file_content(int file, const char *name, enum exit_code code) {
    off_t length = lseek(file, 0, SEEK_END);
    if (length < 0 || lseek(file, 0, SEEK_SET) != 0)
        fail(code, "%s: cannot be read", name);
    Content content = {allocated((size_t)length + 1, 1), 0};
    while (content.length < (size_t)length) {
        ssize_t got = read(file, content.bytes + content.length,
                           (size_t)length - content.length);
        if (got <= 0) fail(code, "%s: reading stopped at byte %zu", name,
                           content.length);
        content.length += (size_t)got;
    }
    return content;
}

static void write_all(int file, const char *text, size_t length, const char *name) {
    while (length) {
        ssize_t written = write(file, text, length);
        if (written <= 0)
            fail(EXIT_RESULTS, "%s: cannot be written (no space left?)", name);
        text += written;
        length -= (size_t)written;
    }
}

/* ---- the plan's words ----------------------------------------------------------- */

typedef struct {
    char *at; /* what is not read yet */
    int line; /* of the line read last, from 1 */
    char *rest; /* of that line: words not read yet */
} Words;

static bool next_line(Words *words) {
    if (!*words->at) return false;
    words->rest = words->at;
    char *end = strchr(words->at, '\n');
    if (!end) fail(EXIT_USAGE, "plan line %d does not end", words->line + 1);
    *end = 0;
    words->at = end + 1;
    words->line++;
    return true;
}

static char *word(Words *words, const char *what) {
    char *start = words->rest;
    if (!start || !*start)
        fail(EXIT_USAGE, "plan line %d: expected %s", words->line, what);
    char *end = strchr(start, ' ');
    if (end) *end = 0;
    words->rest = end ? end + 1 : start + strlen(start);
    return start;
}

static void line_ends(Words *words) {
    if (words->rest && *words->rest)
        fail(EXIT_USAGE, "plan line %d: %.40s is too much", words->line, words->rest);
}

static uint64_t whole_number(Words *words, const char *what, uint64_t least,
                             uint64_t most) {
    char *text = word(words, what), *end = NULL;
    bool digits = text[0] >= '0' && text[0] <= '9' && strlen(text) <= 19;
    uint64_t value = digits ? strtoull(text, &end, 10) : 0;
    if (!digits || *end || value < least || value > most)
        fail(EXIT_USAGE, "plan line %d: %s is %.40s; expected %llu..%llu", words->line,
             what, text, (unsigned long long)least, (unsigned long long)most);
    return value;
}

static double number(Words *words, const char *what) {
    char *text = word(words, what), *end = NULL;
    double value = strtod(text, &end);
    if (end == text || *end || !(value - value == 0))
        fail(EXIT_USAGE, "plan line %d: %s is %.40s; expected a number", words->line,
             what, text);
    return value;
}

static int one_of(Words *words, const char *what, const char *const *names, int count) {
    char *text = word(words, what);
    for (int place = 0; place < count; place++) {
        if (!strcmp(text, names[place])) return place;
    }
    fail(EXIT_USAGE, "plan line %d: %s %.40s is unknown", words->line, what, text);
}

/* ---- packed tensors ------------------------------------------------------------- */

enum { HEADER_BYTES = 64 };
static const char MAGIC[8] = "RWTENS1";

/* Images are read one by one: mapped, their pages would count as the runner's memory. */
typedef struct {
    int file;
    size_t each; /* bytes of an image */
} Packed;

static uint64_t little_endian(const uint8_t *bytes) {
    uint64_t value = 0;
    for (int place = 7; place >= 0; place--) value = value << 8 | bytes[place];
    return value;
}

/* A header of 64 bytes: magic (8), dtype, count, bytes of one (8 each), zeros. */
static void check_header(const uint8_t *bytes, uint64_t length, const char *name,
                         enum dtype dtype, uint64_t count, size_t each) {
    if (length < HEADER_BYTES || memcmp(bytes, MAGIC, sizeof MAGIC))
        fail(EXIT_TENSORS, "%s: not a packed tensor file", name);
    uint64_t code = little_endian(bytes + 8), held = little_endian(bytes + 16);
    uint64_t size = little_endian(bytes + 24);
    if (code >= DTYPES || (enum dtype)code != dtype)
        fail(EXIT_TENSORS, "%s: dtype %s; expected %s", name,
             code < DTYPES ? DTYPE_NAMES[code] : "unknown", DTYPE_NAMES[dtype]);
    if (held != count || size != each)
        fail(EXIT_TENSORS, "%s: %llu images of %llu bytes; expected %llu of %zu", name,
             (unsigned long long)held, (unsigned long long)size,
             (unsigned long long)count, each);
    if (!each || count > (UINT64_MAX - HEADER_BYTES) / each ||
        length != HEADER_BYTES + count * each)
        fail(EXIT_TENSORS, "%s: %llu bytes; its header says another number", name,
             (unsigned long long)length);
}

static Packed open_packed(const char *name, enum dtype dtype, uint64_t count,
                          size_t each) {
    uint8_t header[HEADER_BYTES];
    int file = open(name, O_RDONLY | O_CLOEXEC);
    if (file < 0) fail(EXIT_TENSORS, "%s: cannot be opened", name);
    off_t length = lseek(file, 0, SEEK_END);
    bool whole = pread(file, header, sizeof header, 0) == (ssize_t)sizeof header;
    check_header(header, whole ? (uint64_t)length : 0, name, dtype, count, each);
    return (Packed){file, each};
}

static void read_packed(const Packed *packed, uint64_t image, void *memory,
                        const char *name) {
    off_t start = (off_t)(HEADER_BYTES + image * packed->each);
    for (size_t held = 0; held < packed->each;) {
        ssize_t got = pread(packed->file, (char *)memory + held, packed->each - held,
                            start + (off_t)held);
        if (got <= 0)
            fail(EXIT_TENSORS, "%s: image %llu cannot be read", name,
                 (unsigned long long)image);
        held += (size_t)got;
    }
}

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

/* ---- features of a deferral rule: selection/deferral.py -------------------------- */

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

/* ---- the plan ------------------------------------------------------------------- */

typedef struct {
    int file;
    char signature[256]; /* "": the model's only graph */
    char tensors[256];
    enum dtype input_dtype, output_dtype;
    size_t inputs, outputs; /* elements of one image */
    enum score_kind kind;   /* of the outputs */
    float scale; /* 0: outputs are stored as they are */
    int zero_point;
    Packed packed;
    size_t signature_index;
    void *input_memory, *output_memory, *input, *output; /* the last two of LiteRT */
    int64_t first_ns; /* its first inference */
} Net;

typedef struct {
    char name[256];
    void *compiled;
    int64_t load_ns;
    long resident_kb;
} File;

typedef struct {
    uint64_t hash; /* of the plan's text */
    int threads, warm_up, top_k;
    uint64_t cores; /* mask; 0: as the system decides */
    uint64_t images, rounds, least_count, least_ns, probe_every;
    int probe_rung;
    char ids[256], scores[256]; /* scores "": none are kept */
    int files, rungs;
    File file[MOST_FILES];
    Net rung[MOST_RUNGS];
    enum selector selector;
    int steps, ladder[MOST_RUNGS];
    char choices_file[256];
    uint8_t *choices; /* by image: a step of the ladder */
    bool mean;
    enum confidence confidence;
    double thresholds[MOST_RUNGS], temperatures[MOST_RUNGS];
    Rule rules[MOST_RUNGS];
    Net look;
    double price, costs[MOST_RUNGS];
} Plan;

static void copy_name(Words *words, const char *what, char *name, size_t bytes) {
    char *text = word(words, what);
    if (strlen(text) >= bytes || strchr(text, '/'))
        fail(EXIT_USAGE, "plan line %d: %s %.40s: expected a plain file name",
             words->line, what, text);
    strcpy(name, text);
}

static int hex_digit(char letter) {
    if (letter >= '0' && letter <= '9') return letter - '0';
    return letter >= 'A' && letter <= 'F' ? letter - 'A' + 10 : -1;
}

/* "=" and the signature, its odd bytes as %XX. */
static void copy_signature(Words *words, char *name, size_t bytes) {
    char *text = word(words, "a signature");
    if (*text != '=' || strlen(text) > bytes)
        fail(EXIT_USAGE, "plan line %d: %.40s is no signature", words->line, text);
    for (text++; *text; text++, name++) {
        *name = *text;
        if (*text != '%') continue;
        int high = hex_digit(text[1]), low = high < 0 ? -1 : hex_digit(text[2]);
        if (low < 0 || !(high | low))
            fail(EXIT_USAGE, "plan line %d: %.40s is no %%XX", words->line, text);
        *name = (char)(high << 4 | low);
        text += 2;
    }
    *name = 0;
}

static bool of_one_unit(const Net *net) {
    return net->kind == ONE_PROBABILITY || net->kind == ONE_LOGIT;
}

/* One unit is two classes. */
static size_t classes_of(const Net *net) {
    return of_one_unit(net) ? 2 : net->outputs;
}

static void read_net(Words *words, Net *net, int files) {
    net->file = (int)whole_number(words, "a file", 0, (uint64_t)files - 1);
    copy_signature(words, net->signature, sizeof net->signature);
    copy_name(words, "a tensor file", net->tensors, sizeof net->tensors);
    net->input_dtype = (enum dtype)one_of(words, "a dtype", DTYPE_NAMES, DTYPES);
    net->inputs = whole_number(words, "inputs", 1, UINT32_MAX);
    net->output_dtype = (enum dtype)one_of(words, "a dtype", DTYPE_NAMES, DTYPES);
    net->outputs = whole_number(words, "outputs", 1, MOST_CLASSES);
    double scale = number(words, "a scale"), zero = number(words, "a zero point");
    if (!(scale >= 0 && scale < 1e30 && zero >= -32768 && zero <= 32767))
        fail(EXIT_USAGE, "plan line %d: a scale or zero point is out of range",
             words->line);
    net->scale = (float)scale;
    net->zero_point = (int)zero;
    net->kind = PROBABILITIES;
    if (*words->rest)
        net->kind = (enum score_kind)one_of(words, "a kind of scores", SCORE_KIND_NAMES,
                                            SCORE_KINDS);
    if (of_one_unit(net) != (net->outputs == 1))
        fail(EXIT_USAGE, "plan line %d: %zu outputs are no %s", words->line,
             net->outputs, SCORE_KIND_NAMES[net->kind]);
}

static void read_node(Words *words, Tree *tree, int place, int features) {
    Node *node = &tree->nodes[place];
    if (!next_line(words) || strcmp(word(words, "node"), "node"))
        fail(EXIT_USAGE, "plan line %d: expected a node", words->line);
    node->feature = (int)whole_number(words, "a feature", 0, (uint64_t)features) - 1;
    node->threshold = number(words, "a threshold");
    node->left = (int)whole_number(words, "a node", 0, (uint64_t)tree->count - 1);
    node->right = (int)whole_number(words, "a node", 0, (uint64_t)tree->count - 1);
    node->value = number(words, "a value");
    if (node->feature >= 0 && (node->left <= place || node->right <= place))
        fail(EXIT_USAGE, "plan line %d: a node's children come after it", words->line);
    line_ends(words);
}

static void read_tree(Words *words, Tree *tree, int features) {
    if (!next_line(words) || strcmp(word(words, "tree"), "tree"))
        fail(EXIT_USAGE, "plan line %d: expected a tree", words->line);
    tree->count = (int)whole_number(words, "nodes", 1, MOST_NODES);
    tree->nodes = allocated((size_t)tree->count, sizeof *tree->nodes);
    line_ends(words);
    for (int place = 0; place < tree->count; place++)
        read_node(words, tree, place, features);
}

static void read_rule(Words *words, Rule *rule, int features) {
    static const char *const KINDS[] = {"linear", "trees"};
    rule->linear = one_of(words, "a rule", KINDS, 2) == 0;
    rule->intercept = number(words, "an intercept");
    rule->count = (int)whole_number(words, "a count", 0, MOST_NODES);
    if (rule->linear) {
        if (rule->count != features)
            fail(EXIT_USAGE, "plan line %d: %d weights; expected %d", words->line,
                 rule->count, features);
        rule->weights = allocated((size_t)rule->count, sizeof *rule->weights);
        for (int place = 0; place < rule->count; place++)
            rule->weights[place] = number(words, "a weight");
        return;
    }
    line_ends(words);
    rule->trees = allocated((size_t)rule->count, sizeof *rule->trees);
    for (int place = 0; place < rule->count; place++)
        read_tree(words, &rule->trees[place], features);
}

static void numbers(Words *words, const char *what, double *values, int count) {
    for (int place = 0; place < count; place++) values[place] = number(words, what);
}

static void read_ladder(Words *words, Plan *plan) {
    plan->steps = (int)whole_number(words, "rungs", 1, (uint64_t)plan->rungs);
    for (int step = 0; step < plan->steps; step++) {
        plan->ladder[step] =
            (int)whole_number(words, "a rung", 0, (uint64_t)plan->rungs - 1);
        for (int before = 0; before < step; before++) {
            if (plan->ladder[before] == plan->ladder[step])
                fail(EXIT_USAGE, "plan line %d: a rung comes twice", words->line);
        }
    }
}

/* Settings: one word, then one value. */
static bool read_setting(Words *words, Plan *plan, const char *key) {
    const uint64_t most = (uint64_t)1 << 62;
    if (!strcmp(key, "threads"))
        plan->threads = (int)whole_number(words, key, 0, 256);
    else if (!strcmp(key, "cores"))
        plan->cores = whole_number(words, key, 0, most);
    else if (!strcmp(key, "warm-up"))
        plan->warm_up = (int)whole_number(words, key, 0, 1000000);
    else if (!strcmp(key, "images"))
        plan->images = whole_number(words, key, 1, most);
    else if (!strcmp(key, "rounds"))
        plan->rounds = whole_number(words, key, 1, 1000000);
    else if (!strcmp(key, "least-count"))
        plan->least_count = whole_number(words, key, 0, most);
    else if (!strcmp(key, "least-ns"))
        plan->least_ns = whole_number(words, key, 0, most);
    else if (!strcmp(key, "top-k"))
        plan->top_k = (int)whole_number(words, key, 1, MOST_TOP);
    else if (!strcmp(key, "ids"))
        copy_name(words, key, plan->ids, sizeof plan->ids);
    else if (!strcmp(key, "scores"))
        copy_name(words, key, plan->scores, sizeof plan->scores);
    else
        return false;
    return true;
}

static bool read_part(Words *words, Plan *plan, const char *key, int *rules) {
    if (!strcmp(key, "file") && plan->files < MOST_FILES) {
        File *file = &plan->file[plan->files++];
        copy_name(words, key, file->name, sizeof file->name);
    } else if (!strcmp(key, "rung") && plan->rungs < MOST_RUNGS && plan->files) {
        read_net(words, &plan->rung[plan->rungs++], plan->files);
    } else if (!strcmp(key, "probe") && plan->rungs) {
        plan->probe_rung =
            (int)whole_number(words, "a rung", 0, (uint64_t)plan->rungs - 1);
        plan->probe_every = whole_number(words, "a distance", 1, (uint64_t)1 << 62);
    } else if (!strcmp(key, "selector")) {
        plan->selector =
            (enum selector)one_of(words, "a selector", SELECTOR_NAMES, SELECTORS);
    } else if (!strcmp(key, "ladder") && plan->rungs) {
        read_ladder(words, plan);
    } else if (!strcmp(key, "choices")) {
        copy_name(words, key, plan->choices_file, sizeof plan->choices_file);
    } else if (!strcmp(key, "answer")) {
        static const char *const ANSWERS[] = {"last", "mean"};
        plan->mean = one_of(words, "an answer", ANSWERS, 2) == 1;
    } else if (!strcmp(key, "confidence")) {
        plan->confidence = (enum confidence)one_of(words, "a confidence",
                                                   CONFIDENCE_NAMES, CONFIDENCES);
    } else if (!strcmp(key, "thresholds")) {
        numbers(words, "a threshold", plan->thresholds, plan->steps - 1);
    } else if (!strcmp(key, "temperatures")) {
        numbers(words, "a temperature", plan->temperatures, plan->steps - 1);
    } else if (!strcmp(key, "rule") && *rules < plan->steps - 1) {
        int seen = ++*rules;
        read_rule(words, &plan->rules[seen - 1], feature_count(seen, plan->mean));
    } else if (!strcmp(key, "look") && plan->files) {
        read_net(words, &plan->look, plan->files);
    } else if (!strcmp(key, "price")) {
        plan->price = number(words, key);
    } else if (!strcmp(key, "costs")) {
        numbers(words, "a cost", plan->costs, plan->steps);
    } else {
        return false;
    }
    return true;
}

static void check_plan(const Plan *plan, int rules) {
    bool listed = plan->selector == LISTED, learned = plan->selector == LEARNED;
    if (!plan->images || !plan->rungs || !plan->steps || !*plan->ids)
        fail(EXIT_USAGE, "the plan lacks images, ids, rungs or a ladder");
    for (int step = 1; step < plan->steps; step++) {
        if (classes_of(&plan->rung[plan->ladder[step]]) !=
            classes_of(&plan->rung[plan->ladder[0]]))
            fail(EXIT_USAGE, "the rungs differ in their number of classes");
    }
    if (plan->selector == DEFERRAL && rules != plan->steps - 1)
        fail(EXIT_USAGE, "%d rules for %d rungs", rules, plan->steps);
    if (listed != (*plan->choices_file != 0) ||
        learned != (plan->look.outputs == (size_t)plan->steps))
        fail(EXIT_USAGE, "the plan's choices or look do not fit its selector");
    for (int step = 0; step + 1 < plan->steps; step++) {
        if (plan->confidence == CALIBRATED && !(plan->temperatures[step] > 0))
            fail(EXIT_USAGE, "a temperature is not above 0");
    }
    if (plan->selector == FIXED && plan->steps != 1)
        fail(EXIT_USAGE, "fixed takes one rung");
}

static uint64_t fnv1a(const char *bytes, size_t length) {
    uint64_t state = 0xCBF29CE484222325u;
    for (size_t place = 0; place < length; place++)
        state = (state ^ (uint8_t)bytes[place]) * 0x100000001B3u;
    return state;
}

static void read_plan(Plan *plan, char *text, size_t length) {
    Words words = {text, 0, NULL};
    int rules = 0;
    memset(plan, 0, sizeof *plan);
    plan->hash = fnv1a(text, length);
    plan->rounds = 1;
    plan->top_k = 1;
    plan->look.outputs = 0;
    if (strlen(text) != length || !next_line(&words) ||
        strcmp(words.rest, "reswise plan 1"))
        fail(EXIT_USAGE, "not a plan of format 1");
    while (next_line(&words)) {
        const char *key = word(&words, "a key");
        if (!read_setting(&words, plan, key) && !read_part(&words, plan, key, &rules))
            fail(EXIT_USAGE, "plan line %d: %.40s is unknown or out of place",
                 words.line, key);
        line_ends(&words);
    }
    check_plan(plan, rules);
}

/* ---- image ids: one JSON string a line -------------------------------------------- */

typedef struct {
    char **text;
} Ids;

static bool plain_json_string(const char *text) {
    size_t length = strlen(text);
    if (length < 2 || length > LINE_BYTES / 4 || text[0] != '"' ||
        text[length - 1] != '"')
        return false;
    for (size_t place = 1; place + 1 < length; place++) {
        if (text[place] < ' ' || text[place] > '~' || text[place] == '"') return false;
        if (text[place] == '\\' && ++place + 1 >= length) return false;
    }
    return true;
}

static Ids split_ids(char *text, uint64_t images, const char *name) {
    Ids ids = {allocated(images, sizeof *ids.text)};
    for (uint64_t image = 0; image < images; image++) {
        char *end = strchr(text, '\n');
        if (!end)
            fail(EXIT_TENSORS, "%s: %llu ids; expected %llu", name,
                 (unsigned long long)image, (unsigned long long)images);
        *end = 0;
        if (!plain_json_string(text))
            fail(EXIT_TENSORS, "%s: line %llu is no JSON string", name,
                 (unsigned long long)image + 1);
        ids.text[image] = text;
        text = end + 1;
    }
    if (*text) fail(EXIT_TENSORS, "%s: more ids than images", name);
    return ids;
}

static Ids read_ids(const Plan *plan) {
    int file = open(plan->ids, O_RDONLY);
    if (file < 0) fail(EXIT_TENSORS, "%s: cannot be opened", plan->ids);
    Content content = file_content(file, plan->ids, EXIT_TENSORS);
    close(file);
    return split_ids(content.bytes, plan->images, plan->ids);
}

/* ---- LiteRT ---------------------------------------------------------------------- */

typedef int Status;
typedef struct {
    unsigned rank : 7, has_strides : 1;
    int32_t dimensions[8];
    uint32_t strides[8];
} Layout;
typedef struct {
    int element;
    Layout layout;
} Ranked;
typedef struct {
    int type;
    union {
        int64_t integer;
        const void *pointer;
    } value;
} Any;
typedef struct {
    int tag;
    Any value;
} EnvironmentOption;

enum {
    ANY_INTEGER = 2,
    OPTION_ACCELERATORS = 24, /* which are registered */
    OPTION_LOG_SEVERITY = 25,
    CPU = 1,
    ERRORS = 3
};

static struct {
    Status (*CreateEnvironment)(int, const EnvironmentOption *, void **);
    void (*CreateModelFromFile)(void); /* two forms, see load_file */
    Status (*CreateOptions)(void **);
    Status (*SetOptionsHardwareAccelerators)(void *, int);
    Status (*CreateOpaqueOptions)(const char *, void *, void (*)(void *), void **);
    Status (*AddOpaqueOptions)(void *, void *);
    Status (*CreateCompiledModel)(void *, void *, void *, void **);
    Status (*GetNumModelSignatures)(void *, size_t *);
    Status (*GetModelSignature)(void *, size_t, void **);
    Status (*GetSignatureKey)(void *, const char **);
    Status (*GetSignatureSubgraph)(void *, void **);
    Status (*GetNumSubgraphInputs)(void *, size_t *);
    Status (*GetNumSubgraphOutputs)(void *, size_t *);
    Status (*GetSubgraphInput)(void *, size_t, void **);
    Status (*GetSubgraphOutput)(void *, size_t, void **);
    Status (*GetRankedTensorType)(void *, Ranked *);
    Status (*CreateTensorBufferFromHostMemory)(const Ranked *, void *, size_t,
                                               void (*)(void *), void **);
    Status (*RunCompiledModel)(void *, size_t, size_t, void **, size_t, void **);
    bool environment_first; /* of CreateModelFromFile */
    void *environment;
} litert;

static void load_symbol(void *library, const char *name, void *function) {
    char full[96];
    snprintf(full, sizeof full, "LiteRt%s", name);
    void *found = dlsym(library, full);
    if (!found)
        fail(EXIT_LIBRARY, "the library lacks %s; expected LiteRT 2.1.0 to 2.3.0", full);
    memcpy(function, &found, sizeof found);
}

static void load_symbols(void *library) {
#define SYMBOL(name) load_symbol(library, #name, &litert.name)
    SYMBOL(CreateEnvironment);
    SYMBOL(CreateModelFromFile);
    SYMBOL(CreateOptions);
    SYMBOL(SetOptionsHardwareAccelerators);
    SYMBOL(CreateOpaqueOptions);
    SYMBOL(AddOpaqueOptions);
    SYMBOL(CreateCompiledModel);
    SYMBOL(GetNumModelSignatures);
    SYMBOL(GetModelSignature);
    SYMBOL(GetSignatureKey);
    SYMBOL(GetSignatureSubgraph);
    SYMBOL(GetNumSubgraphInputs);
    SYMBOL(GetNumSubgraphOutputs);
    SYMBOL(GetSubgraphInput);
    SYMBOL(GetSubgraphOutput);
    SYMBOL(GetRankedTensorType);
    SYMBOL(CreateTensorBufferFromHostMemory);
    SYMBOL(RunCompiledModel);
#undef SYMBOL
}

static void open_library(const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) fail(EXIT_LIBRARY, "%s", dlerror());
    load_symbols(library);
    /* from 2.1.6 on, which brought this function, models take the environment first */
    litert.environment_first = dlsym(library, "LiteRtCreateModelFromFd") != NULL;
    EnvironmentOption options[2] = {
        {OPTION_ACCELERATORS, {ANY_INTEGER, {.integer = CPU}}},
        {OPTION_LOG_SEVERITY, {ANY_INTEGER, {.integer = ERRORS}}}};
    Status status = litert.CreateEnvironment(2, options, &litert.environment);
    if (status) fail(EXIT_LIBRARY, "LiteRtCreateEnvironment: status %d", status);
}

static void model_step(Status status, const char *file, const char *what) {
    if (status) fail(EXIT_MODEL, "%s: %s: LiteRtStatus %d", file, what, status);
}

static void *open_model(const char *name) {
    typedef Status (*WithEnvironment)(void *, const char *, void **);
    typedef Status (*Plain)(const char *, void **);
    void *model = NULL;
    int file = open(name, O_RDONLY); /* the library says no more than a number */
    if (file < 0) fail(EXIT_MODEL, "%s: cannot be opened", name);
    close(file);
    Status status =
        litert.environment_first
            ? ((WithEnvironment)litert.CreateModelFromFile)(litert.environment, name,
                                                            &model)
            : ((Plain)litert.CreateModelFromFile)(name, &model);
    model_step(status, name, "not a .tflite model");
    return model;
}

static void keep(void *memory) {
    (void)memory; /* LiteRT asks for a function that frees; the text is static */
}

static void *compiled(const char *name, void *model, int threads) {
    static char setting[64];
    void *options = NULL, *xnnpack = NULL, *made = NULL;
    model_step(litert.CreateOptions(&options), name, "options");
    model_step(litert.SetOptionsHardwareAccelerators(options, CPU), name, "CPU");
    if (threads) {
        snprintf(setting, sizeof setting, "num_threads = %d\n", threads);
        model_step(litert.CreateOpaqueOptions("xnnpack", setting, keep, &xnnpack), name,
                   "threads");
        model_step(litert.AddOpaqueOptions(options, xnnpack), name, "threads");
    }
    model_step(litert.CreateCompiledModel(litert.environment, model, options, &made),
               name, "compiling");
    return made;
}

/* kB from /proc/self/status. getrusage would count what ran here before exec. */
static long status_kb(const char *key) {
    char text[4096];
    int file = open("/proc/self/status", O_RDONLY);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (file >= 0) close(file);
    if (length <= 0) return -1;
    text[length] = 0;
    char *found = strstr(text, key);
    return found ? strtol(found + strlen(key), NULL, 10) : -1;
}

static void *load_file(File *file, int threads) {
    int64_t start = now_ns();
    void *model = open_model(file->name);
    file->compiled = compiled(file->name, model, threads);
    file->load_ns = now_ns() - start;
    file->resident_kb = status_kb("VmRSS:");
    return model;
}

static size_t find_signature(void *model, const Net *net, const char *file) {
    size_t count = 0;
    model_step(litert.GetNumModelSignatures(model, &count), file, "signatures");
    for (size_t place = 0; place < count; place++) {
        void *signature = NULL;
        const char *key = "";
        model_step(litert.GetModelSignature(model, place, &signature), file, "signature");
        model_step(litert.GetSignatureKey(signature, &key), file, "signature");
        if (!strcmp(key, net->signature)) return place;
    }
    if (*net->signature)
        fail(EXIT_MODEL, "%s: has no signature %.80s", file, net->signature);
    if (count > 1) fail(EXIT_MODEL, "%s: has %zu signatures; name one", file, count);
    return 0;
}

static void *tensor_buffer(void *tensor, enum dtype dtype, size_t elements,
                           const char *file, void **memory) {
    enum { ALIGNMENT = 64 }; /* LiteRT takes host memory at such places only */
    Ranked type;
    void *buffer = NULL;
    memset(&type, 0, sizeof type);
    model_step(litert.GetRankedTensorType(tensor, &type), file, "tensor");
    size_t count = 1;
    for (unsigned place = 0; place < type.layout.rank && place < 8; place++) {
        if (type.layout.dimensions[place] < 0) type.layout.dimensions[place] = 1;
        count *= (size_t)type.layout.dimensions[place];
    }
    if (type.element != DTYPE_LITERT[dtype] || count != elements)
        fail(EXIT_MODEL, "%s: a tensor has %zu elements of type %d; expected %zu %s",
             file, count, type.element, elements, DTYPE_NAMES[dtype]);
    size_t bytes = elements * DTYPE_BYTES[dtype];
    size_t room = (bytes + 2 * ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (posix_memalign(memory, ALIGNMENT, room)) fail(EXIT_RUN, "out of memory");
    memset(*memory, 0, room);
    model_step(litert.CreateTensorBufferFromHostMemory(&type, *memory, bytes, keep,
                                                       &buffer),
               file, "tensor buffer");
    return buffer;
}

static void load_net(Net *net, void *model, const char *file) {
    void *signature = NULL, *graph = NULL, *tensor = NULL;
    size_t inputs = 0, outputs = 0;
    net->signature_index = find_signature(model, net, file);
    model_step(litert.GetModelSignature(model, net->signature_index, &signature), file,
               "signature");
    model_step(litert.GetSignatureSubgraph(signature, &graph), file, "graph");
    model_step(litert.GetNumSubgraphInputs(graph, &inputs), file, "inputs");
    model_step(litert.GetNumSubgraphOutputs(graph, &outputs), file, "outputs");
    if (inputs != 1 || outputs != 1)
        fail(EXIT_MODEL, "%s: %zu inputs and %zu outputs; expected one of each", file,
             inputs, outputs);
    model_step(litert.GetSubgraphInput(graph, 0, &tensor), file, "input");
    net->input = tensor_buffer(tensor, net->input_dtype, net->inputs, file,
                               &net->input_memory);
    model_step(litert.GetSubgraphOutput(graph, 0, &tensor), file, "output");
    net->output = tensor_buffer(tensor, net->output_dtype, net->outputs, file,
                                &net->output_memory);
}

/* ns of one inference; the copy of the input is not in it. */
static int64_t run_net(Plan *plan, Net *net, uint64_t image) {
    File *file = &plan->file[net->file];
    read_packed(&net->packed, image, net->input_memory, net->tensors);
    int64_t start = now_ns();
    Status status = litert.RunCompiledModel(file->compiled, net->signature_index, 1,
                                            &net->input, 1, &net->output);
    int64_t taken = now_ns() - start;
    if (status) fail(EXIT_RUN, "%s: an inference: LiteRtStatus %d", file->name, status);
    return taken;
}

static int stored_value(const Net *net, size_t place) {
    if (net->output_dtype == UINT8) return ((const uint8_t *)net->output_memory)[place];
    if (net->output_dtype == INT8) return ((const int8_t *)net->output_memory)[place];
    return ((const int16_t *)net->output_memory)[place];
}

/* real = (stored - zero point) x scale, in float32; where scale is 0, what is stored. */
static void read_outputs(const Net *net, float *scores) {
    if (net->output_dtype == FLOAT32) {
        memcpy(scores, net->output_memory, net->outputs * sizeof *scores);
        return;
    }
    float scale = net->scale == 0 ? 1 : net->scale;
    int zero_point = net->scale == 0 ? 0 : net->zero_point;
    for (size_t place = 0; place < net->outputs; place++)
        scores[place] = (float)(stored_value(net, place) - zero_point) * scale;
}

static void softmax(float *scores, size_t classes) {
    double highest_one = scores[0], total = 0;
    for (size_t place = 1; place < classes; place++)
        if (scores[place] > highest_one) highest_one = scores[place];
    for (size_t place = 0; place < classes; place++)
        total += exp(scores[place] - highest_one);
    for (size_t place = 0; place < classes; place++)
        scores[place] = (float)(exp(scores[place] - highest_one) / total);
}

/* scores: room for classes_of(net). */
static void read_scores(const Net *net, float *scores) {
    read_outputs(net, scores);
    if (net->kind == LOGITS) softmax(scores, net->outputs);
    if (!of_one_unit(net)) return;
    double one = scores[0];
    if (net->kind == ONE_LOGIT) one = 1 / (1 + exp(-one));
    one = one < 0 ? 0 : one > 1 ? 1 : one; /* NaN stays, and is refused */
    scores[0] = (float)(1 - one);
    scores[1] = (float)one;
}

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
static bool sure(const Plan *plan, Workspace *work, int seen) {
    const float *mean = plan->mean ? work->mean : NULL;
    double value;
    if (plan->selector == DEFERRAL) {
        double features[MOST_FEATURES];
        rule_features((const float *const *)work->scores, seen, work->classes, mean,
                      features);
        value = squashed(rule_score(&plan->rules[seen - 1], features));
    } else {
        const float *scores = mean ? mean : work->scores[seen - 1];
        value = confidence_of(plan->confidence, scores, work->classes,
                              plan->temperatures[seen - 1]);
    }
    return value >= plan->thresholds[seen - 1];
}

static int dearest_worth(const Plan *plan, const float *chances) {
    int best = 0;
    for (int step = 1; step < plan->steps; step++) {
        double here = (double)chances[step] - plan->price * plan->costs[step];
        double held = (double)chances[best] - plan->price * plan->costs[best];
        if (here > held) best = step;
    }
    return best;
}

static int chosen_step(Plan *plan, Workspace *work, uint64_t image, Climb *climb) {
    if (plan->selector == LISTED) return plan->choices[image];
    if (plan->selector != LEARNED) return 0;
    climb->selector_ns += run_net(plan, &plan->look, image);
    int64_t start = now_ns();
    read_scores(&plan->look, work->chances);
    int step = dearest_worth(plan, work->chances);
    climb->selector_ns += now_ns() - start;
    return step;
}

static void run_step(Plan *plan, Workspace *work, uint64_t image, int step,
                     Climb *climb) {
    Net *net = &plan->rung[plan->ladder[step]];
    climb->rungs[climb->steps] = plan->ladder[step];
    climb->ns[climb->steps] = run_net(plan, net, image);
    int64_t start = now_ns();
    read_scores(net, work->scores[climb->steps]);
    climb->steps++;
    if (plan->mean) add_to_mean(work, climb->steps);
    climb->answer = plan->mean ? work->mean : work->scores[climb->steps - 1];
    climb->selector_ns += now_ns() - start;
}

static void climb_image(Plan *plan, Workspace *work, uint64_t image, Climb *climb) {
    memset(climb, 0, sizeof *climb);
    if (plan->selector != CASCADE && plan->selector != DEFERRAL) {
        run_step(plan, work, image, chosen_step(plan, work, image, climb), climb);
        return;
    }
    bool done = false;
    for (int step = 0; step < plan->steps && !done; step++) {
        run_step(plan, work, image, step, climb);
        if (step + 1 == plan->steps) break;
        int64_t start = now_ns();
        done = sure(plan, work, step + 1);
        climb->selector_ns += now_ns() - start;
    }
}

/* ---- results ---------------------------------------------------------------------- */

typedef struct {
    int file;
    const char *name;
    char text[LINE_BYTES];
    size_t length;
} Line;

__attribute__((format(printf, 2, 3))) static void add(Line *line, const char *format,
                                                      ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t room = sizeof line->text - line->length;
    int written = vsnprintf(line->text + line->length, room, format, arguments);
    va_end(arguments);
    if (written < 0 || (size_t)written >= room)
        fail(EXIT_RESULTS, "%s: a line is too long", line->name);
    line->length += (size_t)written;
}

static void end_line(Line *line) {
    add(line, "}\n");
    write_all(line->file, line->text, line->length, line->name);
    line->length = 0;
}

static int64_t climb_ns(const Climb *climb) {
    int64_t total = climb->selector_ns;
    for (int step = 0; step < climb->steps; step++) total += climb->ns[step];
    return total;
}

static void add_top(Line *line, const Plan *plan, const float *scores, size_t classes) {
    size_t top[MOST_TOP];
    int held = highest(scores, classes, plan->top_k, top);
    if (!held) fail(EXIT_RUN, "all scores of an image are NaN");
    add(line, ",\"top\":[");
    for (int place = 0; place < held; place++)
        add(line, "%s[%zu,%.9g]", place ? "," : "", top[place],
            (double)scores[top[place]]);
    add(line, "]");
}

static void write_image(Line *line, const Plan *plan, const Climb *climb, uint64_t item,
                        const char *id, size_t classes) {
    /* a resumed run reads the numbers up to total_ns; leave their order */
    add(line, "{\"event\":\"image\",\"item\":%llu,\"total_ns\":%lld,\"id\":%s",
        (unsigned long long)item, (long long)climb_ns(climb), id);
    add(line, ",\"rungs\":[");
    for (int step = 0; step < climb->steps; step++)
        add(line, "%s%d", step ? "," : "", climb->rungs[step]);
    add(line, "],\"rung_ns\":[");
    for (int step = 0; step < climb->steps; step++)
        add(line, "%s%lld", step ? "," : "", (long long)climb->ns[step]);
    add(line, "],\"selector_ns\":%lld", (long long)climb->selector_ns);
    add_top(line, plan, climb->answer, classes);
    end_line(line);
}

static void write_start(Line *line, const Plan *plan, uint64_t item) {
    add(line, "{\"event\":\"start\",\"plan\":\"%016llx\",\"item\":%llu",
        (unsigned long long)plan->hash, (unsigned long long)item);
    uint64_t mask = 0;
    cpu_set_t set;
    memset(&set, 0, sizeof set);
    if (sched_getaffinity(0, sizeof set, &set) >= 0) memcpy(&mask, &set, sizeof mask);
    add(line, ",\"cores\":%llu,\"threads\":%d,\"files\":[", (unsigned long long)mask,
        plan->threads);
    for (int place = 0; place < plan->files; place++)
        add(line, "%s{\"load_ns\":%lld,\"resident_kb\":%ld}", place ? "," : "",
            (long long)plan->file[place].load_ns, plan->file[place].resident_kb);
    add(line, "],\"first_ns\":[");
    for (int place = 0; place < plan->rungs; place++)
        add(line, "%s%lld", place ? "," : "", (long long)plan->rung[place].first_ns);
    add(line, "]");
    end_line(line);
}

/* ---- where an ended run goes on ----------------------------------------------------- */

typedef struct {
    uint64_t items; /* whole lines of images */
    uint64_t busy_ns;
    size_t length; /* bytes to keep */
} Progress;

static bool whole_line(const char *start, const char *end) {
    return end - start >= 2 && start[0] == '{' && end[-1] == '}' &&
           !memchr(start, 0, (size_t)(end - start));
}

/* Reads lines up to the first that is not whole, or to `most` images. */
static Progress scan(const char *text, size_t length, const Plan *plan, uint64_t most,
                     const char *name) {
    static const char IMAGE[] = "{\"event\":\"image\",\"item\":";
    static const char TOTAL[] = ",\"total_ns\":";
    char start[64];
    snprintf(start, sizeof start, "{\"event\":\"start\",\"plan\":\"%016llx\"",
             (unsigned long long)plan->hash);
    Progress progress = {0, 0, 0};
    const char *end;
    for (const char *at = text; (end = memchr(at, '\n', (size_t)(text + length - at)));
         at = end + 1) {
        if (!whole_line(at, end)) break;
        if (at == text && strncmp(at, start, strlen(start)))
            fail(EXIT_RESULTS, "%s: results of another plan; delete it", name);
        if (!strncmp(at, IMAGE, strlen(IMAGE))) {
            char *rest;
            if (progress.items == most) break;
            uint64_t item = strtoull(at + strlen(IMAGE), &rest, 10);
            if (item != progress.items || strncmp(rest, TOTAL, strlen(TOTAL)))
                fail(EXIT_RESULTS, "%s: line of item %llu is out of order", name,
                     (unsigned long long)item);
            progress.busy_ns += strtoull(rest + strlen(TOTAL), NULL, 10);
            progress.items++;
        }
        progress.length = (size_t)(end + 1 - text);
    }
    return progress;
}

static int open_results(const char *name) {
    int file = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0)
        fail(EXIT_RESULTS, "%s: cannot be written (read-only folder?)", name);
    if (flock(file, LOCK_EX | LOCK_NB))
        fail(EXIT_BUSY, "%s: another runner writes it", name);
    return file;
}

static void cut(int file, size_t length, const char *name) {
    if (ftruncate(file, (off_t)length) || lseek(file, (off_t)length, SEEK_SET) < 0)
        fail(EXIT_RESULTS, "%s: cannot be cut to %zu bytes", name, length);
}

/* Images whose scores are kept: whole rows of the file. */
static uint64_t whole_rows(int file, size_t row) {
    off_t length = lseek(file, 0, SEEK_END);
    return length < 0 ? 0 : (uint64_t)length / row;
}

static Progress resume(const Plan *plan, int results, const char *name, int scores,
                       size_t row) {
    Content content = file_content(results, name, EXIT_RESULTS);
    uint64_t most = UINT64_MAX;
    if (scores >= 0 && whole_rows(scores, row) < plan->images)
        most = whole_rows(scores, row);
    Progress progress = scan(content.bytes, content.length, plan, most, name);
    free(content.bytes);
    cut(results, progress.length, name);
    if (scores >= 0) {
        uint64_t rows =
            progress.items < plan->images ? progress.items : plan->images;
        cut(scores, rows * row, plan->scores);
    }
    return progress;
}

/* ---- a run -------------------------------------------------------------------------- */

static void set_cores(uint64_t mask) {
    cpu_set_t set;
    if (!mask) return;
    memset(&set, 0, sizeof set);
    memcpy(&set, &mask, sizeof mask);
    if (sched_setaffinity(0, sizeof set, &set))
        fail(EXIT_USAGE, "cores 0x%llx: this device has no such core",
             (unsigned long long)mask);
}

static void pack_net(Net *net, uint64_t images) {
    size_t each = net->inputs * DTYPE_BYTES[net->input_dtype];
    net->packed = open_packed(net->tensors, net->input_dtype, images, each);
}

static void load_nets_of(Plan *plan, int file, void *model) {
    const char *name = plan->file[file].name;
    for (int rung = 0; rung < plan->rungs; rung++) {
        if (plan->rung[rung].file == file) load_net(&plan->rung[rung], model, name);
    }
    if (plan->selector == LEARNED && plan->look.file == file)
        load_net(&plan->look, model, name);
}

static void warm_up(Plan *plan) {
    for (int rung = 0; rung < plan->rungs; rung++) {
        plan->rung[rung].first_ns = run_net(plan, &plan->rung[rung], 0);
        for (int time = 1; time < plan->warm_up; time++)
            run_net(plan, &plan->rung[rung], 0);
    }
    for (int time = 0; plan->selector == LEARNED && time < plan->warm_up; time++)
        run_net(plan, &plan->look, 0);
}

static void read_choices(Plan *plan) {
    const char *name = plan->choices_file;
    Packed packed = open_packed(name, UINT8, plan->images, 1);
    plan->choices = allocated(plan->images, 1);
    for (uint64_t image = 0; image < plan->images; image++) {
        read_packed(&packed, image, &plan->choices[image], name);
        if (plan->choices[image] >= plan->steps)
            fail(EXIT_TENSORS, "%s: a choice is out of range", name);
    }
    close(packed.file);
}

static void load_all(Plan *plan) {
    for (int rung = 0; rung < plan->rungs; rung++)
        pack_net(&plan->rung[rung], plan->images);
    if (plan->selector == LEARNED) pack_net(&plan->look, plan->images);
    if (plan->selector == LISTED) read_choices(plan);
    for (int file = 0; file < plan->files; file++)
        load_nets_of(plan, file, load_file(&plan->file[file], plan->threads));
}

static Workspace make_workspace(const Plan *plan) {
    Workspace work;
    memset(&work, 0, sizeof work);
    work.classes = classes_of(&plan->rung[plan->ladder[0]]);
    for (int step = 0; step < plan->steps; step++)
        work.scores[step] = allocated(work.classes, sizeof(float));
    work.total = allocated(work.classes, sizeof(float));
    work.mean = allocated(work.classes, sizeof(float));
    return work;
}

/* Rounds are run whole, so that every image weighs the same. */
static bool more(const Plan *plan, const Progress *progress) {
    return progress->items % plan->images ||
           progress->items < plan->images * plan->rounds ||
           progress->items < plan->least_count || progress->busy_ns < plan->least_ns;
}

static void probe(Plan *plan, Line *line, uint64_t item) {
    if (!plan->probe_every || item % plan->probe_every) return;
    int64_t taken = run_net(plan, &plan->rung[plan->probe_rung], 0);
    add(line, "{\"event\":\"probe\",\"item\":%llu,\"ns\":%lld", (unsigned long long)item,
        (long long)taken);
    end_line(line);
}

static void run_images(Plan *plan, const Ids *ids, Line *line, int scores,
                       Progress *progress) {
    Workspace work = make_workspace(plan);
    Climb climb;
    while (more(plan, progress)) {
        uint64_t image = progress->items % plan->images;
        probe(plan, line, progress->items);
        climb_image(plan, &work, image, &climb);
        if (scores >= 0 && progress->items < plan->images)
            write_all(scores, (const char *)climb.answer, work.classes * sizeof(float),
                      plan->scores);
        write_image(line, plan, &climb, progress->items, ids->text[image],
                    work.classes);
        progress->busy_ns += (uint64_t)climb_ns(&climb);
        progress->items++;
    }
}

static int open_scores(const Plan *plan) {
    if (!*plan->scores) return -1;
    int file = open(plan->scores, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0) fail(EXIT_RESULTS, "%s: cannot be written", plan->scores);
    return file;
}

static void run_plan(Plan *plan, const char *results, const char *library) {
    static Line line;
    Ids ids = read_ids(plan);
    line.name = results;
    line.file = open_results(results);
    int scores = open_scores(plan);
    size_t row = plan->rung[plan->ladder[0]].outputs * sizeof(float);
    Progress progress = resume(plan, line.file, results, scores, row);
    set_cores(plan->cores);
    open_library(library);
    load_all(plan);
    warm_up(plan);
    write_start(&line, plan, progress.items);
    run_images(plan, &ids, &line, scores, &progress);
    add(&line, "{\"event\":\"done\",\"items\":%llu,\"peak_kb\":%ld",
        (unsigned long long)progress.items, status_kb("VmHWM:"));
    end_line(&line);
}

#ifndef RUNNER_TEST
int main(int count, char **arguments) {
    static Plan plan;
    if (count != 4) fail(EXIT_USAGE, "expected PLAN RESULTS LIBRARY");
    int file = open(arguments[1], O_RDONLY);
    if (file < 0) fail(EXIT_USAGE, "%s: cannot be opened", arguments[1]);
    Content text = file_content(file, arguments[1], EXIT_USAGE);
    close(file);
    read_plan(&plan, text.bytes, text.length);
    run_plan(&plan, arguments[2], arguments[3]);
    _exit(0); /* destructors of the library are slow and of no use */
}
#endif
