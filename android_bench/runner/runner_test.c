/* Unit tests of runner.c: cc -std=c11 -g runner_test.c -ldl -lm && ./a.out
 * Expected numbers are worked out by hand beside each.
 */
#define RUNNER_TEST
#include "runner.c"

#include <sys/wait.h>

static int checks, failures;

static void check(bool holds, const char *what, int line) {
    checks++;
    if (holds) return;
    failures++;
    char text[256];
    snprintf(text, sizeof text, "runner_test.c:%d: %s\n", line, what);
    write_all(2, text, strlen(text), "stderr");
}
#define CHECK(condition) check(condition, #condition, __LINE__)

/* The exit code of a step that ends the process, and its line, or -1. */
static int ends_with(void (*step)(const void *), const void *input, char *line,
                     size_t bytes) {
    int ends[2], status = 0;
    if (pipe(ends)) return -1;
    pid_t child = fork();
    if (!child) {
        dup2(ends[1], 2);
        step(input);
        _exit(0);
    }
    close(ends[1]);
    size_t length = 0;
    for (ssize_t got; length + 1 < bytes &&
                      (got = read(ends[0], line + length, bytes - 1 - length)) > 0;)
        length += (size_t)got;
    line[length] = 0;
    close(ends[0]);
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void highest_keeps_the_first_of_equal_ones(void) {
    const float scores[] = {0.1f, 0.4f, 0.4f, 0.05f, 0.05f};
    size_t top[4];
    CHECK(highest(scores, 5, 4, top) == 4);
    CHECK(top[0] == 1 && top[1] == 2 && top[2] == 0 && top[3] == 3);
    CHECK(highest(scores, 2, 4, top) == 2);
    const float none[] = {NAN, NAN};
    CHECK(highest(none, 2, 1, top) == 0);
}

static void confidences_are_those_of_the_formulas(void) {
    const float scores[] = {0.5f, 0.25f, 0.125f, 0.125f};
    CHECK(confidence_of(TOP1, scores, 4, 1) == 0.5);
    CHECK(confidence_of(MARGIN, scores, 4, 1) == 0.25);
    /* entropy of halves is 1.75 bits of at most 2 */
    CHECK(fabs(confidence_of(ENTROPY, scores, 4, 1) - (1 - 1.75 / 2)) < 1e-15);
    /* temperature 1/2 squares: 0.25 / (0.25 + 0.0625 + 2 x 0.015625) = 8 / 11 */
    CHECK(fabs(confidence_of(CALIBRATED, scores, 4, 0.5) - 8.0 / 11) < 1e-15);
    const float over[] = {1.0009765625f, 0};
    CHECK(confidence_of(TOP1, over, 2, 1) == 1);
}

static void outputs_are_read_as_probabilities(void) {
    float given[2] = {0, 0}, scores[2];
    Net net;
    memset(&net, 0, sizeof net);
    net.output_dtype = FLOAT32;
    net.output_memory = given;
    net.outputs = 2;
    given[1] = (float)log(3); /* e^0 : e^log 3 */
    net.kind = LOGITS;
    read_scores(&net, scores);
    CHECK(fabs(scores[0] - 0.25) < 1e-6 && fabs(scores[1] - 0.75) < 1e-6);
    given[0] = 1000, given[1] = 1000; /* no e^1000 */
    read_scores(&net, scores);
    CHECK(scores[0] == 0.5f && scores[1] == 0.5f);
    net.outputs = 1;
    net.kind = ONE_PROBABILITY;
    given[0] = 0.875f;
    read_scores(&net, scores);
    CHECK(scores[0] == 0.125f && scores[1] == 0.875f && classes_of(&net) == 2);
    given[0] = 1.004f; /* a step above 1 */
    read_scores(&net, scores);
    CHECK(scores[0] == 0 && scores[1] == 1);
    net.kind = ONE_LOGIT;
    given[0] = (float)log(3);
    read_scores(&net, scores);
    CHECK(fabs(scores[0] - 0.25) < 1e-6 && fabs(scores[1] - 0.75) < 1e-6);
    given[0] = -1e9f;
    read_scores(&net, scores);
    CHECK(scores[0] == 1 && scores[1] == 0);
}

static void features_are_in_their_order(void) {
    const float low[] = {0.75f, 0.25f, 0}, high[] = {0.125f, 0.875f, 0};
    const float *const scores[] = {low, high};
    double found[MOST_FEATURES];
    CHECK(rule_features(scores, 2, 3, NULL, found) == 14);
    CHECK(feature_count(2, false) == 14 && feature_count(2, true) == 20);
    CHECK(feature_count(1, true) == 6);
    CHECK(found[0] == 0.75 && found[1] == 0.25 && found[2] == 0);
    CHECK(found[3] == sqrt(0.5)); /* the fourth root of 1/4 */
    CHECK(found[4] == 0.5 && found[5] == 0.5);
    CHECK(found[6] == 0.875);
    CHECK(found[12] == 0 && found[13] == 0.125); /* class 0 fell to 0.125 */
    CHECK(squashed(0) == 0.5 && squashed(1) == 0.25 && squashed(-1) == 0.75);
}

static void two_classes_have_no_third(void) {
    const float scores[] = {0.25f, 0.75f};
    double found[FEATURES_A_RUNG];
    sorted_features(scores, 2, found);
    CHECK(found[0] == 0.75 && found[1] == 0.25 && found[2] == 0);
}

static void rules_add_up(void) {
    double weights[] = {2, -1}, features[] = {0.5, 0.25};
    Rule line = {true, 1, 2, weights, NULL};
    CHECK(rule_score(&line, features) == 1.75);
    Node nodes[] = {{1, 0.25, 1, 2, 0}, {-1, 0, 0, 0, 3}, {-1, 0, 0, 0, 5}};
    Tree trees[] = {{3, nodes}, {3, nodes}};
    Rule forest = {false, 0.5, 2, NULL, trees};
    CHECK(rule_score(&forest, features) == 6.5); /* at the threshold: to the left */
    features[1] = 0.25 + 1e-9;                   /* rounds to 0.25f */
    CHECK(rule_score(&forest, features) == 6.5);
    features[1] = 0.26;
    CHECK(rule_score(&forest, features) == 10.5);
}

static void quantised_outputs_are_reals(void) {
    int8_t values[] = {-128, 127};
    Net net = {.output_dtype = INT8, .outputs = 2, .scale = 1 / 256.0f,
               .zero_point = -128, .output_memory = values};
    float scores[2];
    read_scores(&net, scores);
    CHECK(scores[0] == 0 && scores[1] == 255 / 256.0f);
    int16_t wide[] = {-3, 300};
    Net plain = {.output_dtype = INT16, .outputs = 2, .output_memory = wide};
    read_scores(&plain, scores);
    CHECK(scores[0] == -3 && scores[1] == 300);
}

static void learned_takes_the_first_of_equal_worth(void) {
    static Script script;
    script.steps = 3;
    script.price = 0.5;
    script.costs[0] = 0.5, script.costs[1] = 1, script.costs[2] = 1;
    const float chances[] = {0.5f, 0.75f, 0.875f}; /* worth 0.25, 0.25, 0.375 */
    CHECK(dearest_worth(&script, chances) == 2);
    const float equal[] = {0.5f, 0.75f, 0.75f};
    CHECK(dearest_worth(&script, equal) == 0);
}

#define RUNG "file m.tflite\nrung 0 = t.bin float32 4 float32 4 0.0 0\n"
static const char SOUND[] =
    "reswise script 1\nimages 2\nids ids.txt\n" RUNG "selector fixed\nladder 1 0\n";

static void parse(const void *text) {
    static Script script;
    char *copy = strdup(text);
    read_script(&script, copy, strlen(copy));
    _exit(0);
}

static void script_is_read(void) {
    static Script script;
    char text[] = "reswise script 1\nimages 7\nthreads 2\nids ids.txt\n"
                  "file m.tflite\n"
                  "rung 0 =a%20b%25 a.bin int8 4 uint8 4 0.5 3\n"
                  "rung 0 =c b.bin float32 4 float32 4 0.0 0\n"
                  "selector deferral\nladder 2 1 0\nanswer mean\nthresholds 2.0\n"
                  "rule trees 0.25 1\ntree 3\nnode 1 0.5 1 2 0\nnode 0 0 0 0 1\n"
                  "node 0 0 0 0 2.5\n";
    read_script(&script, text, strlen(text));
    CHECK(script.images == 7 && script.threads == 2 && script.rungs == 2);
    CHECK(!strcmp(script.rung[0].signature, "a b%"));
    CHECK(script.rung[0].scale == 0.5f && script.rung[0].zero_point == 3);
    CHECK(script.ladder[0] == 1 && script.ladder[1] == 0 && script.mean);
    CHECK(script.rules[0].trees[0].nodes[2].value == 2.5);
    CHECK(script.rules[0].trees[0].nodes[1].feature == -1);
}

static void malformed_scripts_end_with_one_line(void) {
    static const char *const BAD[] = {
        "", "reswise script 2\n", "reswise script 1", "reswise script 1\n",
        "reswise script 1\nimages 0\n", "reswise script 1\nimages -1\n",
        "reswise script 1\nimages 99999999999999999999\n", "reswise script 1\nimages\n",
        "reswise script 1\nimages 2 3\n", "reswise script 1\nids ../ids.txt\n",
        "reswise script 1\nwhat 1\n", "reswise script 1\n\n",
        "reswise script 1\nimages 2\nids i\nrung 0 = t float32 4 float32 4 0 0\n",
        "reswise script 1\nfile m\nrung 1 = t float32 4 float32 4 0 0\n",
        "reswise script 1\nfile m\nrung 0 x t float32 4 float32 4 0 0\n",
        "reswise script 1\nfile m\nrung 0 =%2 t float32 4 float32 4 0 0\n",
        "reswise script 1\nfile m\nrung 0 =%00 t float32 4 float32 4 0 0\n",
        "reswise script 1\nfile m\nrung 0 = t float64 4 float32 4 0 0\n",
        "reswise script 1\nfile m\nrung 0 = t float32 0 float32 4 0 0\n",
        "reswise script 1\nfile m\nrung 0 = t float32 4 float32 1 0 0\n",
        "reswise script 1\nfile m\nrung 0 = t float32 4 float32 1 0 0 logits\n",
        "reswise script 1\nfile m\nrung 0 = t float32 4 float32 2 0 0 one_logit\n",
        "reswise script 1\nfile m\nrung 0 = t float32 4 float32 2 0 0 odds\n",
        "reswise script 1\nfile m\nrung 0 = t float32 4 float32 4 nan 0\n",
        "reswise script 1\nfile m\nrung 0 = t float32 4 float32 4 -1 0\n",
        "reswise script 1\nfile m\nrung 0 = t float32 4 float32 4 0 1e9\n",
        "reswise script 1\n" RUNG "ladder 2 0 0\n", "reswise script 1\n" RUNG "ladder 1 1\n",
        "reswise script 1\nids i\nimages 1\n" RUNG "selector list\nladder 1 0\n",
        "reswise script 1\nids i\nimages 1\n" RUNG "selector learned\nladder 1 0\n",
        "reswise script 1\nids i\nimages 1\n" RUNG RUNG "selector fixed\nladder 2 0 1\n",
        "reswise script 1\nids i\nimages 1\n" RUNG RUNG "selector deferral\nladder 2 0 1\n",
        "reswise script 1\nids i\nimages 1\n" RUNG RUNG "ladder 2 0 1\nthresholds\n",
        "reswise script 1\n" RUNG RUNG "ladder 2 0 1\nrule linear 0 5 1 1 1 1 1\n",
        "reswise script 1\n" RUNG RUNG "ladder 2 0 1\nrule trees 0 1\ntree 1\n"
        "node 1 0 0 0 0\n",
        "reswise script 1\n" RUNG RUNG "ladder 2 0 1\nrule trees 0 1\ntree 1\n",
        "reswise script 1\n" RUNG RUNG "ladder 2 0 1\nrule trees 0 1\n",
        "reswise script 1\n" RUNG RUNG "ladder 2 0 1\nrule trees 0 1\ntree 1\n"
        "node 9 0 0 0 0\n",
    };
    char line[1200];
    CHECK(ends_with(parse, SOUND, line, sizeof line) == 0);
    for (size_t place = 0; place < sizeof BAD / sizeof *BAD; place++) {
        int code = ends_with(parse, BAD[place], line, sizeof line);
        char *end = strchr(line, '\n');
        bool one_line = !strncmp(line, "runner: ", 8) && end && !end[1];
        check(code == EXIT_USAGE && one_line, BAD[place], __LINE__);
    }
}

/* Every prefix and every changed byte of a script is read, or ends with one line. */
static void no_script_crashes(void) {
    char line[1200], changed[sizeof SOUND];
    for (size_t place = 0; place + 1 < sizeof SOUND; place++) {
        strcpy(changed, SOUND);
        changed[place] = 0;
        int cut_code = ends_with(parse, changed, line, sizeof line);
        strcpy(changed, SOUND);
        changed[place] ^= 0x15;
        int code = ends_with(parse, changed, line, sizeof line);
        CHECK((cut_code == 0 || cut_code == EXIT_USAGE));
        CHECK((code == 0 || code == EXIT_USAGE));
    }
}

static void make_header(uint8_t *bytes, uint64_t code, uint64_t count, uint64_t each) {
    memset(bytes, 0, HEADER_BYTES + 8);
    memcpy(bytes, MAGIC, 8);
    const uint64_t values[] = {code, count, each};
    for (int value = 0; value < 3; value++) {
        for (int place = 0; place < 8; place++)
            bytes[8 + 8 * value + place] = (uint8_t)(values[value] >> 8 * place);
    }
}

typedef struct {
    uint8_t bytes[HEADER_BYTES + 8];
    uint64_t length;
} PackedBytes;

static void unpack(const void *input) {
    const PackedBytes *packed = input;
    check_header(packed->bytes, packed->length, "t.bin", FLOAT32, 2, 4);
}

static void malformed_tensors_end_with_one_line(void) {
    const uint64_t bad[][4] = {
        {9, 2, 4, HEADER_BYTES + 8}, {UINT8, 2, 4, HEADER_BYTES + 8},
        {FLOAT32, 3, 4, HEADER_BYTES + 8}, {FLOAT32, 2, 5, HEADER_BYTES + 8},
        {FLOAT32, 2, 4, HEADER_BYTES + 7}, {FLOAT32, 2, 4, 3},
        {FLOAT32, UINT64_MAX, 4, HEADER_BYTES + 8}, {FLOAT32, 2, 4, HEADER_BYTES}};
    char line[1200];
    PackedBytes packed;
    make_header(packed.bytes, FLOAT32, 2, 4);
    packed.length = HEADER_BYTES + 8;
    CHECK(ends_with(unpack, &packed, line, sizeof line) == 0);
    for (size_t place = 0; place < sizeof bad / sizeof *bad; place++) {
        make_header(packed.bytes, bad[place][0], bad[place][1], bad[place][2]);
        packed.length = bad[place][3];
        CHECK(ends_with(unpack, &packed, line, sizeof line) == EXIT_TENSORS);
        CHECK(strchr(line, '\n') && !strchr(line, '\n')[1]);
    }
    packed.bytes[0] = 'X';
    CHECK(ends_with(unpack, &packed, line, sizeof line) == EXIT_TENSORS);
}

static void ids_are_json_strings(void) {
    CHECK(plain_json_string("\"\"") && plain_json_string("\"a \\\"b\\\\\""));
    CHECK(!plain_json_string("\"") && !plain_json_string("a"));
    CHECK(!plain_json_string("\"a\"b\"") && !plain_json_string("\"a\\\""));
    CHECK(!plain_json_string("\"\t\"") && !plain_json_string("\"\xc3\xa9\""));
    char text[] = "\"a\"\n\"b\"\n";
    Ids ids = split_ids(text, 2, "ids");
    CHECK(!strcmp(ids.text[1], "\"b\""));
    free(ids.text);
}

#define START "{\"event\":\"start\",\"script\":\"00000000000000ff\",\"item\":0}\n"
#define IMAGE(item, ns) "{\"event\":\"image\",\"item\":" #item ",\"total_ns\":" #ns "}\n"
#define PROBE "{\"event\":\"probe\",\"item\":1,\"ns\":5}\n"

static Progress scanned(const char *text, uint64_t most) {
    static Script script;
    script.hash = 255;
    return scan(text, strlen(text), &script, most, "r.jsonl");
}

static void a_cut_line_is_run_again(void) {
    const char whole[] = START IMAGE(0, 100) PROBE IMAGE(1, 20);
    Progress found = scanned(whole, UINT64_MAX);
    CHECK(found.items == 2 && found.busy_ns == 120 && found.length == strlen(whole));
    for (size_t cut_at = 0; cut_at < strlen(whole); cut_at++) {
        char text[sizeof whole];
        memcpy(text, whole, sizeof whole);
        text[cut_at] = 0;
        found = scanned(text, UINT64_MAX);
        bool first = cut_at >= strlen(START IMAGE(0, 100));
        CHECK(found.items == (first ? 1u : 0u) && found.length <= cut_at);
    }
    found = scanned(START "{\"event\":\"image\",\"it" "\n" IMAGE(0, 1), UINT64_MAX);
    CHECK(found.items == 0 && found.length == strlen(START));
    found = scanned(whole, 1); /* the scores of one image only were kept */
    CHECK(found.items == 1 && found.length == strlen(START IMAGE(0, 100) PROBE));
}

static void scan_input(const void *text) {
    scanned(text, UINT64_MAX);
}

static void foreign_results_are_refused(void) {
    static const char *const BAD[] = {
        "{\"event\":\"start\",\"script\":\"00000000000000fe\",\"item\":0}\n",
        START IMAGE(1, 5), START IMAGE(0, 5) IMAGE(0, 5),
        START "{\"event\":\"image\",\"item\":0}\n"};
    char line[1200];
    for (size_t place = 0; place < sizeof BAD / sizeof *BAD; place++)
        CHECK(ends_with(scan_input, BAD[place], line, sizeof line) == EXIT_RESULTS);
}

static void whole_rounds_are_run(void) {
    static Script script;
    script.images = 4, script.rounds = 1, script.least_count = 6, script.least_ns = 50;
    CHECK(more(&script, &(Progress){0, 0, 0}));
    CHECK(more(&script, &(Progress){4, 90, 0}));  /* fewer than 6 */
    CHECK(more(&script, &(Progress){7, 90, 0}));  /* in a round */
    CHECK(more(&script, &(Progress){8, 40, 0}));  /* too short a time */
    CHECK(!more(&script, &(Progress){8, 50, 0}));
}

int main(void) {
    (void)run_script; /* the whole runner is tested from outside */
    highest_keeps_the_first_of_equal_ones();
    outputs_are_read_as_probabilities();
    confidences_are_those_of_the_formulas();
    features_are_in_their_order();
    two_classes_have_no_third();
    rules_add_up();
    quantised_outputs_are_reals();
    learned_takes_the_first_of_equal_worth();
    script_is_read();
    malformed_scripts_end_with_one_line();
    no_script_crashes();
    malformed_tensors_end_with_one_line();
    ids_are_json_strings();
    a_cut_line_is_run_again();
    foreign_results_are_refused();
    whole_rounds_are_run();
    char text[64];
    snprintf(text, sizeof text, "%d checks, %d failures\n", checks, failures);
    write_all(1, text, strlen(text), "stdout");
    return failures != 0;
}
