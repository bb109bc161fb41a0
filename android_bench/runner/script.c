/* The script that android_bench/script.py writes, and the images' ids. Included by runner.c. */

/* ---- the script ------------------------------------------------------------------- */

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
    uint64_t hash; /* of the script's text */
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
} Script;

static void copy_name(Words *words, const char *what, char *name, size_t bytes) {
    char *text = word(words, what);
    if (strlen(text) >= bytes || strchr(text, '/'))
        fail(EXIT_USAGE, "script line %d: %s %.40s: expected a plain file name",
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
        fail(EXIT_USAGE, "script line %d: %.40s is no signature", words->line, text);
    for (text++; *text; text++, name++) {
        *name = *text;
        if (*text != '%') continue;
        int high = hex_digit(text[1]), low = high < 0 ? -1 : hex_digit(text[2]);
        if (low < 0 || !(high | low))
            fail(EXIT_USAGE, "script line %d: %.40s is no %%XX", words->line, text);
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
        fail(EXIT_USAGE, "script line %d: a scale or zero point is out of range",
             words->line);
    net->scale = (float)scale;
    net->zero_point = (int)zero;
    net->kind = PROBABILITIES;
    if (*words->rest)
        net->kind = (enum score_kind)one_of(words, "a kind of scores", SCORE_KIND_NAMES,
                                            SCORE_KINDS);
    if (of_one_unit(net) != (net->outputs == 1))
        fail(EXIT_USAGE, "script line %d: %zu outputs are no %s", words->line,
             net->outputs, SCORE_KIND_NAMES[net->kind]);
}

static void read_node(Words *words, Tree *tree, int place, int features) {
    Node *node = &tree->nodes[place];
    if (!next_line(words) || strcmp(word(words, "node"), "node"))
        fail(EXIT_USAGE, "script line %d: expected a node", words->line);
    node->feature = (int)whole_number(words, "a feature", 0, (uint64_t)features) - 1;
    node->threshold = number(words, "a threshold");
    node->left = (int)whole_number(words, "a node", 0, (uint64_t)tree->count - 1);
    node->right = (int)whole_number(words, "a node", 0, (uint64_t)tree->count - 1);
    node->value = number(words, "a value");
    if (node->feature >= 0 && (node->left <= place || node->right <= place))
        fail(EXIT_USAGE, "script line %d: a node's children come after it", words->line);
    line_ends(words);
}

static void read_tree(Words *words, Tree *tree, int features) {
    if (!next_line(words) || strcmp(word(words, "tree"), "tree"))
        fail(EXIT_USAGE, "script line %d: expected a tree", words->line);
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
            fail(EXIT_USAGE, "script line %d: %d weights; expected %d", words->line,
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

static void read_ladder(Words *words, Script *script) {
    script->steps = (int)whole_number(words, "rungs", 1, (uint64_t)script->rungs);
    for (int step = 0; step < script->steps; step++) {
        script->ladder[step] =
            (int)whole_number(words, "a rung", 0, (uint64_t)script->rungs - 1);
        for (int before = 0; before < step; before++) {
            if (script->ladder[before] == script->ladder[step])
                fail(EXIT_USAGE, "script line %d: a rung comes twice", words->line);
        }
    }
}

/* Settings: one word, then one value. */
static bool read_setting(Words *words, Script *script, const char *key) {
    const uint64_t most = (uint64_t)1 << 62;
    if (!strcmp(key, "threads"))
        script->threads = (int)whole_number(words, key, 0, 256);
    else if (!strcmp(key, "cores"))
        script->cores = whole_number(words, key, 0, most);
    else if (!strcmp(key, "warm-up"))
        script->warm_up = (int)whole_number(words, key, 0, 1000000);
    else if (!strcmp(key, "images"))
        script->images = whole_number(words, key, 1, most);
    else if (!strcmp(key, "rounds"))
        script->rounds = whole_number(words, key, 1, 1000000);
    else if (!strcmp(key, "least-count"))
        script->least_count = whole_number(words, key, 0, most);
    else if (!strcmp(key, "least-ns"))
        script->least_ns = whole_number(words, key, 0, most);
    else if (!strcmp(key, "top-k"))
        script->top_k = (int)whole_number(words, key, 1, MOST_TOP);
    else if (!strcmp(key, "ids"))
        copy_name(words, key, script->ids, sizeof script->ids);
    else if (!strcmp(key, "scores"))
        copy_name(words, key, script->scores, sizeof script->scores);
    else
        return false;
    return true;
}

static bool read_part(Words *words, Script *script, const char *key, int *rules) {
    if (!strcmp(key, "file") && script->files < MOST_FILES) {
        File *file = &script->file[script->files++];
        copy_name(words, key, file->name, sizeof file->name);
    } else if (!strcmp(key, "rung") && script->rungs < MOST_RUNGS && script->files) {
        read_net(words, &script->rung[script->rungs++], script->files);
    } else if (!strcmp(key, "probe") && script->rungs) {
        script->probe_rung =
            (int)whole_number(words, "a rung", 0, (uint64_t)script->rungs - 1);
        script->probe_every = whole_number(words, "a distance", 1, (uint64_t)1 << 62);
    } else if (!strcmp(key, "selector")) {
        script->selector =
            (enum selector)one_of(words, "a selector", SELECTOR_NAMES, SELECTORS);
    } else if (!strcmp(key, "ladder") && script->rungs) {
        read_ladder(words, script);
    } else if (!strcmp(key, "choices")) {
        copy_name(words, key, script->choices_file, sizeof script->choices_file);
    } else if (!strcmp(key, "answer")) {
        static const char *const ANSWERS[] = {"last", "mean"};
        script->mean = one_of(words, "an answer", ANSWERS, 2) == 1;
    } else if (!strcmp(key, "confidence")) {
        script->confidence = (enum confidence)one_of(words, "a confidence",
                                                   CONFIDENCE_NAMES, CONFIDENCES);
    } else if (!strcmp(key, "thresholds")) {
        numbers(words, "a threshold", script->thresholds, script->steps - 1);
    } else if (!strcmp(key, "temperatures")) {
        numbers(words, "a temperature", script->temperatures, script->steps - 1);
    } else if (!strcmp(key, "rule") && *rules < script->steps - 1) {
        int seen = ++*rules;
        read_rule(words, &script->rules[seen - 1], feature_count(seen, script->mean));
    } else if (!strcmp(key, "look") && script->files) {
        read_net(words, &script->look, script->files);
    } else if (!strcmp(key, "price")) {
        script->price = number(words, key);
    } else if (!strcmp(key, "costs")) {
        numbers(words, "a cost", script->costs, script->steps);
    } else {
        return false;
    }
    return true;
}

static void check_script(const Script *script, int rules) {
    bool listed = script->selector == LISTED, learned = script->selector == LEARNED;
    if (!script->images || !script->rungs || !script->steps || !*script->ids)
        fail(EXIT_USAGE, "the script lacks images, ids, rungs or a ladder");
    for (int step = 1; step < script->steps; step++) {
        if (classes_of(&script->rung[script->ladder[step]]) !=
            classes_of(&script->rung[script->ladder[0]]))
            fail(EXIT_USAGE, "the rungs differ in their number of classes");
    }
    if (script->selector == DEFERRAL && rules != script->steps - 1)
        fail(EXIT_USAGE, "%d rules for %d rungs", rules, script->steps);
    if (listed != (*script->choices_file != 0) ||
        learned != (script->look.outputs == (size_t)script->steps))
        fail(EXIT_USAGE, "the script's choices or look do not fit its selector");
    for (int step = 0; step + 1 < script->steps; step++) {
        if (script->confidence == CALIBRATED && !(script->temperatures[step] > 0))
            fail(EXIT_USAGE, "a temperature is not above 0");
    }
    if (script->selector == FIXED && script->steps != 1)
        fail(EXIT_USAGE, "fixed takes one rung");
}

static uint64_t fnv1a(const char *bytes, size_t length) {
    uint64_t state = 0xCBF29CE484222325u;
    for (size_t place = 0; place < length; place++)
        state = (state ^ (uint8_t)bytes[place]) * 0x100000001B3u;
    return state;
}

static void read_script(Script *script, char *text, size_t length) {
    Words words = {text, 0, NULL};
    int rules = 0;
    memset(script, 0, sizeof *script);
    script->hash = fnv1a(text, length);
    script->rounds = 1;
    script->top_k = 1;
    script->look.outputs = 0;
    if (strlen(text) != length || !next_line(&words) ||
        strcmp(words.rest, "reswise script 1"))
        fail(EXIT_USAGE, "not a script of format 1");
    while (next_line(&words)) {
        const char *key = word(&words, "a key");
        if (!read_setting(&words, script, key) && !read_part(&words, script, key, &rules))
            fail(EXIT_USAGE, "script line %d: %.40s is unknown or out of place",
                 words.line, key);
        line_ends(&words);
    }
    check_script(script, rules);
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

static Ids read_ids(const Script *script) {
    int file = open(script->ids, O_RDONLY);
    if (file < 0) fail(EXIT_TENSORS, "%s: cannot be opened", script->ids);
    Content content = file_content(file, script->ids, EXIT_TENSORS);
    close(file);
    return split_ids(content.bytes, script->images, script->ids);
}
